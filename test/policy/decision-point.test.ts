import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledBundle, Decision, JsonObject, PolicyEvent } from '../../src/domain.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { answers, compileFiles } from './bundles.js'
import { callOf, circumstances, identityOf, questionOf } from './questions.js'

const shapes: JsonObject = {
  yes: { allow: true, reasons: ['granted'] },
  no: { allow: false, reasons: ['not-granted'] },
  'step-up': { allow: false, challenge: { scopes: ['files:write'], listing: 'show' } },
  'step-up-hidden': { allow: false, challenge: { scopes: ['files:write'] } },
  files: { allow: true },
  'file:///yes': { allow: true },
  'file:///no': { allow: false },
  'demo://{id}': { allow: true },
  't-1': { allow: true },
  text: 'true',
  one: 1,
  zero: 0,
  true: true,
  null: null,
  list: [],
  'full-list': [{ allow: true }],
  empty: {},
  'allow-text': { allow: 'true' },
  'allow-number': { allow: 1 },
  'allow-list': { allow: [] },
  extra: { allow: true, because: 'x' },
  obligation: { allow: true, obligations: [{ redact: 'x' }] },
}

const bundle: CompiledBundle = await compileFiles({ 'main.rego': answers }, { answers: shapes })
const hostless: CompiledBundle = { ...bundle, hostModule: false }

async function pointOf(source: CompiledBundle, events: PolicyEvent[] = []) {
  const holder = createPolicyHolder({ policy: (event) => events.push(event) })
  await holder.activate(source)
  events.length = 0
  const point = holder.current()
  if (point === null) throw new Error('no policy is active')
  return point
}

const denied = (reason: string): Decision => {
  return { allow: false, reasons: [reason], challenge: null }
}

test('whatever the policy says or does, a call gets a decision', async () => {
  const events: PolicyEvent[] = []
  const point = await pointOf(bundle, events)
  const undefinedFor = ['unheard of', '', 'constructor', '__proto__']
  const malformed = ['text', 'one', 'zero', 'true', 'null', 'list', 'full-list', 'empty']
  malformed.push('allow-text', 'allow-number', 'allow-list', 'extra', 'obligation')
  for (const id of undefinedFor.filter((name) => name !== '')) {
    assert.equal(point.judge(callOf(id)).decision, denied('policy-undefined'), id)
  }
  assert.equal(events, [], 'undefined is no fault')
  for (const id of malformed) {
    assert.equal(point.judge(callOf(id)).decision, denied('decision-malformed'), id)
    const [event] = events.splice(0)
    assert.is(event?.type, 'fault', id)
    assert.match(event?.type === 'fault' ? event.reason : '', /^decision-malformed: the decision /)
  }
  for (const id of ['conflict', 'long']) {
    assert.equal(point.judge(callOf(id)).decision, denied('policy-fault'), id)
    const [event] = events.splice(0)
    assert.is(event?.type === 'fault' ? event.revision : '', bundle.revision)
    assert.match(event?.type === 'fault' ? event.reason : '', /^policy-fault: ./)
  }
  assert.equal(point.judge(callOf('no')).decision, denied('not-granted'))
  assert.equal(point.judge(callOf('yes')).decision, {
    allow: true,
    reasons: ['granted'],
    limits: null,
  })
  assert.equal(point.judge(callOf('set')).decision, {
    allow: true,
    reasons: ['a', 'b', 'c'],
    limits: null,
  })
})

test('a message that should name an item and does not is denied unasked', async () => {
  const events: PolicyEvent[] = []
  const point = await pointOf(bundle, events)
  const rows: readonly (readonly [string, JsonObject | undefined])[] = [
    ['tools/call', undefined],
    ['tools/call', {}],
    ['tools/call', { name: '' }],
    ['tools/call', { name: 1 }],
    ['tools/call', { name: ['yes'] }],
    ['prompts/get', { uri: 'yes' }],
    ['resources/read', { name: 'yes' }],
    ['tasks/get', {}],
    ['completion/complete', { ref: { type: 'ref/other', name: 'yes' } }],
    ['subscriptions/listen', { notifications: { resourceSubscriptions: [1] } }],
  ]
  for (const [method, params] of rows) {
    const { decision } = point.judge(questionOf(method, params))
    assert.equal(decision, denied('item-missing'), `${method} ${JSON.stringify(params)}`)
  }
  assert.equal(events, [])
})

