/**
 * How often callers from one address were wrong lately. Whoever was wrong too often is refused before
 * anything is worked out for it; what costs nothing (a key that is known, a token verified a moment
 * ago) is not its business, so that a neighbour of a guesser goes on.
 *
 * Only what a guesser does counts: a credential that is none, is not ours or is forged. One that has
 * merely expired, and none at all, do not. Of an opaque token that the authorization server does not
 * vouch for, nobody here knows which it was, and each costs a question: ten count as one. An IPv6
 * caller has a whole /64 to come from, so that is one address.
 */
import type { UnidentifiedReason } from '../domain.js'
import { addressGroup } from '../lib/cidr.js'
import type { Refused } from './verifiers.js'

export interface FailureLimits {
  /** Wrong credentials of one address within `perMs`; the next one is not looked at. */
  readonly max: number
  readonly perMs: number
}

export interface Failures {
  /** The refusal of an address that was wrong too often; null: it was not. */
  refusal(address: string, nowMs: number): Refused | null
  /** What an address gets for being refused: the same, or that it was wrong too often. */
  counted(address: string, refused: Refused, nowMs: number): Refused
}

interface Window {
  readonly endsMs: number
  /** In tenths. */
  weight: number
}

/** Windows in memory; the oldest makes room. About 200 bytes each. */
const maxAddresses = 50_000

const guesses: ReadonlySet<UnidentifiedReason> = new Set([
  'credential-malformed',
  'credential-unknown',
  'credential-doubled',
  'token-malformed',
  'token-algorithm',
  'token-issuer',
  'token-audience',
  'token-type',
  'token-key-unknown',
  'token-signature',
  'token-claims',
  'token-revoked',
  'token-unbound',
  'certificate-malformed',
  'certificate-unverified',
  'certificate-unknown',
])

/** In tenths of a wrong credential. */
function weightOf(reason: UnidentifiedReason): number {
  if (reason === 'token-inactive') return 1
  return guesses.has(reason) ? 10 : 0
}

export function createFailures({ max, perMs }: FailureLimits): Failures {
  const windows = new Map<string, Window>()

  function currentOf(address: string, nowMs: number): Window | undefined {
    const group = groupOf(address)
    const window = windows.get(group)
    if (window === undefined || nowMs < window.endsMs) return window
    windows.delete(group)
    return undefined
  }

  function refusal(address: string, nowMs: number): Refused | null {
    const window = currentOf(address, nowMs)
    if (window === undefined || window.weight < max * 10) return null
    return { ok: false, reason: 'failures-limited', retryAfterMs: window.endsMs - nowMs }
  }

  function counted(address: string, refused: Refused, nowMs: number): Refused {
    const weight = weightOf(refused.reason)
    if (address === '' || weight === 0) return refused
    const limited = refusal(address, nowMs)
    if (limited !== null) return limited
    const window = currentOf(address, nowMs)
    if (window !== undefined) {
      window.weight += weight
      return refused
    }
    if (windows.size >= maxAddresses) {
      for (const oldest of windows.keys()) {
        windows.delete(oldest)
        break
      }
    }
    windows.set(groupOf(address), { endsMs: nowMs + perMs, weight })
    return refused
  }

  return { refusal, counted }
}

/** The zone of a link-local address says on which link it is, not who. */
function groupOf(address: string): string {
  return addressGroup(address.replace(/%.*$/, '')) ?? address
}
