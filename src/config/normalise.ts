/**
 * A document that passed every check to the Config the rooms get: durations and instants as
 * numbers, paths absolute, all of it frozen. Decides nothing and has no defaults of its own.
 */

import { resolve } from 'node:path'
import type { JsonObject } from '../domain.js'
import { normaliseClientCertificates, normaliseTls } from './certificates.js'
import { upstreamPath } from './check-upstreams.js'
import type { CompleteConfigFile } from './complete.js'
import type { Config, LimitConfig, UpstreamConfig } from './config.js'
import { type Folders, normalisePolicyPlace } from './policy-place.js'
import { durationMs, instantMs } from './times.js'
import { normaliseOauth, normaliseTokenIssuer } from './token-issuers.js'

type ApiKey = CompleteConfigFile['identity']['apiKeys'][number]

import { normaliseCredential } from './upstream-credential.js'

/**
 * `folders`: what the paths of the document are relative to. `inherited`: the part of the gateway's
 * environment that processes of servers may see.
 */
export function normaliseConfig(
  file: CompleteConfigFile,
  folders: Folders,
  inherited: Readonly<Record<string, string>>,
): Config {
  const { listen, admin, policy, identity, sessions, audit, limits, refusals } = file
  return deepFreeze({
    listen: {
      host: listen.host,
      port: listen.port,
      publicUrl: listen.publicUrl?.replace(/\/+$/, '') ?? null,
      allowedHosts: [...listen.allowedHosts],
      allowedOrigins: [...listen.allowedOrigins],
      tls: normaliseTls(listen.tls, folders.audit),
      trustedProxies: [...listen.trustedProxies],
      maxBodyBytes: listen.maxBodyBytes,
      maxDepth: listen.maxDepth,
      maxMembers: listen.maxMembers,
      maxHeaderBytes: listen.maxHeaderBytes,
      maxHeaders: listen.maxHeaders,
      maxConnections: listen.maxConnections,
      headersTimeoutMs: durationMs(listen.headersTimeout),
      bodyTimeoutMs: durationMs(listen.bodyTimeout),
      drainTimeoutMs: durationMs(listen.drainTimeout),
    },
    admin: { host: admin.host, port: admin.port, token: admin.token },
    policy: {
      ...normalisePolicyPlace(policy, folders),
      budget: policy.budget,
      timeZones: [...policy.timeZones],
    },
    catalogue: { maxAgeMs: durationMs(file.catalogue.maxAge) },
    upstreams: Object.entries(file.upstreams).map(([name, upstream]) =>
      normaliseUpstream(name, upstream, { folder: folders.audit, inherited }),
    ),
    identity: {
      apiKeys: identity.apiKeys.map(normaliseApiKey),
      apiKeyFile: identity.apiKeyFile === null ? null : resolve(folders.audit, identity.apiKeyFile),
      jwt: identity.jwt.map((issuer) => normaliseTokenIssuer(issuer, folders.audit)),
      oauth: normaliseOauth(identity.oauth, folders.audit),
      clientCertificates: normaliseClientCertificates(identity.clientCertificates),
      failures: { max: identity.failures.max, perMs: durationMs(identity.failures.per) },
      anonymous: identity.anonymous,
    },
    sessions: { keys: [...sessions.keys] },
    audit: { file: audit.file === '-' ? '-' : resolve(folders.audit, audit.file) },
    limits: { default: limits.default.map(normaliseLimit) },
    refusals: { ...refusals },
  })
}

function normaliseUpstream(
  name: string,
  upstream: CompleteConfigFile['upstreams'][string],
  { folder, inherited }: { folder: string; inherited: Readonly<Record<string, string>> },
): UpstreamConfig {
  const { url, transport, command, cwd, maxChildren, maxLineBytes, maxConnections } = upstream
  const base = {
    name,
    path: upstreamPath(name, upstream.path),
    labels: { ...upstream.labels },
    required: upstream.required,
    timeoutMs: durationMs(upstream.timeout),
  }
  const idleTimeoutMs = durationMs(upstream.idleTimeout)
  if (command !== null) {
    return {
      ...base,
      transport: 'stdio',
      command,
      args: [...upstream.args],
      env: { ...inherited, ...upstream.env },
      cwd: cwd === null ? null : resolve(folder, cwd),
      maxChildren,
      idleTimeoutMs,
      maxLifetimeMs: durationMs(upstream.maxLifetime),
      maxLineBytes,
    }
  }
  const connectTimeoutMs = durationMs(upstream.connectTimeout)
  const credential = normaliseCredential(upstream.credential, url ?? '')
  const http = { ...base, url: url ?? '', credential, connectTimeoutMs, maxConnections }
  return transport === 'http'
    ? { ...http, transport }
    : { ...http, transport, idleTimeoutMs, maxLineBytes }
}

export function normaliseApiKey(key: ApiKey): Config['identity']['apiKeys'][number] {
  return {
    id: key.id,
    sha256: key.sha256.toLowerCase(),
    kind: key.kind,
    roles: [...key.roles],
    groups: [...key.groups],
    scopes: [...key.scopes],
    tenant: key.tenant,
    claims: key.claims as JsonObject,
    expiresAtMs: key.expires === null ? null : instantMs(key.expires),
    notBeforeMs: key.notBefore === null ? null : instantMs(key.notBefore),
    disabled: key.disabled,
  }
}

function normaliseLimit(limit: CompleteConfigFile['limits']['default'][number]): LimitConfig {
  const { name, tokens, per, burst, cost } = limit
  return { name, tokens, perMs: durationMs(per), burst: burst ?? tokens, cost }
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member)
  }
  return Object.freeze(value)
}
