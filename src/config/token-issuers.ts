/** Issuers of tokens and authorization servers as the rooms get them. Decides nothing. */

import { resolve } from 'node:path'
import { looksLikeUrl } from './check-token-issuers.js'
import type { CompleteConfigFile } from './complete.js'
import type {
  AuthorizationServerConfig,
  OauthConfig,
  TokenIssuerConfig,
  TokenKeysConfig,
  TokenRevocationConfig,
} from './config.js'
import { durationMs, instantMs } from './times.js'

type TokenIssuer = CompleteConfigFile['identity']['jwt'][number]

/** `folder`: what a file of keys is relative to. */
export function normaliseTokenIssuer(issuer: TokenIssuer, folder: string): TokenIssuerConfig {
  return {
    issuer: issuer.issuer,
    keys: keysOf(issuer, folder),
    algorithms: [...issuer.algorithms],
    audience: [...issuer.audience],
    type: issuer.type,
    leewayMs: durationMs(issuer.leeway),
    jwksMaxAgeMs: durationMs(issuer.jwksMaxAge),
    jwksMaxStaleMs: durationMs(issuer.jwksMaxStale),
    privateAddresses: issuer.privateAddresses,
    claims: { ...issuer.claims },
    revoked: issuer.revoked.map(normaliseRevocation),
  }
}

export function normaliseOauth(
  oauth: CompleteConfigFile['identity']['oauth'],
  folder: string,
): OauthConfig | null {
  if (oauth === null) return null
  const { authorizationServers, scopes } = oauth
  return {
    authorizationServers: authorizationServers.map((one) => normaliseServer(one, folder)),
    scopes: [...scopes],
  }
}

function normaliseServer(server: TokenIssuer, folder: string): AuthorizationServerConfig {
  const issuer = normaliseTokenIssuer(server, folder)
  const { introspection, secret, jwks, discovery } = server
  if (introspection === null) return { ...issuer, introspection }
  const { url, clientId, clientSecret, maxAge } = introspection
  const hasKeys = secret !== null || jwks !== null || discovery === true
  return {
    ...issuer,
    keys: hasKeys ? issuer.keys : null,
    introspection: { url, clientId, clientSecret, maxAgeMs: durationMs(maxAge) },
  }
}

function keysOf(
  { secret, jwks }: Pick<TokenIssuer, 'secret' | 'jwks'>,
  folder: string,
): TokenKeysConfig {
  if (secret !== null) return { from: 'secret', secret }
  if (jwks === null) return { from: 'discovery' }
  if (looksLikeUrl(jwks)) return { from: 'url', url: jwks }
  return { from: 'file', path: resolve(folder, jwks) }
}

function normaliseRevocation({
  jti,
  sub,
  before,
}: TokenIssuer['revoked'][number]): TokenRevocationConfig {
  if (jti !== null) return { jti }
  return { sub, issuedBeforeMs: before === null ? null : instantMs(before) }
}
