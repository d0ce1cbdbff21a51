/** Who has a place, who waits and who is served next: as tables and at random. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Entrant, Places } from '../../src/proxy/places.js'
import { printedSeed } from '../policy/seed.js'
import { keptBytes } from '../support/heap.js'

interface Guest extends Entrant {
  readonly name: string
  state: 'in' | 'waits' | 'out'
}

function rig(maxHeld: number, maxWaiting: number) {
  const places = new Places(maxHeld, maxWaiting)
  const guests: Guest[] = []
  const log: string[] = []

  /** `a1`: the caller is `a`. */
  function enter(name: string): void {
    const guest: Guest = {
      name,
      principal: name.slice(0, 1),
      state: 'out',
      begin() {
        guest.state = 'in'
        log.push(`${name} begins`)
      },
      turnAway() {
        guest.state = 'out'
        log.push(`${name} is turned away`)
      },
      giveWay() {
        log.push(`${name} gives way`)
        leave(guest)
      },
    }
    guests.push(guest)
    const entered = places.enter(guest)
    if (entered === 'has-place') guest.state = 'in'
    else if (entered === 'refused') log.push(`${name} is refused`)
    else if (guest.state !== 'in') guest.state = 'waits'
  }

  function leave(guest: Guest): void {
    guest.state = 'out'
    places.leave(guest)
  }

  function named(name: string): Guest {
    const guest = guests.find((one) => one.name === name)
    if (guest === undefined) throw new Error(`nobody is called ${name}`)
    return guest
  }

  return {
    guests,
    places,
    enter,
    leave,
    log,
    /** `a1`: comes · `-a1`: leaves · `~a1`: nobody needs it. */
    run(steps: string) {
      for (const step of steps.split(' ')) {
        if (step.startsWith('-')) leave(named(step.slice(1)))
        else if (step.startsWith('~')) places.spare(named(step.slice(1)))
        else enter(step)
      }
      const names = (state: Guest['state']) =>
        guests.filter((guest) => guest.state === state).map(({ name }) => name)
      return { in: names('in').join(' '), waits: names('waits').join(' '), log: log.join(', ') }
    },
  }
}

