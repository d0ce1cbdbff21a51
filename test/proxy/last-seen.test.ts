/** What is remembered of lists that were shown, for whom, under which policy and how much of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Question } from '../../src/domain.js'
import { createLastSeen, rememberShown, seenKey } from '../../src/proxy/last-seen.js'
import { keptBytes } from '../support/heap.js'
import { identity } from '../support/judged-rig.js'

const question: Question = {
  identity,
  server: { name: 's', labels: {} },
  definitions: null,
  direction: 'client',
  kind: 'request',
  method: 'tools/list',
  params: {},
  circumstances: {
    nowMs: 0,
    ip: '127.0.0.1',
    transport: 'http',
    era: 'modern',
    protocolVersion: '2026-07-28',
    client: { name: 'c', version: '1' },
    session: null,
    requestId: 'r',
  },
}
const { circumstances } = question
const page = (names: readonly string[], more: { first?: boolean; revision?: string } = {}) => {
  const { first = true, revision = 'r1' } = more
  return { first, revision, names, shown: names.map(() => true) }
}

const others: readonly (readonly [what: string, question: Question])[] = [
  ['principal', { ...question, identity: { ...identity, binding: 'other' } }],
  [
    'roles',
    { ...question, identity: { ...identity, subject: { ...identity.subject, roles: ['x'] } } },
  ],
  ['server', { ...question, server: { name: 't', labels: {} } }],
  ['address', { ...question, circumstances: { ...circumstances, ip: '127.0.0.2' } }],
  ['transport', { ...question, circumstances: { ...circumstances, transport: 'sse' } }],
  ['client', { ...question, circumstances: { ...circumstances, client: null } }],
  ['version', { ...question, circumstances: { ...circumstances, protocolVersion: null } }],
  ['session', { ...question, circumstances: { ...circumstances, session: 'f' } }],
]
for (const [what, other] of others) {
  test(`what was shown to another ${what} counts for nobody else`, () => {
    const seen = createLastSeen()
    seen.page(seenKey(other, 'tools'), page(['a']))
    assert.is(seen.of(seenKey(question, 'tools')), null)
    assert.is.not(seen.of(seenKey(other, 'tools')), null)
  })
}

test('time and request ids tell nobody apart, nor what a request of a session repeats or leaves out', () => {
  const later = { ...circumstances, nowMs: 9, requestId: 'q' }
  assert.is(seenKey({ ...question, circumstances: later }, 'tools'), seenKey(question, 'tools'))
  const session = { ...circumstances, session: 'f' }
  const without = { ...session, protocolVersion: null }
  const other = { ...session, session: 'g' }
  assert.is.not(
    seenKey({ ...question, circumstances: other }, 'tools'),
    seenKey({ ...question, circumstances: session }, 'tools'),
  )
  assert.is(
    seenKey({ ...question, circumstances: without }, 'tools'),
    seenKey({ ...question, circumstances: session }, 'tools'),
  )
})

test('pages add up, a first page begins anew, and the newest policy counts', () => {
  const seen = createLastSeen()
  seen.page('k', page(['b'], { first: false }))
  assert.is(seen.of('k'), null, 'not known from its beginning')
  seen.page('k', page(['a']))
  seen.page('k', page(['b'], { first: false, revision: 'r2' }))
  assert.equal(
    [...(seen.of('k')?.items ?? [])],
    [
      ['a', true],
      ['b', true],
    ],
  )
  assert.is(seen.of('k')?.revision, 'r2')
  seen.page('k', page(['c']))
  assert.equal([...(seen.of('k')?.items.keys() ?? [])], ['c'])
})

test('a list over its bound is not known, nor the page after', () => {
  const seen = createLastSeen()
  const names = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `${n + from}`)
  seen.page('k', page(names(10_000)))
  assert.is(seen.of('k')?.items.size, 10_000)
  seen.page('k', page(names(10_000, 10_000), { first: false }))
  assert.is(seen.of('k'), null)
  seen.page('k', page(['z'], { first: false }))
  assert.is(seen.of('k'), null)
})

test('lists of short names take what they are counted as: the oldest go', async () => {
  const before = await keptBytes()
  const seen = createLastSeen()
  for (let list = 0; list < 60; list += 1) {
    seen.page(`${list}`, page(Array.from({ length: 10_000 }, (_, n) => (n + list).toString(36))))
  }
  const kept = (await keptBytes()) - before
  assert.ok(kept < 40 * 1024 * 1024, `${kept} bytes`)
  assert.is(seen.of('0'), null)
  assert.is.not(seen.of('59'), null)
})

const session = {
  upstreamId: 'u',
  protocolVersion: null,
  client: null,
  announced: 0,
  fingerprint: 'f',
}
const asked = {
  verb: 'POST',
  kind: 'request',
  method: 'tools/list',
  id: 1,
  task: false,
} as const
const remembered: readonly (readonly [
  what: string,
  era: 'modern' | 'legacy',
  announced: number | null,
  kind: 'tools' | 'prompts',
  isRemembered: boolean,
])[] = [
  ['a list of another kind than was asked for', 'modern', null, 'prompts', false],
  ['of a legacy client without a session', 'legacy', null, 'tools', false],
  ['of a session whose server announces nothing', 'legacy', 0, 'tools', false],
  ['of a session whose server announces', 'legacy', 1, 'tools', true],
  ['of a modern client', 'modern', null, 'tools', true],
]
for (const [what, era, announced, kind, isRemembered] of remembered) {
  test(`${what}: ${isRemembered ? '' : 'not '}remembered`, () => {
    const lastSeen = createLastSeen()
    const trail = {
      asked: { ...asked, era },
      session: announced === null ? null : { ...session, announced },
    }
    const verdicts = { revision: 'r', names: ['a'], shown: [true] }
    rememberShown({ trail, question, steps: { lastSeen } }, kind, verdicts)
    assert.is(lastSeen.of(seenKey(question, kind)) !== null, isRemembered)
  })
}

test.run()
