/** Who shares what, when a list is asked for, and what is forgotten first. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBudget, maxAsking, pagesPerMinute } from '../../src/catalogue/budget.js'
import {
  type AskForList,
  createCatalogue,
  type PageRead,
  type Scope,
} from '../../src/catalogue/catalogue.js'
import { createStore, maxScopes } from '../../src/catalogue/store.js'
import type { ListKind } from '../../src/domain.js'
import { createTestClock } from '../support/clock.js'

const maxAgeMs = 60_000
const session = (id: string, more: Partial<Scope> = {}): Scope => ({
  server: 'up',
  credential: null,
  era: 'legacy',
  sessionId: id,
  principal: 'alice',
  protocolVersion: '2025-11-25',
  ...more,
})
const modern = (principal: string, more: Partial<Scope> = {}): Scope =>
  session('', { era: 'modern', sessionId: null, principal, protocolVersion: '2026-07-28', ...more })
const item = (name: string, what = 'a') => ({
  name,
  bytes: Buffer.from(JSON.stringify({ name, what })),
})
const list = (items: readonly ReturnType<typeof item>[]) => ({
  items,
  bytes: Buffer.from(`[${items.map(({ bytes }) => bytes.toString()).join()}]`),
})
const page = (names: readonly string[], more: Partial<PageRead> = {}): PageRead => ({
  ...list(names.map((name) => item(name))),
  cursor: null,
  next: null,
  shared: false,
  ...more,
})
const tool = (id: string) => [{ type: 'tool', id }]

function rig() {
  const clock = createTestClock()
  const catalogue = createCatalogue({ clock, maxAgeMs })
  const asked: ListKind[] = []
  /** Answers with one page each time. */
  const answering =
    (answer: () => PageRead | null): AskForList =>
    async (kind, reading) => {
      asked.push(kind)
      const read = answer()
      if (read === null) throw new Error('the server failed')
      await reading.page(read)
    }
  const knows = (scope: Scope, ...names: string[]) =>
    names.map((name) => catalogue.view(scope)?.of('tool', name) != null)
  return { clock, catalogue, asked, answering, knows }
}

test('nothing is known at first, and nothing is ever known of a task', () => {
  const { catalogue, answering } = rig()
  assert.is(catalogue.view(session('s')), null)
  const ask = answering(() => page([]))
  assert.is(catalogue.ensure(session('s'), [{ type: 'task', id: 't' }], ask), null)
})

const apart: readonly [string, Scope, Scope][] = [
  ['two sessions', session('s'), session('t')],
  ['one session id of two servers', session('s'), session('s', { server: 'other' })],
  ['a session and none', session('s'), session('s', { sessionId: null })],
  [
    'two principals without sessions',
    session('', { sessionId: null }),
    session('', { sessionId: null, principal: 'bob' }),
  ],
  ['two protocol versions', modern('alice'), modern('alice', { protocolVersion: '2027-01-01' })],
  ['two eras', modern('alice'), modern('alice', { era: 'legacy' })],
  ['two principals', modern('alice'), modern('bob')],
  ['two credentials for the server', modern('alice'), modern('alice', { credential: 'c' })],
  ['names that run together', modern('b', { server: 'a' }), modern('', { server: 'ab' })],
]
for (const [what, one, other] of apart) {
  test(`${what}: what one learns the other does not know`, async () => {
    const { catalogue, knows } = rig()
    await catalogue.reading(one, 'tools').page(page(['a']))
    assert.equal([knows(one, 'a'), knows(other, 'a')], [[true], [false]])
  })
}

test('a session is the same for whoever uses it', async () => {
  const { catalogue, knows } = rig()
  await catalogue.reading(session('s'), 'tools').page(page(['a']))
  assert.equal(knows(session('s', { protocolVersion: null }), 'a'), [true])
})