test('facts that cannot be shown to the policy are denied', async () => {
  const point = await pointOf(bundle)
  const noObject = questionOf('tools/call', { name: 'yes', arguments: ['a'] })
  const rows: readonly (readonly [string, ReturnType<typeof callOf>])[] = [
    ['arguments that are a list', noObject],
    ['a lone surrogate in the name', callOf('yes\ud800')],
    ['a lone surrogate in a value', callOf('yes', { a: '\udfff' })],
    ['a lone surrogate in a key', callOf('yes', { 'a\ud83d': 1 })],
    [
      'a lone surrogate in a role',
      { ...callOf('yes'), identity: identityOf({ roles: ['\ud800'] }) },
    ],
    ['a lone surrogate in the method', questionOf('acme/\ud800')],
  ]
  for (const [what, question] of rows) {
    assert.equal(point.judge(question).decision, denied('facts-malformed'), what)
  }
  const noDate = { ...callOf('yes'), circumstances: { ...circumstances, nowMs: Number.NaN } }
  assert.equal(point.judge(noDate).decision, denied('policy-fault'))
  assert.ok(point.judge(callOf('yes', { a: '\u{1f600}', b: '\\ud800' })).decision.allow)
})

test('every item a message names must pass its own question, then the message its own', async () => {
  const point = await pointOf(bundle)
  const listen = (uris: string[], taskIds: string[] = []) => {
    return questionOf('subscriptions/listen', {
      notifications: { resourceSubscriptions: uris, taskIds },
    })
  }
  const updated = (uri: string) => {
    const change = { direction: 'server', kind: 'notification' } as const
    return questionOf('notifications/resources/updated', { uri }, change)
  }
  const template = (uri: string) =>
    questionOf('completion/complete', { ref: { type: 'ref/resource', uri } })
  const rows: readonly (readonly [string, ReturnType<typeof callOf>, boolean])[] = [
    ['no item', questionOf('ping'), true],
    ['listening to nothing', listen([]), true],
    ['listening to one', listen(['file:///yes']), true],
    ['listening to one that is denied', listen(['file:///yes', 'file:///no']), false],
    ['listening to a task', listen(['file:///yes'], ['t-1']), true],
    ['listening to a foreign task', listen(['file:///yes'], ['t-2']), false],
    ['a notification about one', updated('file:///yes'), true],
    ['a notification about one that is denied', updated('file:///no'), false],
    ['completing a template', template('demo://{id}'), true],
    ['completing another template', template('demo://{other}'), false],
    ['a call as a notification', { ...callOf('no'), kind: 'notification' }, false],
    ['arguments that pass', callOf('by-arguments', { n: 1 }), true],
    ['arguments that do not', callOf('by-arguments', { n: 2 }), false],
    ['no arguments', questionOf('tools/call', { name: 'by-arguments' }), false],
    ['too many items', listen(Array(201).fill('file:///yes')), false],
  ]
  for (const [what, question, allow] of rows) {
    assert.is(point.judge(question).decision.allow, allow, what)
  }
  const { decision } = point.judge(listen(Array(201).fill('file:///yes')))
  assert.equal(decision, denied('too-many-items'))
})

test('a denial of the item is the denial of the message, with its challenge', async () => {
  const point = await pointOf(bundle)
  const challenge = { scopes: ['files:write'], listing: 'show' }
  assert.equal(point.judge(callOf('step-up')).decision, { allow: false, reasons: [], challenge })
})

