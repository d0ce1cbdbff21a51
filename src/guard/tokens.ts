/**
 * The configured issuers of tokens as verifiers. Composition only: which issuer uses which keys, and
 * what it may sign with where the configuration does not say.
 */
import type { IdentityConfig, TokenIssuerConfig } from '../config/config.js'
import { defaultAlgorithms } from '../identity/jwt/algorithms.js'
import type { KeySource } from '../identity/jwt/key-source.js'
import type { IssuerRules } from '../identity/jwt/rules.js'
import { createJwtVerifier } from '../identity/jwt/verifier.js'
import type { TokenVerifier } from '../identity/verifiers.js'
import { parseJson } from './parse-json.js'

export type KeysOf = (issuer: TokenIssuerConfig) => Promise<KeySource>

/** Rejects with GuardError GUARD_CONFIG_INVALID. */
export async function tokenVerifiers(
  { jwt }: Pick<IdentityConfig, 'jwt'>,
  keysOf: KeysOf,
): Promise<TokenVerifier[]> {
  if (jwt.length === 0) return []
  const issuers = await Promise.all(
    jwt.map(async (issuer) => {
      // Which audience it is made out to does not depend on the server that is asked for.
      const audiences = () => issuer.audience
      return issuerRules(issuer, { method: 'jwt', keys: await keysOf(issuer), audiences })
    }),
  )
  return [createJwtVerifier({ issuers, parseJson })]
}

export function issuerRules(
  config: TokenIssuerConfig,
  more: Pick<IssuerRules, 'method' | 'keys' | 'audiences'>,
): IssuerRules {
  const { issuer, algorithms, type, leewayMs, claims, revoked } = config
  return {
    ...more,
    issuer,
    algorithms: algorithms.length > 0 ? algorithms : defaultAlgorithms(config.keys.from),
    type,
    leewayMs,
    claims,
    revoked,
  }
}
