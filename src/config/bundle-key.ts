/**
 * Whether a text is a public key in PEM that fits a signature algorithm of JWS, so that a mistake is
 * found before the first bundle. Pure.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { isPublicKey } from './secrets.js'

/** Those with a public half. */
export const signatureAlgorithms = ['ES', 'RS', 'PS'].flatMap((kind) =>
  ['256', '384', '512'].map((bits) => kind + bits),
)

/** Algorithm of JWS → the curve that it is for (RFC 7518 3.4), by the names OpenSSL has. */
const curves = new Map([
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
])
/** RFC 7518 3.3 and 3.5. */
const leastRsaBits = 2048

/** null: the key is fit. */
export function publicKeyProblem(
  text: string,
  algorithm: string,
): { readonly problem: string; readonly fix: string } | null {
  if (/PRIVATE KEY-----/.test(text)) {
    const fix = 'give the public half, and keep the private key where bundles are built'
    return { problem: 'is a private key', fix }
  }
  const key = publicKey(text)
  const fix = `give a public key for ${algorithm}, beginning with -----BEGIN PUBLIC KEY-----`
  if (key === null) return { problem: 'is no public key in PEM', fix }
  const problem = keyMisfit(key, algorithm)
  return problem === null ? null : { problem, fix }
}

/** A certificate is none: its dates and names would be believed by nobody. */
function publicKey(pem: string): KeyObject | null {
  if (!isPublicKey(pem)) return null
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}

/** Of either half. */
export function keyMisfit(key: KeyObject, algorithm: string): string | null {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const curve = curves.get(algorithm)
  if (curve !== undefined) {
    if (key.asymmetricKeyType === 'ec' && namedCurve === curve) return null
    const kind = namedCurve === '' ? (key.asymmetricKeyType ?? 'unknown') : namedCurve
    return `is a key of the kind ${kind}, and ${algorithm} takes ${curve}`
  }
  if (key.asymmetricKeyType !== 'rsa') {
    return `is a key of the kind ${key.asymmetricKeyType}, and ${algorithm} takes rsa`
  }
  return modulusLength >= leastRsaBits
    ? null
    : `has ${modulusLength} bits, fewer than ${leastRsaBits}`
}
