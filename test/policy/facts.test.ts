import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject, Question } from '../../src/domain.js'
import { listItems, namedItems } from '../../src/mcp/methods.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { circumstances, identityOf, questionOf } from './questions.js'
import { printedSeed } from './seed.js'

const schemaFile = new URL('../../../schemas/facts.schema.json', import.meta.url)
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'))
const isFacts = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema)

function assertFacts(facts: unknown, what: string): void {
  assert.ok(
    isFacts(JSON.parse(JSON.stringify(facts))),
    `${what}: ${JSON.stringify(isFacts.errors)}`,
  )
}

function messageOf(question: Question) {
  const items = namedItems(question.method, question.params)
  assert.ok(items !== null)
  return messageFacts(question, items ?? [])
}

test('arguments that are no object give no facts', () => {
  for (const given of [null, [], ['a'], 'a', 1, true]) {
    const question = questionOf('tools/call', { name: 'read', arguments: given })
    assert.is(messageOf(question), null, JSON.stringify(given))
  }
})

test('the facts of a call, whole', () => {
  const params = {
    name: 'read_file',
    arguments: { path: '/workspace/a' },
    task: { ttl: 1 },
    _meta: { progressToken: 1 },
  }
  const expected = {
    subject: identityOf().subject,
    action: { name: 'tools/call', class: 'use' },
    resource: {
      type: 'tool',
      id: 'read_file',
      server: 'files',
      labels: { env: 'prod' },
      known: false,
      arguments: { path: '/workspace/a' },
      params: { task: { ttl: 1 } },
    },
    context: {
      question: 'message',
      direction: 'client',
      kind: 'request',
      time: '2026-11-22T09:00:00Z',
      time_ns: 1_795_338_000_123_000_000,
      date: '2026-11-22',
      hour: 9,
      weekday: 'sunday',
      zones: {},
      ip: '10.0.0.7',
      transport: 'http',
      era: 'modern',
      protocol_version: '2026-07-28',
      client: { name: 'client', version: '1.0.0' },
      session: null,
      request_id: 'request-1',
    },
  }
  const facts = messageOf(questionOf('tools/call', params))
  assert.equal(JSON.parse(JSON.stringify(facts)), expected)
  assert.match(JSON.stringify(facts), '"time_ns":1795338000123000000,')
})

test('what a message is about, its arguments and its remaining parameters', () => {
  const rows: readonly (readonly [
    string,
    JsonObject | undefined,
    string,
    string,
    unknown,
    unknown,
  ])[] = [
    [
      'initialize',
      { protocolVersion: '1' },
      'server',
      'files',
      undefined,
      { protocolVersion: '1' },
    ],
    ['ping', undefined, 'server', 'files', undefined, {}],
    ['tools/list', { cursor: 'c', _meta: {} }, 'server', 'files', undefined, { cursor: 'c' }],
    ['tools/call', { name: 'a' }, 'tool', 'a', {}, {}],
    ['prompts/get', { name: 'a', arguments: { x: '1' } }, 'prompt', 'a', { x: '1' }, {}],
    ['resources/read', { uri: 'file:///a' }, 'resource', 'file:///a', {}, {}],
    ['resources/subscribe', { uri: 'file:///a' }, 'resource', 'file:///a', {}, {}],
    ['tasks/get', { taskId: 't' }, 'task', 't', {}, { taskId: 't' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'p' } },
      'prompt',
      'p',
      {},
      { ref: { type: 'ref/prompt', name: 'p' } },
    ],
    [
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: ['file:///a', 'file:///b'] } },
      'server',
      'files',
      undefined,
      { notifications: { resourceSubscriptions: ['file:///a', 'file:///b'] } },
    ],
    [
      'acme/own',
      { name: 'n', arguments: 1 },
      'server',
      'files',
      undefined,
      { name: 'n', arguments: 1 },
    ],
  ]
  for (const [method, params, type, id, args, rest] of rows) {
    const facts = messageOf(questionOf(method, params))
    assertFacts(facts, method)
    const { resource } = JSON.parse(JSON.stringify(facts))
    assert.is(resource.type, type, method)
    assert.is(resource.id, id, method)
    assert.equal(resource.arguments, args, method)
    assert.equal(resource.params, rest, method)
  }
})

