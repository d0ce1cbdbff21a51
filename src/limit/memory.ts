/**
 * Limits in this process' memory. All limits of a message are taken together or none is.
 *
 * The table is bounded. A bucket that is full again counts as absent, also under a larger burst, so
 * that evicting it changes nothing; a live one is never evicted, since that would give its caller a
 * new burst. A table full of live buckets refuses callers without one. Everything happens in one
 * synchronous step, so parallel takes are in order.
 */
import type { Limit, Limiter, LimitResult } from '../domain.js'
import type { Clock } from '../lib/clock.js'
import { sha256 } from '../lib/secrets.js'
import {
  afterTaking,
  type Bucket,
  fullBucket,
  isWithinBounds,
  waitMs,
  waitUntilFullMs,
  withPlan,
} from './bucket.js'

export interface MemoryLimiterOptions {
  readonly clock: Clock
  /** Buckets held at most, at least 1; about 300 bytes each. More callers than this are refused. */
  readonly maxKeys: number
}

interface Charge {
  readonly key: string
  readonly limit: Limit
}

/** What a limit that can never be taken says; the decision parser lets none through. */
const neverMs = 60_000
const maxKeyCharacters = 128
const lookedAtPerTake = 4
const lookedAtWhenFull = 64

export function createMemoryLimiter(options: MemoryLimiterOptions): Limiter {
  const { clock, maxKeys } = options
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1) {
    throw new TypeError('maxKeys must be a whole number of at least 1')
  }
  const table = new Map<string, Bucket>()
  // Goes round the table for ever: each take looks at a few entries, so work per take is bounded.
  let round = table.entries()

  function take(limits: readonly Limit[]): LimitResult {
    const charges = limits.map((limit) => ({ key: bucketKey(limit), limit }))
    const invalid = charges.find((charge, index) => !isTakeable(charge, charges.slice(0, index)))
    if (invalid !== undefined) return refusal(invalid.limit, neverMs)
    const nowMs = clock.monotonicMs()
    return longestWait(charges, nowMs) ?? withoutRoom(charges, nowMs) ?? charge(charges, nowMs)
  }

  function longestWait(charges: readonly Charge[], nowMs: number): LimitResult | null {
    let longest: { limit: Limit; ms: number } | null = null
    for (const { key, limit } of charges) {
      const held = liveBucket(key, nowMs)
      if (held === undefined) continue
      const bucket = withPlan(held, limit, nowMs)
      // Also on a refusal: the promised wait is reckoned under the new plan.
      if (bucket !== held) table.set(key, bucket)
      const ms = waitMs(bucket, limit.cost, nowMs)
      if (ms > (longest?.ms ?? 0)) longest = { limit, ms }
    }
    return longest === null ? null : refusal(longest.limit, longest.ms)
  }

  function liveBucket(key: string, nowMs: number): Bucket | undefined {
    const held = table.get(key)
    return held === undefined || waitUntilFullMs(held, nowMs) === 0 ? undefined : held
  }

  function charge(charges: readonly Charge[], nowMs: number): LimitResult {
    for (const { key, limit } of charges) {
      if (limit.cost === 0) continue
      const bucket = liveBucket(key, nowMs) ?? fullBucket(limit, nowMs)
      table.set(key, afterTaking(bucket, limit.cost, nowMs))
    }
    return { ok: true }
  }

  function withoutRoom(charges: readonly Charge[], nowMs: number): LimitResult | null {
    const keys = new Set(charges.map(({ key }) => key))
    const fresh = charges.filter(({ key, limit }) => limit.cost > 0 && !table.has(key))
    const [first] = fresh
    if (first === undefined) return null
    evict(lookedAtPerTake, nowMs, keys, 0)
    const room = maxKeys - fresh.length
    if (table.size <= room) return null
    const freeInMs = evict(Math.min(lookedAtWhenFull, table.size), nowMs, keys, room)
    return table.size <= room ? null : refusal(first.limit, freeInMs)
  }

  /** Looks at `count` entries or until `room` is reached; returns how long until one is full. */
  function evict(count: number, nowMs: number, keep: ReadonlySet<string>, room: number): number {
    let freeInMs = neverMs
    for (let looked = 0; looked < count && table.size > room; looked += 1) {
      let next = round.next()
      if (next.done === true) {
        round = table.entries()
        next = round.next()
        if (next.done === true) break
      }
      const [key, bucket] = next.value
      const leftMs = waitUntilFullMs(bucket, nowMs)
      if (leftMs === 0 && !keep.has(key)) table.delete(key)
      else if (leftMs > 0) freeInMs = Math.min(freeInMs, leftMs)
    }
    return freeInMs
  }

  return { take }
}

function isTakeable(charge: Charge, before: readonly Charge[]): boolean {
  const { limit, key } = charge
  return isWithinBounds(limit, limit.cost) && before.every((other) => other.key !== key)
}

function refusal(limit: Limit, retryAfterMs: number): LimitResult {
  return { ok: false, name: limit.name, retryAfterMs }
}

// Each part is length-prefixed, so no choice of parts names another's bucket. Long ones are
// digested, so that an entry's size is bounded; `#` cannot start a length.
function bucketKey(limit: Limit): string {
  let text = `${limit.name.length}:${limit.name}`
  for (const part of limit.key) text += `,${part.length}:${part}`
  return text.length <= maxKeyCharacters ? text : `#${sha256(text).toString('base64url')}`
}
