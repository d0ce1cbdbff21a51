/**
 * A JWK set (RFC 7517) or a secret to keys that may verify. Pure. A key is used only if kind, size,
 * curve, `alg`, `use` and `key_ops` all allow it; one that is of no use here is left out and named,
 * a document in which a `kid` means two keys is refused whole. Header parameters of a token never
 * bring in a key; certificates inside a JWK (`x5c`) are not looked at.
 */
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { describeThrown } from '../../errors.js'
import { sha256 } from '../../lib/secrets.js'
import { algorithmsOfEd25519, algorithmsOfRsa, algorithmsOfSecret, curveOf } from './algorithms.js'
import { decodeCanonical } from './base64url.js'
import type { VerificationKey, VettedKeys } from './keys.js'
import { rsaWeakness } from './rsa-strength.js'

const maxKeys = 100
const maxKidLength = 256
const ed25519Bytes = 32
/** Members that only a private or a secret key has (RFC 7518 6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

type Members = Readonly<Record<string, unknown>>
type Material = { readonly jwk: JsonWebKey; readonly algorithms: readonly string[] }

/** `document`: what a strict parser made of the text. */
export function vetKeySet(document: unknown): VettedKeys {
  const keys = isObject(document) ? document['keys'] : undefined
  if (!Array.isArray(keys)) return refused('is not a JWK set: it has no list `keys`')
  if (keys.length > maxKeys) return refused(`has ${keys.length} keys, more than ${maxKeys}`)
  const doubled = doubledKid(keys)
  if (doubled !== null) return refused(`has two keys with the kid ${JSON.stringify(doubled)}`)
  const usable: VerificationKey[] = []
  const ignored: { index: number; problem: string }[] = []
  for (const [index, jwk] of keys.entries()) {
    const vetted = vetKey(jwk)
    if (typeof vetted === 'string') ignored.push({ index, problem: vetted })
    else usable.push(vetted)
  }
  if (usable.length > 0) return { ok: true, set: { keys: usable, ignored } }
  const [first] = ignored
  if (first === undefined) return refused('has no keys')
  return refused(`has no usable key; key ${first.index}: ${first.problem}`)
}

/** The bytes of the text in UTF-8 are the secret. */
export function vetSecret(secret: string): VettedKeys {
  const bytes = Buffer.from(secret, 'utf8')
  const algorithms = algorithmsOfSecret(bytes.length)
  if (algorithms.length === 0) return refused(`has ${bytes.length} bytes, fewer than 32`)
  const thumbprint = sha256(bytes).toString('base64url')
  const key = createSecretKey(bytes)
  return { ok: true, set: { keys: [{ kid: null, algorithms, key, thumbprint }], ignored: [] } }
}

function vetKey(jwk: unknown): VerificationKey | string {
  if (!isObject(jwk)) return 'is not an object'
  const kid = jwk['kid']
  if (kid !== undefined && !isKid(kid)) return `its kid is not a text of 1 to ${maxKidLength}`
  const unfit = unfitPurpose(jwk)
  if (unfit !== null) return unfit
  const material = materialOf(jwk)
  if (typeof material === 'string') return material
  const algorithms = pinned(jwk['alg'], material.algorithms)
  if (algorithms.length === 0) return 'its alg is none that a key of its kind is for'
  let key: KeyObject
  try {
    // Also refuses a point that is not on its curve.
    key = createPublicKey({ key: material.jwk, format: 'jwk' })
  } catch (thrown) {
    return `is not a key: ${describeThrown(thrown)}`
  }
  const parts = JSON.stringify([kid ?? null, algorithms, Object.entries(material.jwk)])
  return { kid: kid ?? null, algorithms, key, thumbprint: sha256(parts).toString('base64url') }
}

function unfitPurpose(jwk: Members): string | null {
  if (jwk['kty'] === 'oct') return 'is a secret, which has no place in a set of public keys'
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) {
    return 'has its private half with it, so that anybody may hold it'
  }
  const { use, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return 'its use is not `sig`'
  if (operations === undefined) return null
  // RFC 7517 4.3: a key for several unrelated purposes should not be.
  const isForVerifying =
    Array.isArray(operations) &&
    operations.includes('verify') &&
    operations.every((operation) => operation === 'verify' || operation === 'sign') &&
    new Set(operations).size === operations.length
  return isForVerifying ? null : 'its key_ops are not for verifying'
}

/** Only the members that make the key: nothing else of the document reaches the import. */
function materialOf(jwk: Members): Material | string {
  switch (jwk['kty']) {
    case 'RSA':
      return rsaMaterial(jwk)
    case 'EC':
      return curveMaterial(jwk)
    case 'OKP':
      return edwardsMaterial(jwk)
    default:
      return 'its kty is none of RSA, EC and OKP'
  }
}

function rsaMaterial({ n, e }: Members): Material | string {
  if (typeof n !== 'string' || typeof e !== 'string') return 'its n or e is not a text'
  const modulus = decodeCanonical(n)
  const exponent = decodeCanonical(e)
  if (modulus === null || exponent === null) return 'its n or e is not base64url'
  const weakness = rsaWeakness(modulus, exponent)
  return weakness ?? { jwk: { kty: 'RSA', n, e }, algorithms: algorithmsOfRsa() }
}

function curveMaterial({ crv, x, y }: Members): Material | string {
  const curve = curveOf(crv)
  if (curve === undefined || typeof crv !== 'string')
    return 'its crv is none of P-256, P-384, P-521'
  if (typeof x !== 'string' || typeof y !== 'string') return 'its x or y is not a text'
  const isPoint = [x, y].every((text) => decodeCanonical(text)?.length === curve.bytes)
  if (!isPoint) return `its x or y is not base64url of ${curve.bytes} bytes`
  return { jwk: { kty: 'EC', crv, x, y }, algorithms: [curve.algorithm] }
}

function edwardsMaterial({ crv, x }: Members): Material | string {
  if (crv !== 'Ed25519') return 'its crv is not Ed25519'
  if (typeof x !== 'string' || decodeCanonical(x)?.length !== ed25519Bytes) {
    return `its x is not base64url of ${ed25519Bytes} bytes`
  }
  return { jwk: { kty: 'OKP', crv, x }, algorithms: algorithmsOfEd25519() }
}

function pinned(alg: unknown, possible: readonly string[]): readonly string[] {
  return alg === undefined ? possible : possible.filter((name) => name === alg)
}

/** Among all keys: one that is ignored today must not decide which of two is meant. */
function doubledKid(keys: readonly unknown[]): string | null {
  const seen = new Set<string>()
  for (const jwk of keys) {
    const kid = isObject(jwk) ? jwk['kid'] : undefined
    if (typeof kid !== 'string') continue
    if (seen.has(kid)) return kid.slice(0, maxKidLength)
    seen.add(kid)
  }
  return null
}

function isKid(kid: unknown): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= maxKidLength
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(problem: string): VettedKeys {
  return { ok: false, problem }
}
