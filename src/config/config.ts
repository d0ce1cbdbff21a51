/**
 * The configuration as the rooms get it: complete, immutable, every duration in milliseconds, every
 * path absolute, every instant in epoch milliseconds. Types only. What each key means, its unit,
 * bounds, default and security consequence stand in `schemas/config.schema.json`; a Config exists
 * only after all checks of `load.ts` passed.
 */

import type { JsonObject } from '../domain.js'

export interface Config {
  readonly listen: ListenConfig
  readonly admin: AdminConfig
  readonly policy: PolicyConfig
  readonly catalogue: CatalogueConfig
  readonly upstreams: readonly UpstreamConfig[]
  readonly identity: IdentityConfig
  readonly sessions: SessionsConfig
  readonly audit: AuditConfig
  readonly limits: LimitsConfig
  readonly refusals: RefusalsConfig
}

export interface ListenConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Without a trailing slash; null: clients use the listening address. */
  readonly publicUrl: string | null
  /** Lower case, without port; beside the listening address and the host of publicUrl. */
  readonly allowedHosts: readonly string[]
  /** Whole origins, beside those whose host is accepted. */
  readonly allowedOrigins: readonly string[]
  /** null: plain HTTP. */
  readonly tls: TlsConfig | null
  /** Networks, well formed. */
  readonly trustedProxies: readonly string[]
  readonly maxBodyBytes: number
  readonly maxDepth: number
  readonly maxMembers: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  readonly maxConnections: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly drainTimeoutMs: number
}

export interface TlsConfig {
  /** Absolute paths of PEM files. */
  readonly certFile: string
  readonly keyFile: string
  /** null: clients are not asked for certificates. */
  readonly clientCaFile: string | null
  readonly clientCertificateRequired: boolean
}

export interface AdminConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** null: no token is asked for; only possible on a loopback address. */
  readonly token: string | null
}

export interface PolicyConfig {
  /** Absolute path of a folder of Rego sources or of a bundle file, or the URL of a bundle. */
  readonly path: string
  /** null: nobody's signature is asked for. */
  readonly verify: PolicyVerifyConfig | null
  readonly poll: PolicyPollConfig
  /** Absolute path of the folder that is the gateway's own. */
  readonly state: string
  /** Units of work of one evaluation. */
  readonly budget: number
  /** IANA names that this machine knows. */
  readonly timeZones: readonly string[]
}

export interface PolicyVerifyConfig {
  /** PEM of a public key that fits the algorithm. */
  readonly key: string
  readonly algorithm: string
  /** null: any. */
  readonly keyId: string | null
  readonly scope: string
}

export interface PolicyPollConfig {
  readonly intervalMs: number
  /** 0: never. */
  readonly longPollMs: number
  readonly token: string | null
  /** Absolute; null: there is none. Not both this and `token`. */
  readonly tokenFile: string | null
  readonly privateAddresses: boolean
}

export interface CatalogueConfig {
  readonly maxAgeMs: number
}

export type UpstreamConfig = HttpUpstreamConfig | SseUpstreamConfig | StdioUpstreamConfig

export interface UpstreamBase {
  readonly name: string
  /** Path of this server's MCP endpoint on our listener; no two overlap by whole segments. */
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
  /** The gateway is ready only while this server answers. */
  readonly required: boolean
  /** To the first byte of an answer. */
  readonly timeoutMs: number
}

/** The gateway's own credential for a server. */
export type UpstreamCredentialConfig =
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'client-credentials'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scopes: readonly string[]
      /** null: it is not sent. */
      readonly resource: string | null
      readonly privateAddresses: boolean
    }

export interface HttpUpstreamConfig extends UpstreamBase {
  readonly transport: 'http'
  readonly credential: UpstreamCredentialConfig | null
  /** http or https, without credentials and fragment. */
  readonly url: string
  readonly connectTimeoutMs: number
  readonly maxConnections: number
}

export interface SseUpstreamConfig extends UpstreamBase {
  readonly transport: 'sse'
  readonly credential: UpstreamCredentialConfig | null
  readonly url: string
  readonly connectTimeoutMs: number
  readonly maxConnections: number
  readonly idleTimeoutMs: number
  readonly maxLineBytes: number
}

