/**
 * Batches (2025-03-26): each element is judged, charged and recorded by itself and sent on as a
 * single message; a denial among them answers for its element alone. In any other version, or badly
 * put together, an array is refused as a whole and leaves one record.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import {
  brief,
  call,
  notification,
  openSession,
  request,
  seenByCaller,
} from '../support/messages.js'
import { json, mcpServer, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], bob: ['limit:tools/call'] },
})

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const batchHeaders = { 'mcp-protocol-version': '2025-03-26' }

/** Messages of the answer, by id; each has to be an event of its own. */
function answersOf(body: string): Map<unknown, Record<string, unknown>> {
  const events = body.split('\n\n').filter((text) => text !== '')
  const messages = events.map((text) => JSON.parse(/^data: (.*)$/.exec(text)?.[1] ?? 'null'))
  assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length, body)
  return new Map(messages.map((message) => [message.id, message]))
}

test('each element has its own answer, its own record and its own request to the server', async () => {
  const earlier = (await gateway.audit()).length
  const body = [
    call('open-tool', {}, 1),
    call('hidden-tool', {}, 2),
    request('tools/list', {}, '1'),
  ]
  const answer = await gateway.send({ headers: batchHeaders, body })
  assert.is(answer.status, 200)
  assert.is(answer.headers.get('content-type'), 'text/event-stream')
  const answers = answersOf(answer.body)
  assert.equal([...answers.keys()].map(String).sort(), ['1', '1', '2'])
  assert.equal(answers.get(1)?.['result'], { content: [{ type: 'text', text: '{}' }] })
  assert.match(JSON.stringify(answers.get(2)), /"isError":true/)
  const { tools } = Object(answers.get('1')?.['result'])
  assert.equal(
    tools.map(({ name }: { name: string }) => name),
    ['open-tool', 'other-tool'],
  )
  const sent = upstream.seen.map(({ message }) => message.id)
  assert.equal(sent.map(String).sort(), ['1', '1'])
  const events = (await gateway.audit()).slice(earlier)
  assert.equal(events.map(({ method, outcome }) => `${method} ${outcome}`).sort(), [
    'tools/call denied',
    'tools/call forwarded',
    'tools/list forwarded',
  ])
  assert.is(new Set(events.map(({ request_id }) => request_id)).size, 3)
})

test('the session says the version where no header does', async () => {
  const initialize = request('initialize', {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: { name: 'old-client', version: '1' },
  })
  const opened = await gateway.send({ body: initialize })
  const session = opened.headers.get('mcp-session-id') ?? ''
  const headers = { 'mcp-session-id': session }
  const answer = await gateway.send({ headers, body: [request('ping', {}, 5)] })
  assert.equal([...answersOf(answer.body).keys()], [5])
  const newer = { 'mcp-session-id': await openSession(gateway) }
  const refused = await gateway.send({ headers: newer, body: [request('ping', {}, 5)] })
  assert.is(refused.status, 400)
})

test('notifications and responses alone: 202 without a body', async () => {
  const body = [notification('notifications/roots/list_changed'), notification('notifications/x-y')]
  const answer = await gateway.send({ headers: batchHeaders, body: body.slice(0, 1) })
  assert.equal([answer.status, answer.body], [202, ''])
  assert.is(upstream.seen.length, 1)
  const denied = await gateway.send({ headers: batchHeaders, body: body.slice(1) })
  assert.equal([denied.status, denied.body], [202, ''])
  assert.is(upstream.seen.length, 1, 'what is denied is not sent')
})

test('where no answer is due the first refusal by status is the answer', async () => {
  const foreign = { jsonrpc: '2.0', id: 'nobody-asked', result: {} }
  const body = [notification('notifications/roots/list_changed'), foreign]
  const answer = await gateway.send({ headers: batchHeaders, body })
  assert.is(answer.status, 400)
  assert.match(answer.body, 'the response answers no request')
  assert.is(upstream.seen.length, 1)
})

test('a gateway that stops tells each element that waits', async () => {
  const stopping = await startGateway({
    upstreams: { up: upstream.url },
    listen: { drainTimeout: '200ms' },
  })
  upstream.script = (seen, response) => {
    if (seen.message.id === 1) return mcpServer()(seen, response)
  }
  const body = [call('open-tool', {}, 1), call('open-tool', {}, 2), call('open-tool', {}, 3)]
  const answer = stopping.send({ headers: batchHeaders, body })
  await upstream.arrives(({ message }) => message.id === 3)
  await stopping.guard.close()
  const answers = answersOf((await answer).body)
  const outcomes = (await stopping.audit()).map(({ outcome, code }) => `${outcome} ${code}`).sort()
  await stopping.close()
  assert.ok('result' in (answers.get(1) ?? {}))
  assert.equal([codeOf(answers.get(2)), codeOf(answers.get(3))], [-32603, -32603])
  const stopped = 'failed GUARD_STOPPING'
  assert.equal(outcomes, [stopped, stopped, 'forwarded null'])
})

