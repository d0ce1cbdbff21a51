/**
 * Keys that are loaded from elsewhere and remembered, and when they are loaded again. All of it
 * happens when keys are asked for, nothing by itself: while they are young they are used; from
 * four fifths of `maxAgeMs` on they are loaded again on the side; past it whoever asks waits, so that
 * a key that was withdrawn is dead by then. Where loading fails, the last good ones are used up to
 * `maxStaleMs`, tried again after a pause that doubles; without any, nobody can tell who is calling.
 * A `kid` that is not known loads again, for all who wait at once, and not within 30 s of the last
 * time: whoever makes up names costs no more than that.
 */
import { asGuardError, type GuardError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import type { KeySource } from '../jwt/key-source.js'
import type { KeySet, VerificationKey } from '../jwt/keys.js'

export interface CachedKeysOptions {
  /** Rejects where there are none to be had, or none that may be used. */
  readonly load: () => Promise<KeySet>
  readonly maxAgeMs: number
  /** Not less than `maxAgeMs`. */
  readonly maxStaleMs: number
  readonly clock: Clock
  /** Called with every result, with what it means from now on. */
  readonly loaded: (result: LoadResult) => void
}

export type LoadResult =
  /** `changed`: there were none, or others. */
  | { readonly ok: true; readonly set: KeySet; readonly changed: boolean }
  /** `usableMs`: how long the last good ones are still used; 0: there are none. */
  | { readonly ok: false; readonly error: GuardError; readonly usableMs: number }

export interface CachedKeys extends KeySource {
  /** Loads now; never rejects. */
  refresh(): Promise<void>
}

interface Held {
  readonly set: KeySet
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>
  readonly thumbprints: ReadonlySet<string>
  /** When the request that brought it was sent. */
  readonly askedMs: number
}

const unknownKidFloorMs = 30_000
const firstPauseMs = 1000
const longestPauseMs = 30_000

export function createCachedKeys(options: CachedKeysOptions): CachedKeys {
  const { load, maxAgeMs, maxStaleMs, clock, loaded } = options
  const refreshAgeMs = maxAgeMs * 0.8
  let held: Held | null = null
  let loading: Promise<void> | null = null
  let attemptMs = Number.NEGATIVE_INFINITY
  let error: GuardError | null = null
  let pauseMs = 0
  let pausedUntilMs = Number.NEGATIVE_INFINITY

  async function attempt(): Promise<void> {
    const askedMs = clock.monotonicMs()
    attemptMs = askedMs
    try {
      const set = await load()
      const before = held
      held = hold(set, askedMs)
      error = null
      pauseMs = 0
      loaded({ ok: true, set, changed: before === null || !areSame(before, held) })
    } catch (thrown) {
      error = asGuardError(thrown, 'GUARD_IDENTITY_UNAVAILABLE', 'keys were not loaded')
      const nowMs = clock.monotonicMs()
      pauseMs = pauseMs === 0 ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs)
      pausedUntilMs = nowMs + pauseMs
      loaded({ ok: false, error, usableMs: Math.max(0, maxStaleMs - ageAt(nowMs)) })
    }
  }

  function refresh(): Promise<void> {
    loading ??= attempt().finally(() => {
      loading = null
    })
    return loading
  }

  function ageAt(nowMs: number): number {
    return held === null ? Number.POSITIVE_INFINITY : nowMs - held.askedMs
  }

  function mayTry(nowMs: number): boolean {
    return error === null || nowMs >= pausedUntilMs
  }

  /** What to wait for before the keys are used; null: nothing. */
  function freshen(nowMs: number): Promise<void> | null {
    const ageMs = ageAt(nowMs)
    if (ageMs < refreshAgeMs) return null
    const isUsable = ageMs < (error === null ? maxAgeMs : maxStaleMs)
    if (!isUsable) return loading ?? (mayTry(nowMs) ? refresh() : null)
    if (mayTry(nowMs)) void refresh()
    return null
  }

  function current(): Held {
    const nowMs = clock.monotonicMs()
    if (held !== null && ageAt(nowMs) < maxStaleMs) return held
    throw error ?? asGuardError('not loaded', 'GUARD_IDENTITY_UNAVAILABLE', 'there are no keys')
  }

  function find(kid: string | null): readonly VerificationKey[] | Promise<typeof none> {
    const found = lookUp(kid)
    if (found.length > 0) return found
    const nowMs = clock.monotonicMs()
    const isTooSoon = nowMs - attemptMs < unknownKidFloorMs || !mayTry(nowMs)
    if (loading === null && isTooSoon) return none
    return refresh().then(() => lookUp(kid))
  }

  function lookUp(kid: string | null): readonly VerificationKey[] {
    const { set, byKid } = current()
    return kid === null ? set.keys : (byKid.get(kid) ?? none)
  }

  return {
    refresh,
    keysFor(kid) {
      const wait = freshen(clock.monotonicMs())
      return wait === null ? find(kid) : wait.then(() => find(kid))
    },
    holds(thumbprint) {
      if (held?.thumbprints.has(thumbprint) !== true) return false
      // Who would have to wait asks anew.
      return freshen(clock.monotonicMs()) === null && ageAt(clock.monotonicMs()) < maxStaleMs
    },
  }
}

const none: readonly VerificationKey[] = []

function hold(set: KeySet, askedMs: number): Held {
  const byKid = new Map<string, VerificationKey[]>()
  for (const key of set.keys) {
    if (key.kid === null) continue
    byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key])
  }
  return { set, byKid, thumbprints: new Set(set.keys.map((key) => key.thumbprint)), askedMs }
}

function areSame(one: Held, other: Held): boolean {
  const [some, others] = [one.thumbprints, other.thumbprints]
  return some.size === others.size && [...some].every((thumbprint) => others.has(thumbprint))
}
