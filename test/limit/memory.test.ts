import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Limit, LimitResult } from '../../src/domain.js'
import { createMemoryLimiter } from '../../src/limit/memory.js'
import { limit, limitStoreContract } from '../contract/limit-store.js'
import { createTestClock } from '../support/clock.js'
import { threadMs } from '../support/thread-time.js'

function createUnderTest(maxKeys = 1_000) {
  const clock = createTestClock()
  const limiter = createMemoryLimiter({ clock, maxKeys })
  function take(...limits: Limit[]): LimitResult {
    const result = limiter.take(limits)
    if (result instanceof Promise) throw new TypeError('memory answers at once')
    return result
  }
  return { clock, limiter, take, forward: clock.forward }
}

limitStoreContract('memory', () => createUnderTest())

test('a table size that is none is a mistake of the program', () => {
  for (const maxKeys of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => createUnderTest(maxKeys),
      (error: unknown) =>
        error instanceof TypeError &&
        error.message === 'maxKeys must be a whole number of at least 1',
    )
  }
})

test('a full table of live buckets refuses new keys with a wait, and resets nobody', () => {
  const { take, forward } = createUnderTest(3)
  for (const key of ['a', 'b', 'c']) {
    for (let count = 0; count < 5; count += 1) assert.is(take(limit({ key: [key] })).ok, true)
  }
  for (let count = 0; count < 100; count += 1) {
    const fresh = take(limit({ key: [`new ${count}`] }))
    assert.equal(fresh, { ok: false, name: 'user', retryAfterMs: 30_000 })
  }
  for (const key of ['a', 'b', 'c']) assert.is(take(limit({ key: [key] })).ok, false)
  forward(29_999)
  assert.is(take(limit({ key: ['d'] })).ok, false)
  forward(1)
  for (const key of ['d', 'e', 'f']) assert.is(take(limit({ key: [key] })).ok, true)
  assert.is(take(limit({ key: ['g'] })).ok, false)
})

test('room for several new keys is found together or not at all', () => {
  const { take } = createUnderTest(3)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => limit({ key: [key] }))
  assert.ok(a && b && c && d)
  assert.is(take(a, b).ok, true)
  assert.is(take(c, d).ok, false)
  assert.is(take(a, c).ok, true)
  assert.is(take(d).ok, false)
  assert.is(take(a, b, c).ok, true)
})

test('a bucket of this very take does not make room for another of it', () => {
  const { take, forward } = createUnderTest(1)
  const [a, c] = ['a', 'c'].map((key) => limit({ key: [key], burst: 1 }))
  assert.ok(a && c)
  assert.is(take(a).ok, true)
  forward(6_000)
  assert.is(take(a, c).ok, false)
  assert.is(take(a).ok, true)
  assert.is(take(a).ok, false)
})

test('what costs nothing takes no room', () => {
  const { take } = createUnderTest(1)
  for (let count = 0; count < 100; count += 1) {
    assert.is(take(limit({ key: [String(count)], cost: 0 })).ok, true)
  }
  assert.is(take(limit()).ok, true)
  assert.is(take(limit({ key: ['b'], cost: 0 })).ok, true)
})

test('many strangers cost bounded time and memory, and idle ones make room', () => {
  const { take, forward } = createUnderTest(10_000)
  let refused = 0
  const startMs = threadMs()
  for (let count = 0; count < 200_000; count += 1) {
    if (count % 20 === 0) forward(1)
    if (!take(limit({ key: [String(count)] })).ok) refused += 1
  }
  assert.ok(threadMs() - startMs < 10_000)
  // 20 strangers a millisecond for 10 s; a bucket is full again after 6 s, room is for 10,000.
  assert.ok(refused > 175_000, String(refused))
  assert.ok(refused < 185_000, String(refused))
})

test('a jump of the wall clock changes nothing', () => {
  const { take, clock } = createUnderTest()
  for (let count = 0; count < 5; count += 1) take(limit())
  for (const jumpMs of [86_400_000, -10 * 86_400_000]) {
    clock.jump(jumpMs)
    assert.equal(take(limit()), { ok: false, name: 'user', retryAfterMs: 6_000 })
  }
})

// ── Against a naive model: exact whole numbers, one bucket after another ────────────────────────

interface Step {
  readonly waitMs: number
  readonly limits: readonly Limit[]
}

/** Levels in 1/420,000 tokens, so that every flow of the periods below is a whole number. */
const unit = 420_000n
const periods = [1_000, 3_000, 7_000, 60_000]