test('each element is charged: the second call of a bucket of one is limited', async () => {
  const body = [call('open-tool', {}, 1), call('open-tool', {}, 2)]
  const answer = await gateway.send({ as: 'bob', headers: batchHeaders, body })
  const answers = answersOf(answer.body)
  assert.ok('result' in (answers.get(1) ?? {}))
  assert.equal(codeOf(answers.get(2)), 1429)
})

test('an element that is no message is answered without an id, the others as ever', async () => {
  const body = [7, call('open-tool', {}, 1), { ...call('open-tool', {}, 2), extra: 1 }]
  const answers = answersOf((await gateway.send({ headers: batchHeaders, body })).body)
  assert.equal(codeOf(answers.get(null)), -32600)
  assert.ok('result' in (answers.get(1) ?? {}))
  assert.equal(codeOf(answers.get(2)), -32600)
})

test('a server that answers one element with an error of no id answers that element', async () => {
  upstream.script = (seen, response) => {
    if (seen.message.id === 2) {
      const error = { code: -32000, message: 'bad session' }
      return json(response, { jsonrpc: '2.0', id: null, error }, 400)
    }
    return mcpServer()(seen, response)
  }
  const body = [call('open-tool', {}, 1), call('open-tool', {}, 2)]
  const answers = answersOf((await gateway.send({ headers: batchHeaders, body })).body)
  assert.equal(answers.get(2)?.['error'], { code: -32000, message: 'bad session' })
  assert.ok('result' in (answers.get(1) ?? {}))
})

test('a client that goes leaves no element behind', async () => {
  upstream.script = () => undefined
  const earlier = (await gateway.audit()).length
  const body = [call('open-tool', {}, 1), call('open-tool', {}, 2)]
  const connection = await gateway.open({ headers: batchHeaders, body })
  await upstream.arrives(({ message }) => message.id === 2)
  connection.close()
  await gateway.event(({ outcome }) => outcome === 'abandoned')
  const events = (await gateway.audit()).slice(earlier)
  assert.equal(
    events.map(({ outcome }) => outcome),
    ['abandoned', 'abandoned'],
  )
})

function codeOf(answer: Record<string, unknown> = {}): unknown {
  return Object(answer['error']).code
}

const refused: readonly (readonly [
  what: string,
  body: object[],
  version: string | null,
  code: string,
  text: string,
])[] = [
  [
    'no version known',
    [call('open-tool')],
    null,
    'batch',
    'the body is an array: this protocol version has no batches',
  ],
  [
    'a newer version',
    [call('open-tool')],
    '2025-06-18',
    'batch',
    'the body is an array: this protocol version has no batches',
  ],
  [
    'the modern version',
    [call('open-tool')],
    '2026-07-28',
    'batch',
    'the body is an array: this protocol version has no batches',
  ],
  ['empty', [], '2025-03-26', 'batch-empty', 'the batch is empty'],
  ['nested', [[call('open-tool')]], '2025-03-26', 'batch-nested', 'the batch has a batch in it'],
  [
    'initialize inside',
    [request('initialize', { protocolVersion: '2025-03-26' })],
    '2025-03-26',
    'batch-initialize',
    'initialize has to be sent by itself',
  ],
  [
    'an id twice',
    [call('open-tool'), call('open-tool')],
    '2025-03-26',
    'batch-id-doubled',
    'two requests of the batch share an id',
  ],
]

for (const [what, body, version, code, text] of refused) {
  test(`refused as a whole: ${what}`, async () => {
    const earlier = (await gateway.audit()).length
    const headers = { 'mcp-protocol-version': version }
    const answer = await gateway.send({ headers, body })
    assert.equal(seenByCaller(answer), {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":${JSON.stringify(text)},"data":{"requestId":"<id>"}}}`,
    })
    const events = (await gateway.audit()).slice(earlier)
    const rejected = { event: 'refused', outcome: 'rejected', code, status: 400, method: null }
    assert.equal(events.map(brief), [rejected])
    assert.is(upstream.seen.length, 0)
  })
}

test.run()
