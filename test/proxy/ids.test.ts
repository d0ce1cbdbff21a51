/**
 * Ids in sealed texts: the same text for the same id, on every replica; back to the very id, type
 * and spelling included; good for nobody but the one they were handed to.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createSealer } from '../../src/lib/seal.js'
import type { WrittenId } from '../../src/mcp/id-places.js'
import { createIds, type Ids } from '../../src/proxy/ids.js'
import { printedSeed } from '../policy/seed.js'

const seed = printedSeed('ids')
const key = 'a-key-of-the-sessions-'.repeat(2)
const replica = (...keys: string[]): Ids =>
  createIds({
    requests: createSealer(keys, 'server-request'),
    tasks: createSealer(keys, 'task'),
  })
const one = replica(key)
const two = replica(key)
const owner = { upstream: 'up', principal: 'p'.repeat(43), session: 's'.repeat(22) }

const written: fc.Arbitrary<WrittenId> = fc.oneof(
  fc.record({ type: fc.constant('string' as const), text: fc.string({ maxLength: 300 }) }),
  fc.record({
    type: fc.constant('number' as const),
    text: fc.oneof(fc.integer().map(String), fc.bigInt().map(String), fc.constant('1.0')),
  }),
)

for (const kind of ['requests', 'tasks'] as const) {
  test(`property, ${kind}: what one replica seals the other opens, and seals alike`, () => {
    fc.assert(
      fc.property(written, ({ type, text }) => {
        const id = { type, text }
        const sealed = one[kind].seal(id, owner)
        assert.ok(sealed !== null)
        assert.is(two[kind].seal({ ...id }, { ...owner }), sealed)
        assert.equal(two[kind].open(sealed, owner), { ok: true, id })
        assert.match(sealed, /^[A-Za-z0-9_-]+$/)
      }),
      { seed, numRuns: 500 },
    )
  })

  test(`property, ${kind}: nothing else opens`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(one[kind].open(text, owner), { ok: false, reason: 'unknown' })
      }),
      { seed, numRuns: 500 },
    )
  })
}

test('1 and "1" are two ids', () => {
  const number = one.requests.seal({ type: 'number', text: '1' }, owner)
  assert.is.not(number, one.requests.seal({ type: 'string', text: '1' }, owner))
})

const id = { type: 'string', text: 'the-id' } as const
const strangers = [
  ['another principal', { ...owner, principal: 'q'.repeat(43) }, 'foreign', 'foreign'],
  ['another session', { ...owner, session: 'z'.repeat(22) }, 'foreign', 'own'],
  ['no session', { ...owner, session: null }, 'foreign', 'own'],
  ['another upstream', { ...owner, upstream: 'other' }, 'unknown', 'unknown'],
] as const
for (const [what, stranger, ofRequest, ofTask] of strangers) {
  test(`${what}: a request is ${ofRequest}, a task is ${ofTask}`, () => {
    for (const [kind, expected] of [
      ['requests', ofRequest],
      ['tasks', ofTask],
    ] as const) {
      const opened = one[kind].open(one[kind].seal(id, owner) ?? '', stranger)
      if (expected === 'own') assert.equal(opened, { ok: true, id })
      else assert.equal(opened, { ok: false, reason: expected })
    }
  })
}

test('a request is no task', () => {
  const sealed = one.requests.seal(id, owner) ?? ''
  assert.equal(one.tasks.open(sealed, owner), { ok: false, reason: 'unknown' })
})

test('another key opens nothing; a rotated one opens and seals otherwise', () => {
  const sealed = one.requests.seal(id, owner) ?? ''
  const fresh = 'a-fresh-key-of-the-sessions-'.repeat(2)
  assert.equal(replica(fresh).requests.open(sealed, owner), { ok: false, reason: 'unknown' })
  const rotated = replica(fresh, key)
  assert.equal(rotated.requests.open(sealed, owner), { ok: true, id })
  assert.is.not(rotated.requests.seal(id, owner), sealed)
})

test('up to 1 KiB', () => {
  const rows: [text: string, fits: boolean][] = [
    ['x'.repeat(1024), true],
    ['x'.repeat(1025), false],
    ['ü'.repeat(512), true],
    ['ü'.repeat(513), false],
    ['"'.repeat(1024), true],
    // Six characters each in the payload.
    ['\0'.repeat(1024), false],
  ]
  for (const [text, fits] of rows) {
    assert.is(one.tasks.seal({ type: 'string', text }, owner) !== null, fits)
  }
})

test.run()
