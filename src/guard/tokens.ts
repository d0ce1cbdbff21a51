/**
 * The configured issuers of tokens as verifiers. Composition only: which issuer uses which keys, and
 * what it may sign with where the configuration does not say.
 */
import type { TokenIssuerConfig } from '../config/config.js'
import { defaultAlgorithms } from '../identity/jwt/algorithms.js'
import type { KeySource } from '../identity/jwt/key-source.js'
import type { IssuerRules } from '../identity/jwt/rules.js'
import type { ParseJson } from '../identity/jwt/token.js'
import { parseStrict } from '../mcp/json.js'

/** One reading of JSON, for what callers send and for what is in their tokens. */
export const parseJson: ParseJson = (bytes, limits) => {
  const parsed = parseStrict(bytes, limits)
  return parsed.ok ? parsed.value : undefined
}

export function issuerRules(
  config: TokenIssuerConfig,
  { method, keys, audiences }: Pick<IssuerRules, 'method' | 'keys' | 'audiences'>,
): IssuerRules {
  const { issuer, algorithms, type, leewayMs, claims, revoked } = config
  return {
    issuer,
    method,
    keys,
    algorithms: algorithms.length > 0 ? algorithms : defaultAlgorithms(config.keys.from),
    audiences,
    type,
    leewayMs,
    claims,
    revoked,
  }
}

/** Of plain JWTs: the audiences are those that the configuration names, for every server. */
export function jwtRules(config: TokenIssuerConfig, keys: KeySource): IssuerRules {
  return issuerRules(config, { method: 'jwt', keys, audiences: () => config.audience })
}
