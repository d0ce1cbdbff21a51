/**
 * The operator's list of tokens that are dead before they expire, by what they say and never by
 * their text, of which one signature can have several (ECDSA). A token that does not say when it was
 * issued counts as issued before any time.
 */
import type { RegisteredClaims } from './claims.js'
import type { Revocation } from './rules.js'

export type IsRevoked = (
  registered: Pick<RegisteredClaims, 'jti' | 'sub' | 'issuedAtMs'>,
) => boolean

const never = Number.NEGATIVE_INFINITY

export function createIsRevoked(revocations: readonly Revocation[]): IsRevoked {
  const ids = new Set<string>()
  /** Subject → tokens issued before this are dead. */
  const cutOffs = new Map<string | null, number>()
  for (const revocation of revocations) {
    if ('jti' in revocation) {
      ids.add(revocation.jti)
      continue
    }
    const { sub, issuedBeforeMs } = revocation
    const before = issuedBeforeMs ?? Number.POSITIVE_INFINITY
    cutOffs.set(sub, Math.max(cutOffs.get(sub) ?? never, before))
  }
  if (revocations.length === 0) return () => false
  return function isRevoked({ jti, sub, issuedAtMs }) {
    if (jti !== null && ids.has(jti)) return true
    const issued = issuedAtMs ?? never
    return issued < cutOffOf(null) || (sub !== null && issued < cutOffOf(sub))
  }

  function cutOffOf(sub: string | null): number {
    return cutOffs.get(sub) ?? never
  }
}
