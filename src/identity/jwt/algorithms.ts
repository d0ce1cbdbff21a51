/**
 * The JWS algorithms there are here (RFC 7518 3.1, RFC 8037, RFC 9864), by what they need of a key.
 * Secrets and public keys have nothing in common, so that no public key is ever taken for a secret
 * (RFC 8725 2.1). `none` and SHA-1 are no algorithms.
 */

const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const
const edAlgorithms = ['EdDSA', 'Ed25519'] as const

export const publicKeyAlgorithms: readonly string[] = [
  ...rsaAlgorithms,
  'ES256',
  'ES384',
  'ES512',
  ...edAlgorithms,
]

/** Curve → what is signed with it, and the length of a coordinate in bytes. */
const curves: ReadonlyMap<string, { readonly algorithm: string; readonly bytes: number }> = new Map(
  [
    ['P-256', { algorithm: 'ES256', bytes: 32 }],
    ['P-384', { algorithm: 'ES384', bytes: 48 }],
    ['P-521', { algorithm: 'ES512', bytes: 66 }],
  ],
)

/** HMAC algorithm → the least length of a secret: that of the hash (RFC 7518 3.2). */
const secretBytes: ReadonlyMap<string, number> = new Map([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
])

export const secretAlgorithms: readonly string[] = [...secretBytes.keys()]

export function algorithmsOfRsa(): readonly string[] {
  return rsaAlgorithms
}

export function algorithmsOfEd25519(): readonly string[] {
  return edAlgorithms
}

export function curveOf(
  name: unknown,
): { readonly algorithm: string; readonly bytes: number } | undefined {
  return typeof name === 'string' ? curves.get(name) : undefined
}

/** What a secret of so many bytes is long enough for. */
export function algorithmsOfSecret(bytes: number): readonly string[] {
  return secretAlgorithms.filter((name) => bytes >= (secretBytes.get(name) ?? Number.NaN))
}

/** Where an operator names none. A secret is as long as HS256 needs, not longer for certain. */
export function defaultAlgorithms(keysFrom: string): readonly string[] {
  return keysFrom === 'secret' ? ['HS256'] : publicKeyAlgorithms
}
