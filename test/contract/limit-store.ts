/**
 * What every Limiter must do, whatever it keeps its buckets in. A store's test calls this with a
 * way to make an empty limiter and to move its time; each test gets a fresh one.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Limit, Limiter } from '../../src/domain.js'

export interface LimiterUnderTest {
  readonly limiter: Limiter
  /** Lets that much time pass for the limiter. */
  forward(ms: number): void | Promise<void>
  close?(): void | Promise<void>
}

export function limit(more: Partial<Limit> = {}): Limit {
  const defaults = { name: 'user', tier: 't', key: ['alice'], cost: 1, tokens: 10, perMs: 60_000 }
  return { ...defaults, burst: 5, ...more }
}

/** Registers and runs the suite. */
export function limitStoreContract(
  name: string,
  create: () => LimiterUnderTest | Promise<LimiterUnderTest>,
): void {
  const contract = suite(`limit store: ${name}`)

  function row(title: string, check: (under: LimiterUnderTest) => Promise<void>): void {
    contract(title, async () => {
      const under = await create()
      try {
        await check(under)
      } finally {
        await under.close?.()
      }
    })
  }

  async function admitted(
    limiter: Limiter,
    limits: readonly Limit[],
    count: number,
  ): Promise<number> {
    const takes = Array.from({ length: count }, () => limiter.take(limits))
    return (await Promise.all(takes)).filter((result) => result.ok).length
  }

  row('numbers out of bounds are refused, whatever the bucket holds', async ({ limiter }) => {
    const bad: Partial<Limit>[] = [
      { cost: -1 },
      { cost: Number.NaN },
      { cost: Number.POSITIVE_INFINITY },
      { cost: 6 },
      { tokens: 0 },
      { tokens: -1 },
      { tokens: Number.NaN },
      { tokens: Number.POSITIVE_INFINITY },
      { tokens: 1e10 },
      { burst: 0, cost: 0 },
      { burst: Number.NaN, cost: 0 },
      { burst: Number.POSITIVE_INFINITY },
      { burst: 1e10 },
      { perMs: 999 },
      { perMs: 31 * 86_400_000 + 1 },
      { perMs: Number.NaN },
    ]
    for (const more of bad) {
      const result = await limiter.take([limit(more)])
      assert.is(result.ok, false, JSON.stringify(more))
      if (!result.ok) {
        assert.is(result.name, 'user')
        assert.ok(Number.isInteger(result.retryAfterMs) && result.retryAfterMs >= 1)
      }
    }
    assert.is(await admitted(limiter, [limit()], 20), 5)
  })

  row('the same bucket twice in one take is refused and takes nothing', async ({ limiter }) => {
    assert.is((await limiter.take([limit(), limit({ tier: 'other' })])).ok, false)
    assert.is(await admitted(limiter, [limit()], 20), 5)
  })

  row('no limits: always admitted', async ({ limiter }) => {
    assert.is(await admitted(limiter, [], 1_000), 1_000)
  })

  row('a parallel burst on a fresh key admits the burst exactly', async ({ limiter }) => {
    assert.is(await admitted(limiter, [limit()], 200), 5)
  })

  row('what flows in is admitted, never more than the burst', async ({ limiter, forward }) => {
    await admitted(limiter, [limit()], 5)
    await forward(5_999)
    assert.is(await admitted(limiter, [limit()], 9), 0)
    await forward(1)
    assert.is(await admitted(limiter, [limit()], 9), 1)
    await forward(18_000)
    assert.is(await admitted(limiter, [limit()], 9), 3)
    await forward(31 * 86_400_000)
    assert.is(await admitted(limiter, [limit()], 200), 5)
  })

  row('a retry after the named time succeeds, a moment sooner it does not', async (under) => {
    const { limiter, forward } = under
    for (const [tokens, perMs, burst, cost] of [
      [10, 60_000, 5, 1],
      [3, 1_000, 7, 5],
      [7, 3_600_000, 1, 1],
      [0.1, 1_000, 0.3, 0.1],
      [1e9, 1_000, 1e9, 1e9],
      [1, 31 * 86_400_000, 3, 3],
    ] as const) {
      const one = limit({ key: [String(tokens)], tokens, perMs, burst, cost })
      let result = await limiter.take([one])
      for (let count = 0; result.ok && count < 10; count += 1) result = await limiter.take([one])
      assert.ok(!result.ok)
      if (result.retryAfterMs > 1) {
        await forward(result.retryAfterMs - 1)
        assert.is((await limiter.take([one])).ok, false, JSON.stringify(one))
      }
      await forward(1)
      assert.is((await limiter.take([one])).ok, true, JSON.stringify(one))
    }
  })

  row('Retry-After in whole seconds, rounded up, succeeds', async ({ limiter, forward }) => {
    const one = limit({ tokens: 7, perMs: 10_000, burst: 3 })
    await admitted(limiter, [one], 3)
    for (let round = 0; round < 20; round += 1) {
      const result = await limiter.take([one])
      assert.ok(!result.ok)
      const seconds = Math.ceil(result.retryAfterMs / 1_000)
      assert.ok(seconds === 1 || seconds === 2)
      await forward(seconds * 1_000)
      assert.is(await admitted(limiter, [one], 1), 1)
      await admitted(limiter, [one], 3)
    }
  })

  row('several limits: all are taken or none', async ({ limiter, forward }) => {
    const wide = limit({ name: 'user', burst: 5 })
    const narrow = limit({ name: 'tool', key: ['alice', 'delete'], burst: 2 })
    assert.is(await admitted(limiter, [wide, narrow], 10), 2)
    assert.is(await admitted(limiter, [narrow, wide], 10), 0)
    assert.is(await admitted(limiter, [wide], 10), 3)
    await forward(6_000)
    assert.is(await admitted(limiter, [wide, narrow], 10), 1)
  })

  row('several limits: the longest wait is named, and after it all are there', async (under) => {
    const { limiter, forward } = under
    const quick = limit({ name: 'quick', tokens: 60, burst: 1 })
    const slow = limit({ name: 'slow', tokens: 1, burst: 1 })
    assert.is((await limiter.take([quick, slow])).ok, true)
    for (const limits of [
      [quick, slow],
      [slow, quick],
    ]) {
      assert.equal(await limiter.take(limits), { ok: false, name: 'slow', retryAfterMs: 60_000 })
    }
    await forward(60_000)
    assert.is((await limiter.take([quick, slow])).ok, true)
  })

  row('a cost of 0 is admitted and takes nothing', async ({ limiter }) => {
    assert.is(await admitted(limiter, [limit({ cost: 0 })], 100), 100)
    assert.is(await admitted(limiter, [limit()], 10), 5)
    assert.is(await admitted(limiter, [limit({ cost: 0 })], 100), 100)
  })

  row('name and key parts keep buckets apart, whatever is in them', async ({ limiter }) => {
    const long = 'x'.repeat(1_024)
    const apart: Partial<Limit>[] = [
      { key: ['a', 'b'] },
      { key: ['ab'] },
      { key: ['a,1:b'] },
      { key: ['b', 'a'] },
      { key: ['a', 'b', ''] },
      { key: ['', 'a', 'b'] },
      { key: [''] },
      { key: [] },
      { name: 'user,1:a', key: ['b'] },
      { name: 'other', key: ['a', 'b'] },
      { key: ['__proto__'] },
      { key: ['\u0000'] },
      { key: [long] },
      { key: [`${long}y`] },
      { key: [long, ''] },
    ]
    for (const more of apart) {
      assert.is(await admitted(limiter, [limit(more)], 10), 5, JSON.stringify(more).slice(0, 60))
    }
    for (const more of apart) assert.is(await admitted(limiter, [limit(more)], 3), 0)
  })

  row('a changed tier keeps the level, clamped to the new burst', async ({ limiter, forward }) => {
    const gold = limit({ tier: 'gold', tokens: 60, burst: 10 })
    const free = limit({ tier: 'free', tokens: 6, burst: 3 })
    assert.is(await admitted(limiter, [gold], 2), 2)
    assert.is(await admitted(limiter, [free], 10), 3)
    assert.is(await admitted(limiter, [gold], 10), 0)
    await forward(4_000)
    assert.is(await admitted(limiter, [gold], 10), 4)
    await forward(60_000)
    assert.is(await admitted(limiter, [free], 10), 3)
    for (let round = 0; round < 20; round += 1) {
      assert.is(await admitted(limiter, [round % 2 === 0 ? gold : free], 10), 0)
    }
  })

  row('a wait named under a changed tier holds', async ({ limiter, forward }) => {
    const gold = limit({ tokens: 60, burst: 10 })
    const free = limit({ tokens: 6, burst: 3, cost: 2 })
    assert.is(await admitted(limiter, [gold], 10), 10)
    const result = await limiter.take([free])
    assert.equal(result, { ok: false, name: 'user', retryAfterMs: 20_000 })
    await forward(19_999)
    assert.is((await limiter.take([free])).ok, false)
    await forward(1)
    assert.is((await limiter.take([free])).ok, true)
  })

  contract.run()
}
