/**
 * Whatever a server says, in whatever order and from whichever page on: a list and a call that
 * follows it are judged by the same, and nothing is believed that is too old, was said before the
 * list changed, or was never said.
 */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createCatalogue, type Scope } from '../../src/catalogue/catalogue.js'
import { readDefinition } from '../../src/catalogue/definition.js'
import { printedSeed } from '../policy/seed.js'
import { createTestClock } from '../support/clock.js'

const maxAgeMs = 1000
const names = ['a', 'b', 'c', '__proto__'] as const
const bytesOf = (name: string, what: number) =>
  Buffer.from(what === 0 ? `{"name":"${name}","x":1,"x":2}` : JSON.stringify({ name, what }))
const digestOf = (name: string, what: number) => readDefinition(bytesOf(name, what))?.digest

const item = fc.record({ name: fc.constantFrom(...names), what: fc.nat(2) })
const page = fc.record({
  type: fc.constant('page' as const),
  who: fc.constantFrom('alice', 'bob'),
  items: fc.array(item, { maxLength: 4 }),
  cursor: fc.constantFrom(null, null, 'p', 'q'),
  next: fc.constantFrom(null, 'p', 'q'),
  shared: fc.boolean(),
  /** Asked for before what comes next, answered after it. */
  isLate: fc.boolean(),
})
const step = fc.oneof(
  { arbitrary: page, weight: 6 },
  fc.record({ type: fc.constant('changed' as const), who: fc.constantFrom('alice', 'bob') }),
  fc.record({ type: fc.constant('forward' as const), ms: fc.constantFrom(1, 400, 999) }),
  fc.record({ type: fc.constant('drop' as const), who: fc.constantFrom('alice', 'bob') }),
)

const scopes: readonly { readonly what: string; readonly scopeOf: (who: string) => Scope }[] = [
  {
    what: 'sessions',
    scopeOf: (who) => ({
      server: 'up',
      credential: null,
      era: 'legacy',
      sessionId: who,
      principal: 'p',
      protocolVersion: null,
    }),
  },
  {
    what: 'principals of a modern server',
    scopeOf: (who) => ({
      server: 'up',
      credential: null,
      era: 'modern',
      sessionId: null,
      principal: who,
      protocolVersion: '2026-07-28',
    }),
  },
]

type Page = typeof page extends fc.Arbitrary<infer Value> ? Value : never
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const reached = { believed: 0, unknown: 0, late: 0 }

class Run {
  readonly #clock = createTestClock()
  readonly #catalogue = createCatalogue({ clock: this.#clock, maxAgeMs })
  readonly #scopeOf: (who: string) => Scope
  /** What was said of each name to anybody, and until when it may be believed. */
  #said: { name: string; digest: string | undefined; untilMs: number }[] = []
  readonly #late: (() => Promise<void>)[] = []

  constructor(scopeOf: (who: string) => Scope) {
    this.#scopeOf = scopeOf
  }

  async take(one: Step): Promise<void> {
    switch (one.type) {
      case 'forward':
        this.#clock.forward(one.ms)
        break
      case 'drop':
        this.#catalogue.drop(this.#scopeOf(one.who))
        break
      case 'changed':
        this.#catalogue.changed(this.#scopeOf(one.who), ['tools'])
        for (const name of names) assert.is(this.#known(one.who, name), null)
        break
      case 'page':
        await this.#page(one)
        break
    }
    if (one.type !== 'page') await this.#late.shift()?.()
    this.#onlyWhatWasSaid()
  }

  async #page({ who, items, cursor, next, shared, isLate }: Page): Promise<void> {
    const reading = this.#catalogue.reading(this.#scopeOf(who), 'tools')
    const answer = async () => {
      const untilMs = this.#clock.monotonicMs() + maxAgeMs
      for (const { name, what } of items) {
        this.#said.push({ name, digest: digestOf(name, what), untilMs })
      }
      const judged = await reading.page({
        items: items.map(({ name, what }) => ({ name, bytes: bytesOf(name, what) })),
        bytes: Buffer.from(JSON.stringify(items)),
        cursor,
        next,
        shared,
      })
      for (const { name, what } of items) {
        const inList = judged?.of('tool', name)?.digest ?? null
        const inCall = this.#known(who, name)
        reached[inList === null ? 'unknown' : 'believed'] += 1
        // What the list is judged by is what it says, or nothing.
        if (inList !== null) assert.is(inList, digestOf(name, what))
        if (isLate) continue
        // So is a call, unless the gateway was told otherwise by another list.
        if (inList !== null) assert.is(inCall, inList)
        else assert.ok(inCall === null || inCall !== digestOf(name, what), 'not in the list')
      }
    }
    if (!isLate) return answer()
    reached.late += 1
    this.#late.push(answer)
  }

  #onlyWhatWasSaid(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#said = this.#said.filter(({ untilMs }) => nowMs < untilMs)
    for (const who of ['alice', 'bob']) {
      for (const name of names) {
        const digest = this.#known(who, name)
        if (digest === null) continue
        const wasSaid = this.#said.some((one) => one.name === name && one.digest === digest)
        assert.ok(wasSaid, `what is believed of ${name} was not said of late`)
      }
    }
  }

  #known(who: string, name: string): string | null {
    return this.#catalogue.view(this.#scopeOf(who))?.of('tool', name)?.digest ?? null
  }
}

for (const { what, scopeOf } of scopes) {
  test(`a list and the calls after it are judged alike: ${what}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const run = new Run(scopeOf)
        for (const one of steps) await run.take(one)
      }),
      { seed: printedSeed(what), numRuns: 1200 },
    )
    assert.ok(
      Object.values(reached).every((count) => count > 500),
      JSON.stringify(reached),
    )
  })
}

test.run()
