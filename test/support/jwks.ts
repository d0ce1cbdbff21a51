/** Real keys as a JWK set, as an issuer hands them out. */
import { ecKey, jwkOf, type SigningKey } from './tokens.js'

export interface IssuerKey extends SigningKey {
  readonly jwk: Readonly<Record<string, unknown>>
}

export function makeKey(kid: string): IssuerKey {
  const key = ecKey(kid, 'P-256')
  return { ...key, jwk: jwkOf(key, { use: 'sig', alg: 'ES256' }) }
}

export function keySet(...keys: readonly IssuerKey[]): { readonly keys: readonly unknown[] } {
  return { keys: keys.map(({ jwk }) => jwk) }
}