export interface StdioUpstreamConfig extends UpstreamBase {
  readonly transport: 'stdio'
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the process, secrets included. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute; null: that of the gateway. */
  readonly cwd: string | null
  readonly maxChildren: number
  readonly idleTimeoutMs: number
  readonly maxLifetimeMs: number
  readonly maxLineBytes: number
}

export interface IdentityConfig {
  readonly apiKeys: readonly ApiKeyConfig[]
  /** Further keys, read at start and whenever it is saved. Absolute; null: there is none. */
  readonly apiKeyFile: string | null
  readonly jwt: readonly TokenIssuerConfig[]
  /** null: nobody is told where to get a token. Otherwise there is a publicUrl. */
  readonly oauth: OauthConfig | null
  /** null: a certificate identifies nobody. */
  readonly clientCertificates: ClientCertificatesConfig | null
  readonly failures: { readonly max: number; readonly perMs: number }
  readonly anonymous: boolean
}

export interface ClientCertificatesConfig {
  readonly format: 'nginx' | 'haproxy' | 'envoy' | 'traefik' | 'plain' | null
  readonly entries: readonly CertificateEntryConfig[]
  readonly unlisted: 'refuse' | 'uri' | 'dns' | 'email' | 'subject' | 'thumbprint'
}

export interface CertificateEntryConfig {
  readonly match: {
    readonly name: 'uri' | 'dns' | 'email' | 'subject' | 'thumbprint'
    readonly text: string
  }
  readonly id: string
  readonly kind: 'user' | 'service'
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | null
}

export interface TokenIssuerConfig {
  readonly issuer: string
  readonly keys: TokenKeysConfig
  /** Empty: the default for such keys. */
  readonly algorithms: readonly string[]
  readonly audience: readonly string[]
  readonly type: string | null
  readonly leewayMs: number
  readonly jwksMaxAgeMs: number
  readonly jwksMaxStaleMs: number
  readonly privateAddresses: boolean
  /** JSON Pointers; null: nothing is taken. */
  readonly claims: {
    readonly id: string
    readonly roles: string | null
    readonly groups: string | null
    readonly scopes: string
    readonly tenant: string | null
    readonly clientId: string
    readonly actors: string
  }
  readonly revoked: readonly TokenRevocationConfig[]
}

export interface OauthConfig {
  readonly authorizationServers: readonly AuthorizationServerConfig[]
  /** Scope tokens (RFC 6749 3.3). */
  readonly scopes: readonly string[]
}

/** Empty `audience`: the URL of the server that is asked for. */
export interface AuthorizationServerConfig extends Omit<TokenIssuerConfig, 'keys'> {
  /** null: all of its tokens are introspected. */
  readonly keys: TokenKeysConfig | null
  /** At most one server has it. */
  readonly introspection: IntrospectionConfig | null
}

export interface IntrospectionConfig {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly maxAgeMs: number
}

export type TokenKeysConfig =
  | { readonly from: 'secret'; readonly secret: string }
  /** Absolute path. */
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'discovery' }

export type TokenRevocationConfig =
  | { readonly jti: string }
  | { readonly sub: string | null; readonly issuedBeforeMs: number | null }

export interface ApiKeyConfig {
  readonly id: string
  /** 64 lower-case hex digits: SHA-256 of the whole key text, prefix included. */
  readonly sha256: string
  readonly kind: 'user' | 'service'
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | null
  /** `subject.claims`. */
  readonly claims: JsonObject
  /** null: never. */
  readonly expiresAtMs: number | null
  /** null: valid at once. */
  readonly notBeforeMs: number | null
  readonly disabled: boolean
}

export interface SessionsConfig {
  /** The first seals, all open; empty: a random key per process. */
  readonly keys: readonly string[]
}

export interface AuditConfig {
  /** Absolute path, or `-` for standard output. */
  readonly file: string
}

export interface LimitsConfig {
  /** Applies where a decision names no limits; one bucket each per principal. */
  readonly default: readonly LimitConfig[]
}

export interface LimitConfig {
  readonly name: string
  readonly tokens: number
  readonly perMs: number
  readonly burst: number
  readonly cost: number
}

export interface RefusalsConfig {
  readonly deniedCall: 'result' | 'error' | 'http'
  readonly denied: 'error' | 'http'
  readonly limitedCall: 'http' | 'result' | 'error'
  readonly limited: 'http' | 'error'
}