test('the same object for the same knowledge, whoever has it', async () => {
  const { catalogue } = rig()
  for (const id of ['s', 't']) await catalogue.reading(session(id), 'tools').page(page(['a']))
  const view = catalogue.view(session('s'))
  assert.ok(view !== null)
  assert.is(catalogue.view(session('s')), view)
  assert.is(catalogue.view(session('t')), view)
  await catalogue.reading(session('t'), 'tools').page(page(['a', 'b']))
  assert.is.not(catalogue.view(session('t')), view)
  assert.is(catalogue.view(session('s')), view)
  await catalogue.reading(session('s'), 'prompts').page(page(['p']))
  assert.is.not(catalogue.view(session('s')), view)
  assert.ok(catalogue.view(session('s'))?.of('prompt', 'p'))
  assert.is(catalogue.view(session('s'))?.of('tool', 'p'), null)
})

test('what a modern server calls public is everybody’s, until it does not', async () => {
  const { catalogue, knows } = rig()
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  assert.equal([knows(modern('alice'), 'a'), knows(modern('bob'), 'a')], [[true], [true]])
  await catalogue.reading(modern('bob'), 'tools').page(page(['b']))
  assert.equal(
    [knows(modern('bob'), 'a', 'b'), knows(modern('alice'), 'a')],
    [[false, true], [false]],
  )
  await catalogue.reading(modern('bob'), 'tools').page(page(['c'], { shared: true }))
  assert.equal(
    [knows(modern('bob'), 'b', 'c'), knows(modern('alice'), 'c')],
    [[false, true], [true]],
  )
})

test('what everybody believes is read from the first page on: a cursor of one’s own changes nothing', async () => {
  const { catalogue, knows } = rig()
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  const loose = { ...list([item('a', 'x'), item('b')]), cursor: 'made-up', shared: true }
  await catalogue.reading(modern('bob'), 'tools').page(page([], loose))
  assert.equal([knows(modern('bob'), 'b'), knows(modern('alice'), 'b')], [[true], [false]])
  assert.is.not(
    catalogue.view(modern('bob'))?.of('tool', 'a')?.digest,
    catalogue.view(modern('alice'))?.of('tool', 'a')?.digest,
  )
})

test('a page that says two things of an item: unknown to the list and to the call', async () => {
  const { catalogue } = rig()
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  const both = { ...list([item('a'), item('a', 'x')]), cursor: 'made-up' }
  const judged = await catalogue.reading(modern('bob'), 'tools').page(page([], both))
  assert.is(judged?.of('tool', 'a') ?? null, null)
  assert.is(catalogue.view(modern('bob'))?.of('tool', 'a') ?? null, null)
})

test('a legacy server cannot call anything public', async () => {
  const { catalogue, knows } = rig()
  await catalogue.reading(session('s'), 'tools').page(page(['a'], { shared: true }))
  assert.equal([knows(session('s'), 'a'), knows(session('t'), 'a')], [[true], [false]])
})

test('asked for when it is not known, and then not for ten seconds, whatever came of it', async () => {
  const { catalogue, clock, asked, answering, knows } = rig()
  const scope = session('s')
  const failing = answering(() => null)
  await catalogue.ensure(scope, tool('a'), failing)
  assert.is(catalogue.ensure(scope, tool('a'), failing), null)
  clock.forward(9_999)
  assert.is(catalogue.ensure(scope, tool('b'), failing), null)
  clock.forward(1)
  await catalogue.ensure(
    scope,
    tool('a'),
    answering(() => page(['a'])),
  )
  assert.equal([asked, knows(scope, 'a')], [['tools', 'tools'], [true]])
  clock.forward(20_000)
  assert.is(catalogue.ensure(scope, tool('unheard-of'), failing), null, 'it is known to be absent')
  clock.forward(maxAgeMs)
  await catalogue.ensure(
    scope,
    tool('a'),
    answering(() => page(['a'])),
  )
  assert.is(asked.length, 3)
})

test('only the lists of what is named, and of what is not known', async () => {
  const { catalogue, asked, answering } = rig()
  const scope = session('s')
  await catalogue.reading(scope, 'tools').page(page(['a']))
  const items = [
    { type: 'tool', id: 'a' },
    { type: 'prompt', id: 'p' },
    { type: 'resource', id: 'r' },
  ]
  await catalogue.ensure(
    scope,
    items,
    answering(() => page([])),
  )
  assert.equal(asked, ['prompts', 'resources'])
})