interface ModelBucket {
  level: bigint
  atMs: number
  plan: Limit
}

function createModel() {
  const buckets = new Map<string, ModelBucket>()
  function current(one: Limit, nowMs: number): ModelBucket {
    const held = buckets.get(JSON.stringify(one.key))
    const fresh = { level: BigInt(one.burst) * unit, atMs: nowMs, plan: one }
    if (held === undefined) return fresh
    const flowed =
      (BigInt(nowMs - held.atMs) * BigInt(held.plan.tokens) * unit) / BigInt(held.plan.perMs)
    const level = held.level + flowed
    if (level >= BigInt(held.plan.burst) * unit) return fresh
    return { level: smaller(level, BigInt(one.burst) * unit), atMs: nowMs, plan: one }
  }
  function missing(limits: readonly Limit[], nowMs: number): boolean {
    return limits.some((one) => current(one, nowMs).level < BigInt(one.cost) * unit)
  }
  function take(limits: readonly Limit[], nowMs: number): boolean {
    const ok = !missing(limits, nowMs)
    for (const one of limits) {
      const known = buckets.has(JSON.stringify(one.key))
      const bucket = current(one, nowMs)
      if (ok) bucket.level -= BigInt(one.cost) * unit
      if (ok || known) buckets.set(JSON.stringify(one.key), bucket)
    }
    return ok
  }
  return { take, missing }
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}

const plan = fc
  .record({
    tokens: fc.integer({ min: 1, max: 50 }),
    perMs: fc.constantFrom(...periods),
    burst: fc.integer({ min: 1, max: 12 }),
    cost: fc.integer({ min: 0, max: 5 }),
  })
  .map((numbers) => ({ ...numbers, cost: Math.min(numbers.cost, numbers.burst) }))

const steps = fc.array(plan, { minLength: 1, maxLength: 3 }).chain((plans) => {
  const one = fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...plans))
    .map(([key, numbers]) => limit({ key: [key], ...numbers }))
  const limits = fc.uniqueArray(one, { maxLength: 3, selector: (each) => each.key[0] })
  const waitMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }))
  return fc.array(fc.record({ waitMs, limits }), { minLength: 1, maxLength: 80 })
})

test('property: admits exactly what the model admits, and names exactly its wait', () => {
  const seed = Date.now()
  const reached = { admitted: 0, refused: 0, waitsChecked: 0 }
  fc.assert(
    fc.property(steps, (sequence: Step[]) => {
      const { take, forward, clock } = createUnderTest()
      const model = createModel()
      for (const { waitMs, limits } of sequence) {
        forward(waitMs)
        const nowMs = clock.monotonicMs()
        const result = take(...limits)
        assert.is(result.ok, model.take(limits, nowMs))
        if (result.ok) {
          reached.admitted += 1
          continue
        }
        reached.refused += 1
        assert.ok(Number.isInteger(result.retryAfterMs) && result.retryAfterMs > 0)
        // The model took over the plans above, so a look ahead is a look under these plans.
        assert.is(model.missing(limits, nowMs + result.retryAfterMs), false)
        assert.is(model.missing(limits, nowMs + result.retryAfterMs - 1), true)
        reached.waitsChecked += 1
      }
    }),
    { seed, numRuns: 2_000, includeErrorInReport: true },
  )
  console.log(`seed ${seed}`, reached)
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 1_000, what)
})

test('property: no sequence of fractional costs and tiers admits more than burst and flow', () => {
  const seed = Date.now()
  const fraction = fc.double({ min: 0.001, max: 20, noNaN: true })
  fc.assert(
    fc.property(
      fc.record({ tokens: fraction, burst: fraction, perMs: fc.constantFrom(...periods) }),
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 500 })),
        {
          minLength: 50,
          maxLength: 300,
        },
      ),
      (numbers, moves) => {
        const { take, forward, clock } = createUnderTest()
        let admitted = 0
        for (const [share, waitMs] of moves) {
          forward(waitMs)
          const cost = numbers.burst * share
          if (take(limit({ ...numbers, cost })).ok) admitted += cost
        }
        const flowed = (clock.monotonicMs() * numbers.tokens) / numbers.perMs
        assert.ok(admitted <= (numbers.burst + flowed) * (1 + 1e-9))
      },
    ),
    { seed, numRuns: 500 },
  )
  console.log(`seed ${seed}`)
})

test.run()
