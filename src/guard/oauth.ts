/**
 * The gateway as a resource server of OAuth, from the configuration: each server is a resource of its
 * own, whose name is the URL under which clients reach it (RFC 8707), and tokens are made out to that
 * name. Composition only.
 */
import type {
  AuthorizationServerConfig,
  Config,
  OauthConfig,
  TokenIssuerConfig,
} from '../config/config.js'
import type { Fetcher } from '../fetcher/fetcher.js'
import type { KeyRing } from '../identity/api-key.js'
import { createIntrospection } from '../identity/introspection.js'
import type { IssuerRules } from '../identity/jwt/rules.js'
import type { TokenVerifier } from '../identity/verifiers.js'
import { keyPrefix } from '../lib/secrets.js'
import { type ProtectedResource, protectedResource } from '../proxy/protected-resource.js'
import { parseJson } from './parse-json.js'

/** Name of the upstream → what clients are told; empty where OAuth is not configured. */
export type ProtectedResources = ReadonlyMap<string, ProtectedResource>

export function protectedResources({
  listen: { publicUrl },
  identity: { oauth },
  upstreams,
}: Pick<Config, 'listen' | 'identity' | 'upstreams'>): ProtectedResources {
  if (publicUrl === null || oauth === null) return new Map()
  const { authorizationServers, scopes } = oauth
  const issuers = authorizationServers.map(({ issuer }) => issuer)
  return new Map(
    upstreams.map(({ name, path }) => [
      name,
      protectedResource({ publicUrl, path, authorizationServers: issuers, scopes }),
    ]),
  )
}

/** Which audiences count: those of the configuration, else the server that is asked for alone. */
export function audiencesOf(
  { audience }: Pick<AuthorizationServerConfig, 'audience'>,
  resources: ProtectedResources,
): IssuerRules['audiences'] {
  if (audience.length > 0) return () => audience
  return (server) => {
    const resource = resources.get(server)?.resource
    return resource === undefined ? [] : [resource]
  }
}

/** Those of the authorization servers whose tokens keys can verify. */
export function keyedServers({ authorizationServers }: OauthConfig): TokenIssuerConfig[] {
  return authorizationServers.flatMap(({ keys, ...server }) =>
    keys === null ? [] : [{ ...server, keys }],
  )
}

/** Null: no authorization server is asked about tokens. */
export function introspectionOf(
  { authorizationServers }: OauthConfig,
  {
    fetcher,
    resources,
    keys,
  }: {
    readonly fetcher: Fetcher
    readonly resources: ProtectedResources
    readonly keys: Pick<KeyRing, 'verify'>
  },
): TokenVerifier | null {
  for (const server of authorizationServers) {
    const { issuer, leewayMs, claims, revoked, privateAddresses, introspection } = server
    if (introspection === null) continue
    const { url, clientId, clientSecret, maxAgeMs } = introspection
    const rules = {
      issuer,
      method: 'oauth',
      audiences: audiencesOf(server, resources),
      leewayMs,
      claims,
      revoked,
      url,
      client: { id: clientId, secret: clientSecret },
      maxAgeMs,
      privateAddresses,
      alsoJwts: server.keys === null,
    } as const
    return createIntrospection(rules, { fetcher, parseJson, isForeign: isApiKey })
  }
  return null

  /** By its form, or because it is one, also where it cannot be used now. */
  function isApiKey(text: string): boolean {
    if (text.startsWith(keyPrefix)) return true
    const known = keys.verify(text, 0)
    return known.ok || known.reason !== 'credential-unknown'
  }
}