test('one asks, the others wait', async () => {
  const { catalogue, asked, answering } = rig()
  const scope = session('s')
  const ask = answering(() => page(['a']))
  await Promise.all(['a', 'b', 'c'].map((name) => catalogue.ensure(scope, tool(name), ask)))
  assert.equal(asked, ['tools'])
})

test('a public list is asked for once for all principals, also when it is too old', async () => {
  const { catalogue, clock, asked, answering } = rig()
  const ask = answering(() => page(['a'], { shared: true }))
  await catalogue.ensure(modern('alice'), tool('a'), ask)
  clock.forward(maxAgeMs)
  await Promise.all(
    ['alice', 'bob', 'carol'].map((who) => catalogue.ensure(modern(who), tool('a'), ask)),
  )
  assert.is(asked.length, 2)
})

test('a public list that turns out to be private is asked for by each', async () => {
  const { catalogue, clock, asked, answering, knows } = rig()
  await catalogue.ensure(
    modern('alice'),
    tool('a'),
    answering(() => page(['a'], { shared: true })),
  )
  clock.forward(maxAgeMs)
  const ask = answering(() => page(['a']))
  await Promise.all(['alice', 'bob'].map((who) => catalogue.ensure(modern(who), tool('a'), ask)))
  assert.equal([knows(modern('alice'), 'a'), knows(modern('bob'), 'a')], [[true], [true]])
  // Once more for all, which told that there is no such list any more, then by each.
  assert.is(asked.length, 4)
})

test('a public list that cannot be had for all: who waited asks for himself, and so does who comes later', async () => {
  const { catalogue, clock, knows } = rig()
  const whoAsked: [string, boolean][] = []
  const asking =
    (who: string, fails: boolean): AskForList =>
    async (_, reading, forAll) => {
      whoAsked.push([who, forAll])
      await Promise.resolve()
      if (fails || forAll) throw new Error('the server failed')
      await reading.page(page([who], { shared: true }))
    }
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  clock.forward(maxAgeMs)
  await Promise.all([
    catalogue.ensure(modern('mallory'), tool('bob'), asking('mallory', true)),
    catalogue.ensure(modern('bob'), tool('bob'), asking('bob', false)),
  ])
  assert.equal(whoAsked, [
    ['mallory', true],
    ['mallory', false],
    ['bob', false],
  ])
  assert.equal([knows(modern('bob'), 'bob'), knows(modern('alice'), 'bob')], [[true], [true]])
  catalogue.changed(modern('bob'), ['tools'])
  for (const [who, fails] of [
    ['mallory', true],
    ['mallory', true],
    ['carol', false],
  ] as const) {
    await catalogue.ensure(modern(who), tool('carol'), asking(who, fails))
  }
  assert.equal(knows(modern('bob'), 'carol'), [true])
})

test('asked for with nothing of the caller: a list that is not public says nothing of the caller’s own', async () => {
  const { catalogue, clock, knows } = rig()
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  clock.forward(maxAgeMs)
  await catalogue.ensure(modern('alice'), tool('a'), async (_, reading, forAll) => {
    if (!forAll) throw new Error('the server failed')
    await reading.page(page(['a']))
    assert.is(reading.next, null)
  })
  assert.equal(knows(modern('alice'), 'a'), [false])
})

test('who begins a public list anew meanwhile keeps nobody from reading it to its end', async () => {
  const { catalogue, clock, knows } = rig()
  const names = ['a', 'b', 'c', 'd']
  const at = (index: number) =>
    page([names[index] ?? ''], {
      shared: true,
      cursor: index === 0 ? null : `p${index}`,
      next: index === 3 ? null : `p${index + 1}`,
    })
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  clock.forward(maxAgeMs)
  await catalogue.ensure(modern('bob'), tool('c'), async (_, reading) => {
    for (let index = 0; index < 4; index += 1) {
      await reading.page(at(index))
      await catalogue.reading(modern('mallory'), 'tools').page(at(0))
    }
  })
  assert.equal(knows(modern('bob'), ...names), [true, true, true, true])
})

