import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PartialFacts } from '../../src/contracts.js'
import type { JsonObject } from '../../src/domain.js'
import { completed, echo } from './completed.js'

test('the shortest facts are those of a call, whole', () => {
  assert.equal(completed({ resource: echo }), {
    subject: {
      id: 'alice',
      kind: 'user',
      issuer: 'mcp-guard',
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: [],
      groups: [],
      scopes: [],
      tenant: null,
      expires_at: null,
      claims: {},
    },
    action: { name: 'tools/call', class: 'use' },
    resource: {
      ...echo,
      labels: {},
      known: true,
      annotations: {},
      digest: `sha256:${'0'.repeat(64)}`,
      arguments: {},
      params: {},
    },
    context: {
      question: 'message',
      direction: 'client',
      kind: 'request',
      time: '2026-01-05T09:00:00Z',
      time_ns: 1_767_603_600_000_000_000,
      date: '2026-01-05',
      hour: 9,
      weekday: 'monday',
      zones: {},
      ip: '127.0.0.1',
      transport: 'http',
      era: 'legacy',
      protocol_version: '2025-11-25',
      client: { name: 'example-client', version: '1.0.0' },
      session: null,
      request_id: 'request-1',
    },
  })
})

const followed: readonly (readonly [string, PartialFacts, object])[] = [
  [
    'a prompt is got',
    { resource: { ...echo, type: 'prompt' } },
    { action: { name: 'prompts/get' } },
  ],
  [
    'a resource is read',
    { resource: { type: 'resource', id: 'file:///a', server: 's' } },
    {
      action: { name: 'resources/read' },
      resource: { uri: { scheme: 'file', authority: '', path: '/a', canonical: true } },
    },
  ],
  [
    'a list is asked of the server',
    { resource: { server: 's' }, action: { name: 'tools/list' } },
    { action: { class: 'list' }, resource: { type: 'server', id: 's', known: false, params: {} } },
  ],
  [
    'a task is named in the parameters',
    { resource: { server: 's', id: 't' }, action: { name: 'tasks/get' } },
    { resource: { type: 'task', known: false, params: { taskId: 't' } } },
  ],
  [
    'or only there',
    { resource: { server: 's', params: { taskId: 't' } }, action: { name: 'tasks/get' } },
    { resource: { id: 't' } },
  ],
  [
    'a completion refers to its prompt',
    { resource: { server: 's', type: 'prompt', id: 'p' }, action: { name: 'completion/complete' } },
    { resource: { params: { ref: { type: 'ref/prompt', name: 'p' } } } },
  ],
  [
    'or to its template',
    {
      resource: { server: 's', params: { ref: { type: 'ref/resource', uri: 'f:///{a}' } } },
      action: { name: 'completion/complete' },
    },
    { resource: { type: 'resource_template', id: 'f:///{a}' } },
  ],
  [
    'a server asks',
    { resource: { server: 's' }, action: { name: 'roots/list' } },
    { context: { direction: 'server', kind: 'request' } },
  ],
  [
    'a notification',
    { resource: { server: 's' }, action: { name: 'notifications/progress' } },
    { action: { class: 'notify' }, context: { kind: 'notification' } },
  ],
  [
    'a response',
    { resource: { server: 's' }, action: { name: 'response' } },
    { action: { class: 'answer' }, context: { kind: 'response' } },
  ],
  [
    'a method that nobody knows',
    { resource: { server: 's' }, action: { name: 'acme/x' } },
    { action: { class: 'unknown' }, resource: { type: 'server' } },
  ],
  [
    'an item question',
    { resource: echo, context: { question: 'item' } },
    { context: { question: 'item' } },
  ],
  [
    'nobody in particular',
    { resource: echo, subject: { kind: 'anonymous' } },
    { subject: { id: 'anonymous', issuer: 'anonymous', method: 'anonymous' } },
  ],
  [
    'somebody with a token',
    { resource: echo, subject: { method: 'jwt' } },
    { subject: { issuer: 'https://idp.example' } },
  ],
  [
    'a revision of today',
    { resource: echo, context: { protocol_version: '2026-07-28' } },
    { context: { era: 'modern' } },
  ],
  [
    'an era',
    { resource: echo, context: { era: 'modern' } },
    { context: { protocol_version: '2026-07-28' } },
  ],
  [
    'a client that says nothing',
    { resource: echo, context: { client: null } },
    { context: { client: null } },
  ],
  [
    'half a client',
    { resource: echo, context: { client: { name: 'x' } } },
    { context: { client: { name: 'x', version: '1.0.0' } } },
  ],
  [
    'a weekday',
    { resource: echo, context: { weekday: 'saturday', hour: 22 } },
    { context: { time: '2026-01-10T22:00:00Z', date: '2026-01-10' } },
  ],
  [
    'a date',
    { resource: echo, context: { date: '2026-07-07' } },
    { context: { time: '2026-07-07T09:00:00Z', weekday: 'tuesday' } },
  ],
  [
    'nanoseconds',
    { resource: echo, context: { time_ns: 1_767_603_600_123_000_000 } },
    { context: { time: '2026-01-05T09:00:00Z', hour: 9 } },
  ],
  [
    'a clock on the wall',
    {
      resource: echo,
      context: { zones: { 'Europe/Zurich': { weekday: 'friday', hour: 1, minute: 30 } } },
    },
    {
      context: {
        time: '2026-01-09T00:30:00Z',
        weekday: 'friday',
        zones: { 'Europe/Zurich': { date: '2026-01-09', hour: 1, minute: 30, weekday: 'friday' } },
      },
    },
  ],
  [
    'a clock on the wall in summer',
    { resource: echo, context: { zones: { 'Europe/Zurich': { date: '2026-07-07', hour: 0 } } } },
    { context: { time: '2026-07-06T22:00:00Z', hour: 22, date: '2026-07-06' } },
  ],
  [
    'a zone alone',
    { resource: echo, context: { zones: { 'Asia/Tokyo': {} } } },
    {
      context: {
        zones: { 'Asia/Tokyo': { date: '2026-01-05', hour: 18, minute: 0, weekday: 'monday' } },
      },
    },
  ],
]

for (const [description, given, expected] of followed) {
  test(`what follows: ${description}`, () => {
    const facts = completed(given) as unknown as JsonObject
    assert.ok(holds(facts, expected), JSON.stringify(facts))
  })
}

function holds(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(whole, part)
  if (typeof whole !== 'object' || whole === null) return false
  return Object.entries(part).every(([name, value]) =>
    holds((whole as Record<string, unknown>)[name], value),
  )
}

test.run()
