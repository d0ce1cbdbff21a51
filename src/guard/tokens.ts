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
import { audiencesOf, keyedServers, type ProtectedResources } from './oauth.js'
import { parseJson } from './parse-json.js'

export type KeysOf = (issuer: TokenIssuerConfig) => Promise<KeySource>

/** Rejects with GuardError GUARD_CONFIG_INVALID. */
export async function tokenVerifiers(
  { jwt, oauth }: Pick<IdentityConfig, 'jwt' | 'oauth'>,
  keysOf: KeysOf,
  resources: ProtectedResources,
): Promise<TokenVerifier[]> {
  const plain = jwt.map(async (issuer) => {
    // Which audience it is made out to does not depend on the server that is asked for.
    const audiences = () => issuer.audience
    return issuerRules(issuer, { method: 'jwt', keys: await keysOf(issuer), audiences })
  })
  const servers = (oauth === null ? [] : keyedServers(oauth)).map(async (server) => {
    const audiences = audiencesOf(server, resources)
    return issuerRules(server, { method: 'oauth', keys: await keysOf(server), audiences })
  })
  const issuers = await Promise.all([...plain, ...servers])
  return issuers.length === 0 ? [] : [createJwtVerifier({ issuers, parseJson })]
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
