/** An entry of an issuer of tokens as the rooms get it. Decides nothing. */

import { resolve } from 'node:path'
import { looksLikeUrl } from './check-token-issuers.js'
import type { CompleteConfigFile } from './complete.js'
import type { TokenIssuerConfig, TokenKeysConfig, TokenRevocationConfig } from './config.js'
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
