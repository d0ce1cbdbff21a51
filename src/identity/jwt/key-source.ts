/**
 * Where an issuer's verification keys come from: a secret, a file, a key server. Types only. A
 * verifier asks for keys by the token's `kid` and, for tokens it remembers, whether the key that
 * verified them still counts; whoever implements it decides how fresh that is.
 */
import type { VerificationKey } from './keys.js'

export interface KeySource {
  /**
   * The keys with exactly this `kid`; with null, of a token that names none, all keys. Empty: there
   * is no such key. A secret, which has no `kid`, is returned for any.
   * Throws or rejects with GuardError GUARD_IDENTITY_UNAVAILABLE while no keys can be had.
   */
  keysFor(
    kid: string | null,
    nowMs: number,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]>
  /**
   * Whether the key of that thumbprint may be relied on now: it is in the current set, and the set
   * is not past its greatest age. Asked for every request that a remembered token serves, so it is a
   * look-up and never waits (it may start a refresh on the side).
   */
  holds(thumbprint: string, nowMs: number): boolean
}