test("limits come from the message's own decision only", async () => {
  const point = await pointOf(bundle)
  const byArguments = point.judge(callOf('by-arguments', { n: 1 })).decision
  assert.equal(byArguments, { allow: true, reasons: [], limits: null })
  const { decision } = point.judge(callOf('limited'))
  const limit = {
    name: 'message',
    tier: 'gold',
    key: ['alice'],
    cost: 1,
    tokens: 100,
    perMs: 60_000,
    burst: 20,
  }
  assert.equal(decision, { allow: true, reasons: ['message'], limits: [limit] })
})

test('decision ids differ, the revision is the policy', async () => {
  const point = await pointOf(bundle)
  const judgements = Array.from({ length: 1_000 }, () => point.judge(questionOf('ping')))
  assert.is(new Set(judgements.map((judgement) => judgement.decisionId)).size, 1_000)
  assert.ok(judgements.every((judgement) => judgement.revision === bundle.revision))
  assert.is(point.revision, bundle.revision)
})

const listed: readonly (readonly [id: string, visible: boolean])[] = [
  ['yes', true],
  ['no', false],
  ['step-up', true],
  ['step-up-hidden', false],
  ['unheard of', false],
  ['text', false],
  ['allow-text', false],
  ['obligation', false],
  ['by-arguments', true],
  ['allowed-in-lists', false],
  ['yes', true],
]

test('a list shows what may be used or asked for, with and without the list module', async () => {
  for (const source of [bundle, hostless]) {
    const point = await pointOf(source)
    const ids = listed.map(([id]) => id)
    const seen = await point.visible(questionOf('tools/list'), 'tools', ids)
    assert.equal(
      seen,
      listed.map(([, visible]) => visible),
    )
    assert.equal(await point.visible(questionOf('tools/list'), 'tools', []), [])
    const uris = ['file:///yes', 'file:///no']
    assert.equal(await point.visible(questionOf('ping'), 'resources', uris), [true, false])
    const templates = ['demo://{id}', 'demo://{other}']
    const list = questionOf('resources/templates/list')
    assert.equal(await point.visible(list, 'resourceTemplates', templates), [true, false])
    assert.equal(await point.visible(questionOf('prompts/list'), 'prompts', ['no', 'yes']), [
      false,
      true,
    ])
  }
})

test('an item that faults or cannot be read hides itself and nobody else', async () => {
  const rows = [...listed, ['conflict', false], ['a\ud800', false], ['yes', true]] as const
  const ids = rows.map(([id]) => id)
  for (const source of [bundle, hostless]) {
    const events: PolicyEvent[] = []
    const point = await pointOf(source, events)
    const seen = await point.visible(questionOf('tools/list'), 'tools', ids)
    assert.equal(
      seen,
      rows.map(([, visible]) => visible),
    )
    assert.ok(
      events.some((event) => event.type === 'fault' && event.reason.startsWith('policy-fault')),
    )
  }
})

test('a list of 1,000 items is asked in chunks, and others get their turn between', async () => {
  const point = await pointOf(bundle)
  const ids = Array.from({ length: 1_000 }, (_, index) => (index % 3 === 0 ? 'yes' : 'no'))
  let turns = 0
  let done = false
  const count = () => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  const seen = await point.visible(questionOf('tools/list'), 'tools', ids)
  done = true
  assert.equal(
    seen,
    ids.map((id) => id === 'yes'),
  )
  assert.ok(turns >= 4, `${turns} turns`)
})

test('a list in an impossible exchange shows nothing', async () => {
  for (const source of [bundle, hostless]) {
    const point = await pointOf(source)
    const noDate = questionOf(
      'tools/list',
      {},
      { circumstances: { ...circumstances, nowMs: Number.NaN } },
    )
    assert.equal(await point.visible(noDate, 'tools', ['yes', 'yes']), [false, false])
  }
})

test('an observer that throws changes nothing', async () => {
  const holder = createPolicyHolder({
    policy() {
      throw new Error('observer')
    },
  })
  await holder.activate(bundle)
  assert.equal(holder.current()?.judge(callOf('conflict')).decision, denied('policy-fault'))
  assert.ok(holder.current()?.judge(callOf('yes')).decision.allow)
})

test.run()