test('sessions are cheap: what a principal makes the gateway ask is bounded over all of them', async () => {
  const { catalogue, clock, asked, answering, knows } = rig()
  const failing = answering(() => null)
  const sessions = pagesPerMinute + 5
  for (let index = 0; index < sessions; index += 1) {
    await catalogue.ensure(session(`s${index}`), tool('a'), failing)
  }
  assert.is(asked.length, pagesPerMinute)
  const ask = answering(() => page(['a']))
  assert.is(catalogue.ensure(session('t'), tool('a'), ask), null, 'it stays unknown')
  await catalogue.ensure(session('u', { principal: 'bob' }), tool('a'), ask)
  await catalogue.ensure(session('v', { server: 'other' }), tool('a'), ask)
  assert.equal(knows(session('u'), 'a'), [true], 'another principal')
  assert.equal(knows(session('v', { server: 'other' }), 'a'), [true], 'another server')
  clock.forward(60_000 / pagesPerMinute)
  await catalogue.ensure(session('t'), tool('a'), ask)
  assert.equal(knows(session('t'), 'a'), [true])
  assert.is(catalogue.ensure(session('w'), tool('a'), ask), null)
})

test('each page of a list counts, and the reading ends where no more may be asked for', async () => {
  const { catalogue } = rig()
  let pages = 0
  for (let index = 0; index < 10; index += 1) {
    await catalogue.ensure(session(`s${index}`), tool('x'), async (_, reading) => {
      let cursor: string | null = null
      do {
        pages += 1
        await reading.page(page([`t${pages}`], { cursor, next: `p${pages}` }))
        cursor = reading.next
      } while (cursor !== null)
    })
  }
  assert.is(pages, pagesPerMinute)
})

test(`no more than ${maxAsking} lists at once for one principal`, async () => {
  const { catalogue } = rig()
  const held: (() => void)[] = []
  const hold: AskForList = () => new Promise((resolve) => held.push(resolve))
  const start = (id: string) => catalogue.ensure(session(id), tool('a'), hold)
  const asking = Array.from({ length: maxAsking }, (_, index) => start(`s${index}`))
  assert.is(start('one more'), null)
  held.shift()?.()
  await asking[0]
  assert.is.not(start('one more'), null)
  assert.is(start('and one'), null)
})

test('of more principals than are kept in mind the one that asked longest ago starts anew', () => {
  const budget = createBudget(2)
  for (let page = 0; page < pagesPerMinute; page += 1) {
    assert.ok(budget.start('a', 0))
    budget.done('a')
  }
  budget.start('b', 0)
  assert.not.ok(budget.start('a', 0))
  budget.start('c', 0)
  assert.not.ok(budget.start('a', 0), 'b was the oldest')
  budget.start('b', 0)
  budget.start('c', 0)
  assert.ok(budget.start('a', 0))
})

test('changed: forgotten, and asked for once more at once, but not each time', async () => {
  const { catalogue, asked, answering, knows } = rig()
  const scope = session('s')
  const ask = answering(() => page(['a']))
  await catalogue.ensure(scope, tool('a'), ask)
  catalogue.changed(scope, ['prompts'])
  assert.equal(knows(scope, 'a'), [true])
  catalogue.changed(scope, ['tools'])
  assert.equal(knows(scope, 'a'), [false])
  await catalogue.ensure(scope, tool('a'), ask)
  assert.equal([asked.length, knows(scope, 'a')], [2, [true]])
  catalogue.changed(scope, ['tools'])
  assert.is(catalogue.ensure(scope, tool('a'), ask), null)
})

test('changed for one principal: what is everybody’s is forgotten too', async () => {
  const { catalogue, knows } = rig()
  await catalogue.reading(modern('alice'), 'tools').page(page(['a'], { shared: true }))
  catalogue.changed(modern('bob'), ['tools'])
  assert.equal(knows(modern('alice'), 'a'), [false])
})

