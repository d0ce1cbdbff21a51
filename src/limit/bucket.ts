/**
 * Token bucket arithmetic, pure: `tokens` per `perMs` flow in, up to `burst` are held, a take costs
 * some. No clock, no table, no names. A bucket is a value; every change makes a new one.
 *
 * Doubles lose the last digit of fractions, so a level counts as enough when it misses the cost by
 * less than a 10^-12th of the burst. The level itself is not rounded up then: nothing is minted.
 */

export interface Plan {
  readonly tokens: number
  readonly perMs: number
  readonly burst: number
}

export interface Bucket {
  readonly plan: Plan
  /** Tokens held at `atMs`. */
  readonly level: number
  readonly atMs: number
}

const minPerMs = 1_000
const maxPerMs = 31 * 86_400_000
const maxNumber = 1e9
const tolerance = 1e-12

/** Whether arithmetic holds for it: 0 < tokens, 0 < burst, 0 <= cost <= burst, 1 s <= per <= 31 d, finite. */
export function isWithinBounds(plan: Plan, cost: number): boolean {
  const { tokens, perMs, burst } = plan
  return (
    [tokens, perMs, burst, cost].every(Number.isFinite) &&
    tokens > 0 &&
    tokens <= maxNumber &&
    perMs >= minPerMs &&
    perMs <= maxPerMs &&
    burst > 0 &&
    burst <= maxNumber &&
    cost >= 0 &&
    cost <= burst
  )
}

export function fullBucket(plan: Plan, nowMs: number): Bucket {
  return { plan: planOnly(plan), level: plan.burst, atMs: nowMs }
}

/**
 * The bucket under the plan that holds from `nowMs` on: what flowed in so far did so under the old
 * plan, and the level stays, clamped to the new burst. With an equal plan it is the same bucket.
 */
export function withPlan(bucket: Bucket, plan: Plan, nowMs: number): Bucket {
  const { tokens, perMs, burst } = bucket.plan
  if (tokens === plan.tokens && perMs === plan.perMs && burst === plan.burst) return bucket
  const level = Math.min(levelAt(bucket, nowMs), plan.burst)
  return { plan: planOnly(plan), level, atMs: nowMs }
}

/** How long until `cost` can be taken, in whole milliseconds rounded up; 0 = now. */
export function waitMs(bucket: Bucket, cost: number, nowMs: number): number {
  const { tokens, perMs, burst } = bucket.plan
  const missing = cost - levelAt(bucket, nowMs)
  if (missing <= burst * tolerance) return 0
  // Half the tolerance stays in hand, so that the same sum done after the wait comes out as enough.
  return Math.max(1, Math.ceil(((missing - (burst * tolerance) / 2) * perMs) / tokens))
}

/** The bucket after taking `cost`, which the caller found to be there. */
export function afterTaking(bucket: Bucket, cost: number, nowMs: number): Bucket {
  return { plan: bucket.plan, level: levelAt(bucket, nowMs) - cost, atMs: nowMs }
}

/** How long until the bucket is full: it then holds nothing that a fresh one would not. */
export function waitUntilFullMs(bucket: Bucket, nowMs: number): number {
  return waitMs(bucket, bucket.plan.burst, nowMs)
}

function levelAt(bucket: Bucket, nowMs: number): number {
  const { tokens, perMs, burst } = bucket.plan
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  return Math.min(burst, bucket.level + (elapsedMs * tokens) / perMs)
}

// A bucket outlives the limit it was made from and must not hold on to the rest of it.
function planOnly(plan: Plan): Plan {
  return { tokens: plan.tokens, perMs: plan.perMs, burst: plan.burst }
}