const rows: readonly (readonly [
  what: string,
  bounds: readonly [number, number],
  steps: string,
  end: { in: string; waits: string; log: string },
])[] = [
  ['one place is anybody’s', [1, 9], 'a1 b1', { in: 'a1', waits: 'b1', log: '' }],
  ['of two, one is left for others', [2, 9], 'a1 a2 b1', { in: 'a1 b1', waits: 'a2', log: '' }],
  [
    'alone, one has half',
    [8, 9],
    'a1 a2 a3 a4 a5 a6',
    { in: 'a1 a2 a3 a4', waits: 'a5 a6', log: '' },
  ],
  [
    'each who comes has half of the rest',
    [8, 9],
    'a1 a2 a3 a4 a5 b1 b2 b3 c1 c2 d1 d2',
    { in: 'a1 a2 a3 a4 b1 b2 c1 d1', waits: 'a5 b3 c2 d2', log: '' },
  ],
  [
    'who has the fewest is served first',
    [4, 9],
    'a1 a2 b1 c1 a3 b2 d1 -a1',
    { in: 'a2 b1 c1 d1', waits: 'a3 b2', log: 'd1 begins' },
  ],
  [
    'of equals, by turns',
    [1, 9],
    'x1 a1 a2 b1 b2 -x1 -a1 -b1',
    { in: 'a2', waits: 'b2', log: 'a1 begins, b1 begins, a2 begins' },
  ],
  [
    'what one gives back others may need first',
    [4, 9],
    'a1 a2 b1 a3 -b1 -a1',
    { in: 'a2 a3', waits: '', log: 'a3 begins' },
  ],
  [
    'too many wait: who has as many is refused',
    [1, 2],
    'x1 a1 a2 a3',
    { in: 'x1', waits: 'a1 a2', log: 'a3 is refused' },
  ],
  [
    'too many wait: the newest of who has most leaves',
    [1, 3],
    'x1 a1 a2 a3 b1',
    { in: 'x1', waits: 'a1 a2 b1', log: 'a3 is turned away' },
  ],
  [
    'but not for who would then have as many',
    [1, 2],
    'x1 a1 b1 c1 a2',
    { in: 'x1', waits: 'a1 b1', log: 'c1 is refused, a2 is refused' },
  ],
  ['nobody waits where nobody may', [2, 0], 'a1 a2', { in: 'a1', waits: '', log: 'a2 is refused' }],
  [
    'whoever waits may leave',
    [1, 9],
    'x1 a1 a2 -a1 -x1',
    { in: 'a2', waits: '', log: 'a2 begins' },
  ],
  [
    'leaving twice is leaving once',
    [2, 9],
    'a1 -a1 -a1 a2 b1 c1',
    { in: 'a2 b1', waits: 'c1', log: '' },
  ],
  ['what nobody needs may stay', [2, 9], 'a1 ~a1 b1', { in: 'a1 b1', waits: '', log: '' }],
  [
    'what nobody needs makes room for its own caller',
    [2, 9],
    'a1 ~a1 a2',
    { in: 'a2', waits: '', log: 'a1 gives way, a2 begins' },
  ],
  [
    'also when that caller waits already',
    [2, 9],
    'a1 a2 ~a1',
    { in: 'a2', waits: '', log: 'a1 gives way, a2 begins' },
  ],
  [
    'who has left makes room for nobody',
    [4, 9],
    'a1 a2 ~a1 ~a2 -a1 a3 a4',
    { in: 'a3 a4', waits: '', log: 'a2 gives way, a4 begins' },
  ],
  ['but not for another', [1, 9], 'a1 ~a1 b1', { in: 'a1', waits: 'b1', log: '' }],
]
for (const [what, [maxHeld, maxWaiting], steps, end] of rows) {
  test(`${what}: ${steps}`, () => {
    assert.equal(rig(maxHeld, maxWaiting).run(steps), end)
  })
}

test('the bounds hold and nobody waits who could begin', () => {
  const seed = printedSeed('places')
  const step = fc.tuple(fc.constantFrom('enter', 'leave', 'spare'), fc.nat(5), fc.nat(40))
  void fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.nat(6),
      fc.array(step, { maxLength: 120 }),
      (maxHeld, maxWaiting, steps) => {
        const { guests, places, enter, leave } = rig(maxHeld, maxWaiting)
        steps.forEach(([what, caller, pick], index) => {
          const inside = guests.filter(({ state }) => state !== 'out')
          const guest = inside[pick % Math.max(inside.length, 1)]
          if (what === 'enter') enter(`${'abcdef'[caller]}${index}`)
          else if (guest !== undefined && what === 'leave') leave(guest)
          else if (guest !== undefined) places.spare(guest)
          const having = guests.filter(({ state }) => state === 'in')
          const waiting = guests.filter(({ state }) => state === 'waits')
          assert.ok(having.length <= maxHeld && waiting.length <= maxWaiting)
          const free = maxHeld - having.length
          for (const { principal } of waiting) {
            assert.ok(having.filter((one) => one.principal === principal).length >= free)
          }
        })
        for (const guest of guests) if (guest.state !== 'out') leave(guest)
        enter('z')
        assert.is(guests.at(-1)?.state, 'in', 'nothing is left behind')
      },
    ),
    { seed, numRuns: 500 },
  )
})

test('of who has come and gone nothing is kept', async () => {
  const places = new Places(4, 4)
  const guest = (principal: string): Entrant => {
    const silent = () => undefined
    return { principal, begin: silent, turnAway: silent, giveWay: silent }
  }
  const before = await keptBytes()
  for (let count = 0; count < 50_000; count += 1) {
    const one = guest(`caller ${count}`)
    places.enter(one)
    places.spare(one)
    places.leave(one)
    places.leave(one)
    places.spare(one)
  }
  const kept = (await keptBytes()) - before
  assert.is(places.enter(guest('last')), 'has-place')
  assert.ok(kept < 2 * 1024 * 1024, `${kept} bytes`)
})

test.run()