test('a list that changes while it is read is judged by what it says, and not learnt', async () => {
  const { catalogue, knows } = rig()
  const scope = session('s')
  const reading = catalogue.reading(scope, 'tools')
  catalogue.changed(scope, ['tools'])
  const view = await reading.page(page(['a'], list([item('a'), item('b'), item('b', 'x')])))
  assert.equal([view?.of('tool', 'a') != null, view?.of('tool', 'b')], [true, null])
  assert.equal(knows(scope, 'a'), [false])
})

test('a session that ends while a list is read: nothing is learnt', async () => {
  const { catalogue, knows } = rig()
  const reading = catalogue.reading(session('s'), 'tools')
  catalogue.drop(session('s'))
  await reading.page(page(['a']))
  assert.equal(knows(session('s'), 'a'), [false])
})

test('asking anew when the list changed while it was asked for', async () => {
  const { catalogue, asked, answering, knows } = rig()
  const scope = session('s')
  const ask = answering(() => {
    if (asked.length === 1) catalogue.changed(scope, ['tools'])
    return page(['a'])
  })
  await catalogue.ensure(scope, tool('a'), ask)
  assert.equal([asked.length, knows(scope, 'a')], [2, [true]])
})

test('a list nobody asked for: believed where it says what the list says, and learnt never', async () => {
  const { catalogue, knows } = rig()
  const scope = session('s')
  await catalogue.reading(scope, 'tools').page(page(['a', 'b']))
  const view = await catalogue.unasked(scope, 'tools', list([item('a'), item('b', 'x'), item('c')]))
  assert.equal(
    ['a', 'b', 'c'].map((name) => view?.of('tool', name) != null),
    [true, false, false],
  )
  assert.equal(knows(scope, 'a', 'b', 'c'), [true, true, false])
  assert.is(await catalogue.unasked(session('t'), 'tools', list([])), null)
})

test('a page of a list that was learnt is judged by the very object that calls are judged by', async () => {
  const { catalogue } = rig()
  const view = await catalogue.reading(session('s'), 'tools').page(page(['a']))
  assert.is(view, catalogue.view(session('s')))
})

test('the work on a long list is done in slices', async () => {
  const { catalogue } = rig()
  const names = Array.from({ length: 10_000 }, (_, index) => `tool-${index}`)
  const items = names.map((name) => item(name, 'x'.repeat(500)))
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await catalogue.reading(session('s'), 'tools').page(page([], list(items)))
  isOver = true
  assert.ok(turns > 3, String(turns))
})

test(`of more than ${maxScopes} scopes the one used longest ago goes first`, () => {
  const store = createStore(maxAgeMs)
  for (let index = 0; index < maxScopes; index += 1) store.findOrMake(`s${index}`)
  store.find('s0')
  store.findOrMake('one more')
  assert.equal([store.find('s0') !== null, store.find('s1'), store.find(null)], [true, null, null])
})

test('of more bytes than are kept likewise, but never what is in use', () => {
  const store = createStore(maxAgeMs, { scopes: 10, bytes: 1000 })
  const fill = (key: string, size: number) => {
    const kept = store.findOrMake(key)
    kept.lists.tools.learn(
      { said: [{ name: key, definition: null, size }], cursor: null, next: null },
      0,
    )
    store.grown(key, kept)
  }
  for (const key of ['a', 'b', 'c']) fill(key, 400)
  assert.equal(
    ['a', 'b', 'c'].map((key) => store.find(key) !== null),
    [false, true, true],
  )
  fill('d', 5000)
  assert.equal(
    ['b', 'c', 'd'].map((key) => store.find(key) !== null),
    [false, false, true],
  )
  store.drop('d')
  for (const key of ['e', 'f']) fill(key, 400)
  assert.equal(
    ['e', 'f'].map((key) => store.find(key) !== null),
    [true, true],
  )
})

test.run()
