/**
 * A JWT's text to its header and claims (RFC 7519, RFC 7515 7.1), unverified. Only the one canonical
 * form passes: three base64url segments, strict JSON without doubled members, so that a token has one
 * text and every parser reads the same in it. Refuses what is not a plain signed token: encryption,
 * compression, nesting, extensions that have to be understood (`crit`, `b64`; RFC 8725 3.2, 3.10).
 * Keys and key addresses in the header (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
 */
import type { Json, JsonObject, UnidentifiedReason } from '../../domain.js'
import { decodeCanonical } from './base64url.js'

/** The strict parse of the gateway; undefined: refused. */
export type ParseJson = (
  bytes: Uint8Array,
  limits: { readonly maxDepth: number; readonly maxMembers: number },
) => Json | undefined

export interface UnverifiedToken {
  readonly algorithm: string
  readonly kid: string | null
  readonly type: string | null
  readonly claims: JsonObject
}

export type ReadToken =
  | { readonly ok: true; readonly token: UnverifiedToken }
  | { readonly ok: false; readonly reason: UnidentifiedReason }

const maxTextLength = 16_384
const maxKidLength = 256
const headerLimits = { maxDepth: 4, maxMembers: 32 }
const claimsLimits = { maxDepth: 12, maxMembers: 2_000 }
/** What makes it another thing than a plain signed token. */
const foreignParameters = ['crit', 'b64', 'zip', 'enc', 'cty']

/**
 * Whether a bearer text is meant as a JWT: its first segment begins with a brace (base64url of `{`
 * and what may follow it).
 */
export function looksLikeToken(text: string): boolean {
  return /^e[w-z0-9_-][^.]*\./.test(text)
}

export function readToken(text: string, parseJson: ParseJson): ReadToken {
  if (text.length > maxTextLength) return malformed
  const [headerText = '', claimsText = '', signatureText = '', ...more] = text.split('.', 4)
  if (more.length > 0) return malformed
  const headerBytes = decodeCanonical(headerText)
  const claimsBytes = decodeCanonical(claimsText)
  if (headerBytes === null || claimsBytes === null) return malformed
  const header = parseObject(headerBytes, headerLimits, parseJson)
  if (header === null || foreignParameters.some((name) => header[name] !== undefined)) {
    return malformed
  }
  const { alg, kid = null, typ = null } = header
  if (typeof alg !== 'string') return { ok: false, reason: 'token-algorithm' }
  if (typ !== null && typeof typ !== 'string') return malformed
  if (kid !== null && !isKid(kid)) return malformed
  const claims = parseObject(claimsBytes, claimsLimits, parseJson)
  if (claims === null) return malformed
  // Of an unsigned token the signature is empty: that it is unsigned says more.
  if (signatureText === '' && alg.toLowerCase() === 'none') {
    return { ok: false, reason: 'token-algorithm' }
  }
  if (decodeCanonical(signatureText) === null) return malformed
  return { ok: true, token: { algorithm: alg, kid, type: typ, claims } }
}

const malformed: ReadToken = { ok: false, reason: 'token-malformed' }

function parseObject(
  bytes: Uint8Array,
  limits: { readonly maxDepth: number; readonly maxMembers: number },
  parseJson: ParseJson,
): JsonObject | null {
  const value = parseJson(bytes, limits)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return mayNameUnsafely(bytes) && hasUnsafeName(value) ? null : value
}

const unsafeName = Buffer.from('__proto__')

/** Spelt out or hidden in escapes; else the members, of which there may be many, are not visited. */
function mayNameUnsafely(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return text.includes(unsafeName) || text.includes('\\')
}

/** `__proto__` as a name has no honest use, and whoever copies members may take it for more. */
function hasUnsafeName(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasUnsafeName)
  return Object.entries(value).some(([name, member]) => {
    return name === '__proto__' || hasUnsafeName(member)
  })
}

function isKid(kid: Json): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= maxKidLength
}
