/** One list as its pages come in: what is believed, for how long, and what is known to be absent. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readDefinition } from '../../src/catalogue/definition.js'
import { KnownList, maxBytes, maxItems, maxPages } from '../../src/catalogue/list.js'
import type { Said } from '../../src/catalogue/page.js'

const maxAgeMs = 1000
const say = (name: string, what = 'a', size = 10): Said => ({
  name,
  definition: readDefinition(Buffer.from(JSON.stringify({ name, what }))),
  size,
})
const unreadable = (name: string): Said => ({ name, definition: null, size: 10 })
const page = (said: readonly Said[], cursor: string | null = null, next: string | null = null) => ({
  said,
  cursor,
  next,
})
const names = (list: KnownList, nowMs = 0) => [...(list.known(nowMs)?.keys() ?? [])].sort().join()
const digest = (list: KnownList, name: string, nowMs = 0) => list.known(nowMs)?.get(name)?.digest

test('before anything was said nothing is known, and nothing is settled', () => {
  const list = new KnownList(maxAgeMs)
  assert.is(list.known(0), null)
  assert.not.ok(list.settles('a', 0))
  assert.not.ok(list.hasEnded(0))
})

test('a list of one page: what it does not hold is absent for sure', () => {
  const list = new KnownList(maxAgeMs)
  assert.ok(list.learn(page([say('a'), say('b')]), 0))
  assert.is(names(list), 'a,b')
  assert.ok(list.settles('c', 0))
})

test('a list of several pages ends with the last; before, only what was said is settled', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p2'), 0)
  assert.equal([list.settles('a', 0), list.settles('b', 0), list.hasEnded(0)], [true, false, false])
  list.learn(page([say('b')], 'p2', 'p3'), 1)
  assert.not.ok(list.settles('c', 1))
  list.learn(page([], 'p3'), 2)
  assert.equal([list.settles('c', 2), names(list, 2)], [true, 'a,b'])
})

test('an item is believed for its time, counted from when it was said', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p2'), 0)
  list.learn(page([say('b')], 'p2'), 600)
  assert.is(names(list, 999), 'a,b')
  assert.is(names(list, 1000), 'b')
  assert.equal([list.settles('a', 1000), list.hasEnded(1000)], [false, false])
  assert.is(list.known(1600), null)
  assert.is(list.bytes, 0)
})

test('what is said anew is another round: other names are forgotten when it ends', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a'), say('b')]), 0)
  list.learn(page([say('b')], null, 'p2'), 10)
  assert.is(names(list, 10), 'a,b', 'a may be on the next page')
  list.learn(page([say('c')], 'p2'), 20)
  assert.is(names(list, 20), 'b,c')
})

test('a definition that changed replaces the one before', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a', 'old')]), 0)
  list.learn(page([say('a', 'new')]), 1)
  assert.is(digest(list, 'a', 1), say('a', 'new').definition?.digest)
})

test('the same object until something else is known, and it never changes', () => {
  const list = new KnownList(maxAgeMs)
  const once = [say('a'), say('b')]
  list.learn(page(once), 0)
  const before = list.known(0)
  list.learn(page([say('a'), say('b')]), 900)
  assert.is(list.known(950), before, 'said again, though by other objects')
  assert.is(list.known(1500), before, 'and so believed for longer')
  list.learn(page([say('a', 'x')]), 1600)
  assert.is.not(list.known(1600), before)
  assert.is([...(before?.keys() ?? [])].join(), 'a,b')
  assert.is(before?.get('a')?.digest, once[0]?.definition?.digest)
})

test('the very same page again: believed for longer, whatever was forgotten meanwhile', () => {
  const list = new KnownList(maxAgeMs)
  const whole = [say('a'), say('b')]
  for (const nowMs of [0, 900, 1800]) list.learn(page(whole), nowMs)
  assert.equal([names(list, 2799), list.settles('c', 2799)], ['a,b', true])
  assert.equal([list.known(2800), list.settles('c', 2800), list.bytes], [null, false, 0])
  list.learn(page(whole), 2900)
  assert.is(names(list, 2900), 'a,b', 'after it was too old')
  list.change()
  list.learn(page(whole), 3000)
  assert.is(names(list, 3000), 'a,b', 'after a change')
  list.learn(page([say('c')], 'from-somewhere'), 3100)
  list.learn(page(whole), 3200)
  assert.is(names(list, 3200), 'a,b', 'after another page')
})

test('two lists that were sent the same page share one object', () => {
  const [one, two] = [new KnownList(maxAgeMs), new KnownList(maxAgeMs)]
  const said = [say('a')]
  one.learn(page(said), 0)
  two.learn(page(said), 5)
  assert.is(one.known(5), two.known(5))
  two.learn(page([say('a', 'x')]), 6)
  assert.is(digest(one, 'a', 6), said[0]?.definition?.digest)
})

const doubled: readonly { what: string; pages: readonly (readonly Said[])[]; believed: boolean }[] =
  [
    { what: 'on one page, different', pages: [[say('a'), say('a', 'x')]], believed: false },
    {
      what: 'on one page, different and then the first again',
      pages: [[say('a'), say('a', 'x'), say('a')]],
      believed: false,
    },
    {
      what: 'on one page, the second unreadable',
      pages: [[say('a'), unreadable('a')]],
      believed: false,
    },
    {
      what: 'on one page, the first unreadable',
      pages: [[unreadable('a'), say('a')]],
      believed: false,
    },
    { what: 'on two pages, different', pages: [[say('a')], [say('a', 'x')]], believed: false },
    {
      what: 'on two pages with one between',
      pages: [[say('a')], [say('b')], [say('a', 'x')]],
      believed: false,
    },
    { what: 'on one page, equal', pages: [[say('a'), say('a')]], believed: true },
    { what: 'on two pages, equal', pages: [[say('a')], [say('a')]], believed: true },
  ]
for (const { what, pages, believed } of doubled) {
  test(`a name twice, ${what}: ${believed ? 'believed' : 'neither is'}`, () => {
    const list = new KnownList(maxAgeMs)
    for (const [index, said] of pages.entries()) {
      const next = index + 1 < pages.length ? `p${index + 1}` : null
      list.learn(page(said, index === 0 ? null : `p${index}`, next), 0)
    }
    assert.is(digest(list, 'a') !== undefined, believed)
    assert.ok(list.settles('a', 0), 'asking again would not help')
    list.learn(page([say('a', 'clear')]), 1)
    assert.is(digest(list, 'a', 1), say('a', 'clear').definition?.digest, 'the next round is clear')
  })
}

test('an item without a readable definition is settled and not known', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p2'), 0)
  list.learn(page([say('a')]), 1)
  list.learn(page([unreadable('a')]), 2)
  assert.equal([list.known(2), list.settles('a', 2)], [null, true])
})

test('a page that continues nothing tells of its own items and of no others', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], 'from-somewhere'), 0)
  assert.equal([names(list), list.settles('b', 0), list.hasEnded(0)], ['a', false, false])
  list.learn(page([say('a', 'x')], 'from-elsewhere'), 1)
  assert.is(digest(list, 'a', 1), say('a', 'x').definition?.digest, 'the last word counts')
  list.learn(page([say('b')]), 2)
  assert.is(names(list, 2), 'b', 'and a whole list corrects it')
})

test('a page that comes twice takes nothing away and cannot end the list', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p2'), 0)
  list.learn(page([say('b')], 'p2', 'p3'), 0)
  list.learn(page([say('b')], 'p2'), 0)
  assert.not.ok(list.hasEnded(0))
  list.learn(page([say('c')], 'p3'), 0)
  assert.equal([list.hasEnded(0), names(list)], [true, 'a,b,c'])
  list.learn(page([say('b', 'x')], 'p2'), 0)
  assert.is(names(list), 'a,c', 'of two definitions in one round neither is believed')
})

test('a cursor that leads to its own page ends the list', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p'), 0)
  list.learn(page([say('b')], 'p', 'p'), 0)
  assert.ok(list.hasEnded(0))
})

test(`page ${maxPages + 1} and what follows is not learnt; its items are settled as unknown`, () => {
  const list = new KnownList(maxAgeMs)
  for (let index = 0; index <= maxPages + 1; index += 1) {
    const cursor = index === 0 ? null : `p${index}`
    const learnt = list.learn(page([say(`t${index}`)], cursor, `p${index + 1}`), 0)
    assert.is(learnt, index < maxPages, String(index))
  }
  assert.is(list.known(0)?.size, maxPages)
  assert.equal([list.settles(`t${maxPages}`, 0), list.hasEnded(0)], [true, true])
})

test(`a page with which there would be more than ${maxItems} items is not learnt`, () => {
  const list = new KnownList(maxAgeMs)
  const many = Array.from({ length: maxItems }, (_, index) => say(`t${index}`))
  assert.ok(list.learn(page(many, null, 'p2'), 0))
  assert.not.ok(list.learn(page([say('more')], 'p2', 'p3'), 0))
  assert.not.ok(list.learn(page([say('t0')], 'p3'), 0), 'nor what follows')
  assert.equal([list.known(0)?.size, list.settles('more', 0)], [maxItems, true])
  assert.not.ok(list.learn(page([say('alone')], 'elsewhere'), 0), 'nor a page by itself')
  const others = Array.from({ length: maxItems }, (_, index) => say(`u${index}`))
  assert.ok(list.learn(page(others), 1), 'a new round takes the place of the one before')
  assert.is(list.known(1)?.size, maxItems)
})

test(`nor is one with which there would be more than ${maxBytes} bytes`, () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a', 'a', maxBytes)], null, 'p2'), 0)
  assert.not.ok(list.learn(page([say('b', 'b', 1)], 'p2'), 0))
  assert.equal([names(list), list.bytes], ['a', maxBytes])
})

test('a change forgets everything and is counted; what is then read counts again', () => {
  const list = new KnownList(maxAgeMs)
  list.learn(page([say('a')], null, 'p2'), 0)
  const before = list.known(0)
  list.change()
  assert.equal([list.known(0), list.settles('a', 0), list.changes, list.bytes], [null, false, 1, 0])
  assert.is(before?.size, 1)
  list.learn(page([say('b')], 'p2'), 0)
  assert.not.ok(list.hasEnded(0), 'the rest of the old list does not end the new one')
})

test.run()
