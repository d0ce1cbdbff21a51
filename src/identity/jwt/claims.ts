/**
 * The registered claims of a token (RFC 7519 4.1): whether it is meant for us, now, and of the right
 * kind. Each has its type and no other; what is wrong is a refusal, never a default. The same
 * questions are asked of a token that is remembered, whose time or audience may be another.
 */
import type { Json, JsonObject, UnidentifiedReason } from '../../domain.js'

export interface RegisteredClaims {
  readonly audiences: readonly string[]
  readonly expiresAtMs: number
  readonly notBeforeMs: number | null
  readonly issuedAtMs: number | null
  readonly jti: string | null
  readonly sub: string | null
  /** Of the certificate that it was given to (RFC 8705 3.1); null: to whoever holds it. */
  readonly thumbprint: string | null
}

export type ReadClaims =
  | { readonly ok: true; readonly registered: RegisteredClaims }
  | { readonly ok: false; readonly reason: UnidentifiedReason }

/** The end of the year 9999: later instants have no usual text. */
const latestSeconds = 253_402_300_799
/** SHA-256 in base64url. */
const thumbprintPattern = /^[A-Za-z0-9_-]{43}$/

export function readRegistered(claims: JsonObject): ReadClaims {
  const audiences = audiencesOf(claims['aud'])
  const expires = timeOf(claims['exp'])
  const notBefore = timeOf(claims['nbf'])
  const issuedAt = timeOf(claims['iat'])
  const jti = textOf(claims['jti'])
  const sub = textOf(claims['sub'])
  const times = [expires, notBefore, issuedAt]
  if (times.includes('wrong') || expires === null) return unusable
  if (audiences === 'wrong' || jti === 'wrong' || sub === 'wrong') return unusable
  const thumbprint = confirmationOf(claims['cnf'])
  if (thumbprint === 'wrong') return { ok: false, reason: 'token-unbound' }
  return {
    ok: true,
    registered: {
      audiences,
      expiresAtMs: Number(expires),
      notBeforeMs: notBefore === null ? null : Number(notBefore),
      issuedAtMs: issuedAt === null ? null : Number(issuedAt),
      jti: jti?.text ?? null,
      sub: sub?.text ?? null,
      thumbprint,
    },
  }
}

const unusable: ReadClaims = { ok: false, reason: 'token-claims' }

/** Written so that a NaN clock refuses. `exp` is sharp: what is over is over. */
export function untimely(
  { expiresAtMs, notBeforeMs, issuedAtMs }: RegisteredClaims,
  nowMs: number,
  leewayMs: number,
): UnidentifiedReason | null {
  if (!(nowMs < expiresAtMs)) return 'credential-expired'
  for (const from of [notBeforeMs, issuedAtMs]) {
    if (from !== null && !(nowMs + leewayMs >= from)) return 'credential-not-yet-valid'
  }
  return null
}

export function isMeantFor({ audiences }: RegisteredClaims, accepted: readonly string[]): boolean {
  return audiences.some((audience) => accepted.includes(audience))
}

/** `type` is required, or with null one that says nothing else than access (RFC 8725 3.11). */
export function isOfType(typ: string | null, type: string | null): boolean {
  const kind = typ?.toLowerCase().replace(/^application\//, '') ?? null
  if (type !== null) return kind === type.toLowerCase().replace(/^application\//, '')
  return kind === null || kind === 'jwt' || kind === 'at+jwt'
}

/** None is empty: then it is meant for nobody. */
function audiencesOf(aud: Json | undefined): readonly string[] | 'wrong' {
  if (aud === undefined) return []
  const texts = Array.isArray(aud) ? aud : [aud]
  return texts.every((text) => typeof text === 'string') ? texts : 'wrong'
}

/** Seconds, also with a fraction (RFC 7519 2), to milliseconds. */
function timeOf(value: Json | undefined): number | null | 'wrong' {
  if (value === undefined) return null
  if (typeof value !== 'number' || !(Math.abs(value) <= latestSeconds)) return 'wrong'
  return Math.floor(value * 1000)
}

function textOf(value: Json | undefined): { readonly text: string } | null | 'wrong' {
  if (value === undefined) return null
  return typeof value === 'string' && value !== '' ? { text: value } : 'wrong'
}

/**
 * A proof that is asked of the holder (RFC 7800): a certificate can be told; any other, such as a
 * key by which each request is signed, cannot, and then nobody is its holder.
 */
function confirmationOf(cnf: Json | undefined): string | null | 'wrong' {
  if (cnf === undefined) return null
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return 'wrong'
  const { 'x5t#S256': thumbprint, ...others } = cnf
  const isOurs = typeof thumbprint === 'string' && thumbprintPattern.test(thumbprint)
  return isOurs && Object.keys(others).length === 0 ? thumbprint : 'wrong'
}
