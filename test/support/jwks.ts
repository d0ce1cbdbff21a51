/** Real keys as a JWK set, as an issuer hands them out. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JsonObject } from '../../src/domain.js'

export interface IssuerKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: JsonObject
}

export function makeKey(kid: string): IssuerKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }
  return { kid, privateKey, jwk: jwk as unknown as JsonObject }
}

export function keySet(...keys: readonly IssuerKey[]): { readonly keys: readonly JsonObject[] } {
  return { keys: keys.map(({ jwk }) => jwk) }
}
