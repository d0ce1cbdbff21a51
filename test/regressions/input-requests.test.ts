/**
 * A result that asks the client for input (2026-07-28: `inputRequests`) carries requests of the
 * server: each is judged and recorded as one, and the result passes when all of them may.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { passAnswer } from '../support/answer-rig.js'
import { startGateway } from '../support/gateway.js'
import { modern } from '../support/messages.js'
import { event, events, json, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], strict: ['deny:sampling/createMessage'] },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const elicit = { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: {} } }
const sample = { method: 'sampling/createMessage', params: { messages: [] } }
/** The one that may be denied comes first. */
const both = { what: sample, who: elicit }
const asking = (inputRequests: unknown, more: object = {}) => ({
  resultType: 'input_required',
  inputRequests,
  ...more,
})
const chunkBytes = 16 * 1024
const padding = { padding: 'x'.repeat(512 * 1024) }

async function callTool(as: string, result: object, sse: boolean) {
  upstream.script = ({ message }, response) => {
    const answer = { jsonrpc: '2.0', id: message.id, result }
    if (!sse) return json(response, answer)
    events(response, event(answer))
    response.end()
  }
  const earlier = (await gateway.audit()).length
  const answer = await gateway.send({ as, ...modern('tools/call', { name: 'open-tool' }) })
  const recorded = (await gateway.audit())
    .slice(earlier)
    .map((one) => [one.event, one.direction, one.kind, one.method, one.outcome, one.code])
  return { ...answer, recorded }
}

const asked = (method: string, outcome: string) => {
  return ['message', 'server', 'request', method, outcome, null]
}
const own = (outcome: string, code: string | null = null) => {
  return ['message', 'client', 'request', 'tools/call', outcome, code]
}
const elicited = asked('elicitation/create', 'forwarded')

for (const sse of [false, true]) {
  const framing = sse ? 'an event' : 'JSON'
  // A small one, one that is held back though it is large, and one whose requests come first.
  const forms = [asking(both), { ...padding, ...asking(both) }, asking(both, padding)]
  // Where the padding comes first it streams before the requests are seen.
  for (const result of [forms[0], forms[2]].filter((form) => form !== undefined)) {
    const bytes = JSON.stringify(result).length
    test(`${framing} of ${bytes} bytes whose requests may all pass, passes`, async () => {
      const { status, body, recorded } = await callTool('alice', result, sse)
      assert.is(status, 200)
      const message = JSON.stringify({ jsonrpc: '2.0', id: 1, result })
      assert.is(body, sse ? `data: ${message}\n\n` : message)
      const sampled = asked('sampling/createMessage', 'forwarded')
      assert.equal(recorded, [sampled, elicited, own('forwarded')])
    })

    test(`${framing} of ${bytes} bytes with a denied request does not`, async () => {
      const { status, body, recorded } = await callTool('strict', result, sse)
      assert.is(status, 200)
      assert.not.match(body, 'inputRequests')
      assert.not.match(body, 'Who?')
      assert.match(body, '"isError":true')
      assert.match(body, 'Denied by policy')
      assert.equal(recorded, [asked('sampling/createMessage', 'denied'), elicited, own('denied')])
    })
  }

  test(`${framing} that asks after it began to stream is broken off`, async () => {
    const result = JSON.stringify(forms[1])
    const message = `{"jsonrpc":"2.0","id":1,"result":${result}}`
    const text = Buffer.from(sse ? `data: ${message}\n\n` : message)
    const count = Math.ceil(text.length / chunkBytes)
    const chunks = Array.from({ length: count }, (_, index) =>
      text.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    )
    const type = sse ? 'text/event-stream' : 'application/json'
    const view = await passAnswer(
      { status: 200, headers: { 'content-type': type }, chunks },
      { expected: { type: 'own', id: 1 }, allowed: () => true },
    )
    assert.ok(view.broken)
    assert.is(view.failed, 'a list or request inside a large result')
    assert.equal([view.asked.length, view.settled.length], [0, 0])
    assert.not.match(Buffer.from(view.body).toString(), 'Who?')
  })
}

test('the server is not answered by the gateway: its result is the answer that is due', async () => {
  upstream.seen.length = 0
  await callTool('strict', asking(both), false)
  await callTool('strict', asking(both), false)
  assert.equal(
    upstream.seen.map(({ message }) => message.method),
    ['tools/call', 'tools/call'],
  )
})

test('a method that no policy knows is judged too', async () => {
  const { status, recorded } = await callTool(
    'alice',
    asking({ a: { method: 'vendor/ask' } }),
    false,
  )
  assert.is(status, 200)
  assert.equal(recorded, [asked('vendor/ask', 'denied'), own('denied')])
})

const unreadable: readonly (readonly [what: string, inputRequests: unknown])[] = [
  ['no object', [elicit]],
  ['null', null],
  ['a text as a request', { a: 'elicitation/create' }],
  ['a list as a request', { a: [elicit] }],
  ['no method', { a: { params: {} } }],
  ['a method that is no text', { a: { method: 1 } }],
  ['a word of the gateway’s own', { a: { method: 'response' } }],
  ['a response', { a: { result: {} } }],
  ['one good, one not', { a: elicit, b: 1 }],
]
for (const [what, inputRequests] of unreadable) {
  test(`unreadable, ${what}: 502`, async () => {
    const { status, body, recorded } = await callTool('alice', asking(inputRequests), false)
    assert.is(status, 502)
    assert.not.match(body, 'Who?')
    assert.equal(recorded, [own('failed', 'GUARD_UPSTREAM_INVALID')])
  })
}

test('a list of requests is refused when it begins, not held until it ends', async () => {
  const endless = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"inputRequests":[')
  const { failed, broken } = await passAnswer(
    { status: 200, headers: { 'content-type': 'application/json' }, chunks: [endless] },
    { expected: { type: 'own', id: 1 }, allowed: () => true },
  )
  assert.equal([failed, broken], ['inputRequests in a result is not an object', false])
})

const folded = ['inputrequests', 'InputRequests', 'ınputRequests', 'inputRequest\u017f']
for (const name of folded) {
  test(`a member that reads like it, ${name}: 502`, async () => {
    const { status } = await callTool('alice', { [name]: both }, false)
    assert.is(status, 502)
  })
}

test('a result that asks for nothing passes, and nothing is judged', async () => {
  const { status, recorded } = await callTool('strict', asking({}), false)
  assert.is(status, 200)
  assert.equal(recorded, [own('forwarded')])
})

test.run()
