/**
 * Tokens as an issuer makes them, and as nobody should: header and claims are texts or objects, any
 * of which a test can spell as it likes, signed by node's own crypto and not by the code under test.
 */
import {
  constants,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface TokenParts {
  /** An object, or the JSON text, or bytes. */
  readonly header?: object | string | Uint8Array
  readonly claims?: object | string | Uint8Array
  /** By which it is signed; `none`: the signature is empty. */
  readonly with: SigningKey | KeyObject | { readonly secret: string | Uint8Array } | 'none'
  /** What the signature is made with, whatever the header says. */
  readonly algorithm?: string
}

export function rsaKey(kid: string, modulusLength = 2048): SigningKey {
  return { kid, ...generateKeyPairSync('rsa', { modulusLength }) }
}

export function ecKey(kid: string, namedCurve: string): SigningKey {
  return { kid, ...generateKeyPairSync('ec', { namedCurve }) }
}

export function edKey(kid: string): SigningKey {
  return { kid, ...generateKeyPairSync('ed25519') }
}

/** Public half as a JWK. */
export function jwkOf({ kid, publicKey }: SigningKey, more: object = {}): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), kid, ...more }
}

export function makeToken(parts: TokenParts): string {
  const signer = parts.with
  const header = parts.header ?? { alg: parts.algorithm ?? 'RS256' }
  const algorithm = parts.algorithm ?? algorithmOf(header)
  const input = `${segment(header)}.${segment(parts.claims ?? {})}`
  return `${input}.${signature(input, signer, algorithm).toString('base64url')}`
}

export function segment(part: object | string | Uint8Array): string {
  const bytes = part instanceof Uint8Array || typeof part === 'string' ? part : JSON.stringify(part)
  return Buffer.from(bytes as string).toString('base64url')
}

function algorithmOf(header: object | string | Uint8Array): string {
  const { alg } =
    typeof header === 'string' || header instanceof Uint8Array
      ? (JSON.parse(Buffer.from(header as string).toString()) as { alg?: unknown })
      : (header as { alg?: unknown })
  return typeof alg === 'string' ? alg : 'RS256'
}

export function signature(
  input: string | Uint8Array,
  signer: TokenParts['with'],
  algorithm: string,
): Buffer {
  if (signer === 'none') return Buffer.alloc(0)
  const bits = algorithm.slice(2)
  if ('secret' in signer) return createHmac(`sha${bits}`, signer.secret).update(input).digest()
  const key = 'privateKey' in signer ? signer.privateKey : signer
  const bytes = Buffer.from(input as string)
  if (key.type === 'secret') return createHmac(`sha${bits}`, key).update(bytes).digest()
  switch (key.asymmetricKeyType) {
    case 'ec':
      return signBytes(`sha${bits}`, bytes, { key, dsaEncoding: 'ieee-p1363' })
    case 'ed25519':
      return signBytes(null, bytes, key)
    default:
      return algorithm.startsWith('PS')
        ? signBytes(`sha${bits}`, bytes, {
            key,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          })
        : signBytes(`sha${bits}`, bytes, key)
  }
}
