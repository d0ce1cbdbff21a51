/**
 * What a denied or limited caller gets, byte for byte, in both eras and in every form that
 * `refusals` offers. The reasons stay in the audit; the caller gets a decision id to quote.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import {
  brief,
  call,
  modern,
  notification,
  pinned,
  request,
  seenByCaller,
} from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const methods = [
  'stream/open',
  'session/close',
  'server/discover',
  'tools/list',
  'notifications/progress',
]
const callers = { alice: [], denied: methods.map((method) => `deny:${method}`) }
const upstream = await startUpstream()
const upstreams = { up: upstream.url }
const gateways = {
  default: await startGateway({ upstreams, callers }),
  errors: await startGateway({ upstreams, callers, refusals: { deniedCall: 'error' } }),
  http: await startGateway({
    upstreams,
    callers,
    refusals: { deniedCall: 'http', denied: 'http' },
  }),
}

test.after(async () => {
  for (const gateway of Object.values(gateways)) await gateway.close()
  await upstream.close()
})

const json = { 'content-type': 'application/json' }
const text = 'Denied by policy (decision <id>). Retrying will not help.'
const error = (id: string) =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":1403,"message":"${text}","data":{"decisionId":"<id>"}}}`
const legacyResult = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${text}"}],"isError":true}}`
const modernResult = `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"${text}"}],"isError":true}}`
const hiddenCall = { body: call('hidden-tool') }
const modernCall = modern('tools/call', { name: 'hidden-tool' })
const taskCall = { body: call('hidden-tool', { task: { ttl: 1000 } }) }
const denied = { as: 'denied' }

const unknownMethod =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found","data":{"decisionId":"<id>"}}}'
const rows = [
  { what: 'call', sent: hiddenCall, form: 'default', status: 200, body: legacyResult },
  { what: 'call', sent: hiddenCall, form: 'errors', status: 200, body: error('1') },
  { what: 'call', sent: hiddenCall, form: 'http', status: 403, body: error('1') },
  { what: 'modern call', sent: modernCall, form: 'default', status: 200, body: modernResult },
  { what: 'modern call', sent: modernCall, form: 'errors', status: 200, body: error('1') },
  { what: 'modern call', sent: modernCall, form: 'http', status: 403, body: error('1') },
  { what: 'call for a task', sent: taskCall, form: 'default', status: 200, body: error('1') },
  { what: 'call for a task', sent: taskCall, form: 'http', status: 403, body: error('1') },
  {
    what: 'call with a text as its id',
    sent: { body: call('hidden-tool', {}, 'a"b') },
    form: 'errors',
    status: 200,
    body: error('"a\\"b"'),
  },
  {
    what: 'resource',
    sent: { body: request('resources/read', { uri: 'file:///hidden' }) },
    form: 'default',
    status: 200,
    body: error('1'),
  },
  {
    what: 'modern resource',
    sent: modern('resources/read', { uri: 'file:///hidden' }),
    form: 'http',
    status: 403,
    body: error('1'),
  },
  {
    what: 'completion of a hidden prompt',
    sent: {
      body: request('completion/complete', {
        ref: { type: 'ref/prompt', name: 'hidden-prompt' },
        argument: { name: 'a', value: '' },
      }),
    },
    form: 'default',
    status: 200,
    body: error('1'),
  },
  {
    what: 'unknown method',
    sent: { body: request('vendor/anything') },
    form: 'default',
    status: 200,
    body: unknownMethod,
  },
  {
    what: 'unknown method of the modern era',
    sent: modern('vendor/anything'),
    form: 'http',
    status: 404,
    body: unknownMethod,
  },
  {
    what: 'list',
    sent: { ...denied, body: request('tools/list') },
    form: 'default',
    status: 200,
    body: error('1'),
  },
  {
    what: 'discovery',
    sent: { ...denied, ...modern('server/discover') },
    form: 'default',
    status: 403,
    body: error('1'),
  },
] as const

for (const { what, sent, form, status, body } of rows) {
  test(`denied ${what}, refusals ${form}: ${status}`, async () => {
    const gateway = gateways[form]
    const earlier = (await gateway.audit()).length
    const answer = await gateway.send(sent)
    assert.equal(seenByCaller(answer), { status, headers: json, body })
    const [event, ...more] = (await gateway.audit()).slice(earlier)
    assert.equal(more, [])
    assert.equal(
      {
        outcome: event?.outcome,
        code: event?.code,
        reasons: event?.reasons,
        status: event?.status,
      },
      { outcome: 'denied', code: null, reasons: ['denied-by-test'], status },
    )
    assert.ok(answer.body.includes(event?.decision_id ?? 'none'), 'the id of the record')
    assert.not.ok(answer.body.includes('denied-by-test'), 'no reason for the caller')
    assert.equal(upstream.seen.length, 0)
  })
}

test('a denied tool and one that does not exist look alike', async () => {
  const [one, other] = await Promise.all([
    gateways.default.send(hiddenCall),
    gateways.default.send({ body: call('hidden-and-not-there') }),
  ])
  assert.equal(seenByCaller(one), seenByCaller(other))
})

const silent = [
  { what: 'notification', body: notification('notifications/progress', { progressToken: 1 }) },
  { what: 'unknown notification', body: notification('vendor/anything') },
]
for (const { what, body } of silent) {
  test(`denied ${what}: 202, nothing forwarded`, async () => {
    const earlier = (await gateways.default.audit()).length
    const answer = await gateways.default.send({ ...denied, body })
    assert.equal(seenByCaller(answer), { status: 202, headers: {}, body: '' })
    assert.is(answer.headers.get('content-length'), '0')
    const events = (await gateways.default.audit()).slice(earlier)
    assert.equal(
      events.map(({ outcome, status }) => ({ outcome, status })),
      [{ outcome: 'denied', status: 202 }],
    )
    assert.equal(upstream.seen.length, 0)
  })
}

const verbs = [
  { verb: 'GET', status: 405, headers: { ...json, allow: 'POST, DELETE' }, method: 'stream/open' },
  { verb: 'DELETE', status: 403, headers: json, method: 'session/close' },
] as const
for (const { verb, status, headers, method } of verbs) {
  test(`denied ${verb}: ${status}`, async () => {
    const earlier = (await gateways.default.audit()).length
    const answer = await gateways.default.send({ ...denied, verb })
    assert.equal(seenByCaller(answer), { status, headers, body: error('null') })
    const events = (await gateways.default.audit()).slice(earlier)
    assert.equal(
      events.map((event) => ({ outcome: event.outcome, method: event.method })),
      [{ outcome: 'denied', method }],
    )
    assert.equal(upstream.seen.length, 0)
  })
}

test('a modern denial never looks like a server of the other era', async () => {
  const answer = await gateways.http.send({ ...denied, ...modern('tools/list') })
  assert.is(answer.status, 403)
  assert.is(pinned(answer.body), error('1'))
})

test('the record says how long judging took', async () => {
  for (const body of [call('hidden-tool'), call('open-tool')]) {
    await gateways.default.send({ body })
    const event = (await gateways.default.audit()).at(-1)
    const { decide = 0, total = 0 } = event?.duration_us ?? {}
    assert.ok(decide > 0 && decide <= total, `${event?.outcome}: ${decide} of ${total}`)
  }
  upstream.seen.length = 0
})

for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
  test(`modern ${method}: 404, since that revision has no such method`, async () => {
    const earlier = (await gateways.default.audit()).length
    const answer = await gateways.default.send(
      modern(method, { uri: 'file:///open' }, { 'mcp-name': null }),
    )
    assert.equal(seenByCaller(answer), {
      status: 404,
      headers: json,
      body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found","data":{"requestId":"<id>"}}}',
    })
    const events = (await gateways.default.audit()).slice(earlier)
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'rejected', code: 'method-removed', status: 404, method },
    ])
    assert.equal(upstream.seen.length, 0)
  })
}

test.run()