test('a message of the server is judged with its direction, about the server or the URI it names', () => {
  const change = { direction: 'server', kind: 'notification' } as const
  const updated = messageOf(
    questionOf('notifications/resources/updated', { uri: 'file:///a' }, change),
  )
  assert.is(updated?.context.direction, 'server')
  assert.is(updated?.context.kind, 'notification')
  assert.equal(updated?.action, { name: 'notifications/resources/updated', class: 'notify' })
  assert.is(updated?.resource.type, 'resource')
  assert.is(updated?.resource.uri?.canonical, true)
  const sampling = messageOf(questionOf('sampling/createMessage', {}, { direction: 'server' }))
  assert.is(sampling?.resource.type, 'server')
  assert.is(sampling?.resource.id, 'files')
})

test('a parameter named __proto__ is a parameter', () => {
  const params: JsonObject = JSON.parse('{"name":"a","__proto__":{"x":1},"constructor":2}')
  const text = JSON.stringify(messageOf(questionOf('tools/call', params)))
  assert.match(text, '"params":{"__proto__":{"x":1},"constructor":2}')
})

test('time facts are of the UTC clock', () => {
  const rows: readonly (readonly [string, string, string, number, string])[] = [
    ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00Z', '1970-01-01', 0, 'thursday'],
    ['2026-02-28T23:59:59.999Z', '2026-02-28T23:59:59Z', '2026-02-28', 23, 'saturday'],
    ['2028-02-29T12:00:00.001Z', '2028-02-29T12:00:00Z', '2028-02-29', 12, 'tuesday'],
    ['2026-11-23T00:00:00.000Z', '2026-11-23T00:00:00Z', '2026-11-23', 0, 'monday'],
  ]
  for (const [moment, time, date, hour, weekday] of rows) {
    const at = { circumstances: { ...circumstances, nowMs: Date.parse(moment) } }
    const facts = messageOf(questionOf('ping', undefined, at))
    assertFacts(facts, moment)
    const { context } = JSON.parse(JSON.stringify(facts))
    assert.equal(
      [context.time, context.date, context.hour, context.weekday],
      [time, date, hour, weekday],
    )
    assert.match(JSON.stringify(facts), `"time_ns":${BigInt(Date.parse(moment)) * 1_000_000n},`)
  }
})

test('a list and a message ask the same item question, byte for byte', async () => {
  const names = fc.string({ unit: 'binary', minLength: 1 })
  const asked = fc.record({
    name: names,
    roles: fc.array(fc.string()),
    direction: fc.constantFrom('client', 'server'),
    kind: fc.constantFrom('request', 'notification'),
    args: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  const methods = [
    ['tools/list', 'tools/call', 'tools', 'name'],
    ['prompts/list', 'prompts/get', 'prompts', 'name'],
    ['resources/list', 'resources/read', 'resources', 'uri'],
    ['resources/list', 'resources/subscribe', 'resources', 'uri'],
    ['resources/list', 'notifications/resources/updated', 'resources', 'uri'],
  ] as const
  let asks = 0
  await fc.assert(
    fc.property(fc.constantFrom(...methods), asked, ([list, use, kind, member], row) => {
      const change = { identity: identityOf({ roles: row.roles }) }
      const params = { [member]: row.name, arguments: row.args } as JsonObject
      const { direction, kind: messageKind } = row
      const call = questionOf(use, params, { ...change, direction, kind: messageKind })
      const listed = {
        type: listItems[kind].type,
        id: row.name,
        action: listItems[kind].action,
      }
      const [named] = namedItems(use, params) ?? []
      const atCall = JSON.stringify(itemFacts(call, named ?? listed))
      assert.equal(named, listed)
      assert.is(
        atCall,
        JSON.stringify(itemFacts(questionOf(list, { cursor: 'c' }, change), listed)),
      )
      assertFacts(JSON.parse(atCall), use)
      const { resource, context, action } = JSON.parse(atCall)
      assert.not.ok('arguments' in resource || 'params' in resource)
      assert.equal(
        [context.question, context.direction, context.kind],
        ['item', 'client', 'request'],
      )
      assert.equal(action, { name: listed.action, class: 'use' })
      asks += 1
    }),
    { numRuns: 500, seed: printedSeed('one item question') },
  )
  assert.is(asks, 500)
})

test.run()
