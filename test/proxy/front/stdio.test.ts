/**
 * A client over stdio: its lines make the same journey as requests over HTTP, and what HTTP says by a
 * status it is told as an error of its request's id. Nothing but messages is ever written.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import { type Gateway, type GatewayOptions, keyOf, startGateway } from '../../support/gateway.js'
import { call, modern, notification, pinned, request } from '../../support/messages.js'
import { type StdioRig, serveStdio } from '../../support/stdio-client.js'
import {
  event,
  events,
  json,
  mcpServer,
  result,
  startUpstream,
  upstreamSession,
} from '../../support/upstream.js'

const upstream = await startUpstream()
let gateway: Gateway
let rig: StdioRig

async function start(more: Partial<GatewayOptions> = {}, claim?: Parameters<typeof serveStdio>[1]) {
  gateway = await startGateway({ upstreams: { up: upstream.url }, ...more })
  rig = serveStdio(gateway, claim)
}

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after.each(async () => {
  rig.input.end()
  await rig.served
  await gateway.close()
})
test.after(() => upstream.close())

function acknowledged(id: unknown): object {
  const meta = { 'io.modelcontextprotocol/subscriptionId': id }
  return notification('notifications/subscriptions/acknowledged', {
    notifications: {},
    _meta: meta,
  })
}

const own = (id: unknown) => (message: Record<string, unknown>) => message['id'] === id

test('a session: its id and version on every request, its stream opened, closed at the end', async () => {
  await start()
  await rig.open()
  const get = await upstream.arrives(({ verb }) => verb === 'GET')
  rig.send(call('open-tool', { arguments: { a: 1 } }, 'x'))
  const answer = await rig.receives(own('x'))
  assert.equal(answer['result'], { content: [{ type: 'text', text: '{"a":1}' }] })
  const posted = upstream.seen.find(({ message }) => message.method === 'tools/call')
  for (const { headers } of [get, posted ?? get]) {
    assert.is(headers.get('mcp-session-id'), upstreamSession)
    assert.is(headers.get('mcp-protocol-version'), '2025-11-25')
  }
  rig.input.end()
  await rig.served
  const deleted = await upstream.arrives(({ verb }) => verb === 'DELETE')
  assert.is(deleted.headers.get('mcp-session-id'), upstreamSession)
  const audit = (await gateway.audit()).map(
    ({ transport, event: what, method, outcome, subject }) =>
      [transport, what, method, outcome, subject?.id].join(' '),
  )
  assert.equal(audit.sort(), [
    'stdio message initialize forwarded alice',
    'stdio message notifications/initialized forwarded alice',
    'stdio message session/close forwarded alice',
    'stdio message tools/call forwarded alice',
    'stdio stream.closed stream/open forwarded alice',
    'stdio stream.opened stream/open forwarded alice',
  ])
})

test('a denied call is a result that says so, a denied list entry is not there', async () => {
  await start()
  rig.send(call('hidden-tool', {}, 2))
  const denied = await rig.receives(own(2))
  assert.match(JSON.stringify(denied), /"isError":true/)
  rig.send(request('tools/list', {}, 3))
  const listed = await rig.receives(own(3))
  assert.not.match(JSON.stringify(listed), 'hidden-tool')
  assert.is(upstream.seen.length, 1)
})

test('a modern message gets its routing headers; its cancellation ends the exchange', async () => {
  await start()
  const body = modern('tools/call', { name: 'grün', arguments: {} }).body as object
  upstream.script = () => undefined
  rig.send({ ...body, id: 7 })
  const seen = await upstream.arrives(({ message }) => message.id === 7)
  assert.equal(
    ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'].map((name) =>
      seen.headers.get(name),
    ),
    ['2026-07-28', 'tools/call', '=?base64?Z3LDvG4=?=', undefined],
  )
  rig.send(notification('notifications/cancelled', { requestId: 7 }))
  await seen.gone
  await gateway.event(({ outcome }) => outcome === 'abandoned')
  rig.send(notification('notifications/cancelled', { requestId: 7 }))
  upstream.script = mcpServer()
  rig.send({ ...body, id: 8 })
  await rig.receives(own(8))
  assert.is(upstream.seen.length, 2, 'no cancellation is sent')
  assert.is(rig.lines.length, 1)
})

test('a legacy cancellation is sent to the server', async () => {
  await start()
  await rig.open()
  rig.send(notification('notifications/cancelled', { requestId: 99 }))
  const sent = await upstream.arrives(({ message }) => message.method === 'notifications/cancelled')
  assert.equal(sent.message.params, { requestId: 99 })
})

const unreadable: readonly (readonly [what: string, line: string, code: number, text: string])[] = [
  ['no JSON', 'hello\n', -32700, '"message"'],
  ['half a message', '{"jsonrpc":"2.0",\n', -32700, '"message"'],
  ['a byte order mark', `\ufeff${JSON.stringify(request('ping'))}\n`, -32700, '"message"'],
  ['a batch', '[]\n', -32600, 'this protocol version has no batches'],
  ['over the limit', `"${'x'.repeat(5000)}"\n`, -32600, 'the message is too large'],
]

for (const [what, line, code, text] of unreadable) {
  test(`${what}: one error without an id, and the next line is served`, async () => {
    await start({ listen: { maxBodyBytes: 4096 } })
    rig.send(line)
    rig.send(request('ping', {}, 5))
    await rig.receives(own(5))
    assert.is(rig.lines.length, 2)
    const [refused = ''] = rig.lines.filter((written) => written.includes('"id":null'))
    assert.is(JSON.parse(refused).error.code, code, refused)
    assert.match(refused, text)
    const rejected = await gateway.event(({ outcome }) => outcome === 'rejected')
    assert.equal([rejected.transport, rejected.event], ['stdio', 'refused'])
  })
}

test('a request that is refused has its own id in the answer; a notification has no answer', async () => {
  await start({ callers: { alice: ['limit:tools/call'] } })
  rig.send(notification('a\ud800'))
  rig.send({ ...notification('notifications/x'), extra: 1 })
  rig.send({ ...request('ping', {}, 'mine'), extra: 1 })
  const refused = await rig.receives(own('mine'))
  assert.is(Object(refused['error']).message, 'the message has an unknown member')
  rig.send(call('open-tool', {}, 1))
  rig.send(call('open-tool', {}, 2))
  const limited = await rig.receives(own(2))
  assert.is(Object(limited['error']).code, 1429)
})

test('a server that cannot be reached, refuses by status or gives no answer: an error each', async () => {
  await start()
  const scripts: readonly [(typeof upstream)['script'], RegExp][] = [
    [(_, response) => void response.writeHead(404).end(), /"code":-32603/],
    [
      (_, response) =>
        json(response, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'gone' } }, 404),
      /"error":\{"code":-32001,"message":"gone"\}/,
    ],
    [(_, response) => void response.destroy(), /"code":-32603/],
    [(_, response) => void response.writeHead(202).end(), /"code":-32603/],
  ]
  for (const [id, [script, expected]] of scripts.entries()) {
    upstream.script = script
    rig.send(call('open-tool', {}, id))
    assert.match(JSON.stringify(await rig.receives(own(id))), expected)
  }
  assert.is(rig.lines.length, scripts.length)
})

test('an answer that breaks off in the middle leaves a line that is no JSON, then the error', async () => {
  await start()
  upstream.script = (seen, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(`{"jsonrpc":"2.0","id":${seen.message.id},"result":{"a":"${'x'.repeat(200_000)}`)
    setTimeout(() => response.destroy(), 50)
  }
  rig.send(call('open-tool', {}, 3))
  const failed = await rig.receives(own(3))
  assert.is(Object(failed['error']).code, -32603)
  assert.is(rig.lines.length, 2)
  assert.throws(() => JSON.parse(rig.lines[0] ?? ''))
  assert.ok((rig.lines[0] ?? '').length > 100_000)
})

test('a large answer and a small one: each on its own line', async () => {
  await start()
  const large = 'y'.repeat(3_000_000)
  upstream.script = (seen, response) => {
    const text = seen.message.id === 1 ? large : 'small'
    json(response, result(seen.message.id, { content: [{ type: 'text', text }] }))
  }
  rig.send(call('open-tool', {}, 1))
  rig.send(call('open-tool', {}, 2))
  const [one, two] = await Promise.all([rig.receives(own(1)), rig.receives(own(2))])
  assert.is(JSON.stringify(one).includes(large), true)
  assert.match(JSON.stringify(two), 'small')
  assert.is(rig.lines.length, 2)
})

test('an id that waits already is not taken again', async () => {
  await start()
  upstream.script = (seen, response) => {
    setTimeout(() => mcpServer()(seen, response), 100)
  }
  rig.send(request('ping', {}, 1) as object)
  rig.send(request('ping', {}, 1))
  const refused = await rig.receives(own(null))
  assert.is(Object(refused['error']).message, 'a request with this id waits for its answer already')
  await rig.receives(own(1))
  await gateway.event(({ code }) => code === 'id-in-use')
  assert.is(upstream.seen.length, 1)
})

test('a stream that the server interrupts is taken up again where it ended', async () => {
  await start()
  await rig.open()
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET' && seen.headers.get('last-event-id') === 'e1') {
      events(response, event(result('later', { content: [] }), 'id: e2\n'))
      return void response.end()
    }
    if (seen.message.id !== 'later') return mcpServer()(seen, response)
    events(response, 'id: e1\nretry: 20\ndata:\n\n')
    response.end()
  }
  rig.send(call('open-tool', {}, 'later'))
  const answer = await rig.receives(own('later'))
  assert.equal(answer['result'], { content: [] })
})

test('a resumed stream that brings other answers first is read on; one that never does is given up', async () => {
  await start()
  await rig.open()
  let resumed = 0
  upstream.script = (seen, response) => {
    const from = seen.headers.get('last-event-id')
    if (seen.verb === 'GET' && from === 'a1') {
      events(response, event(result('other', { content: [] }), 'id: a2\nretry: 10\n'))
      return void response.end()
    }
    if (seen.verb === 'GET' && from === 'a2') {
      events(response, event(result('mine', { content: [] }), 'id: a3\n'))
      return void response.end()
    }
    if (seen.verb === 'GET') {
      if (from !== undefined) resumed += 1
      events(response)
      return void response.end()
    }
    events(response, `id: ${seen.message.id === 'mine' ? 'a1' : 'b1'}\nretry: 10\ndata:\n\n`)
    response.end()
  }
  rig.send(call('open-tool', {}, 'mine'))
  assert.ok((await rig.receives(own('mine')))['result'])
  rig.send(call('open-tool', {}, 'never'))
  const failed = await rig.receives(own('never'))
  assert.is(Object(failed['error']).message, 'the server behind the gateway gave no answer')
  assert.is(resumed, 6, 'what brings nothing is taken up again so often')
})

test('an event id of any letters is said to the server in the bytes it had', async () => {
  await start()
  const id = 'é-日本'
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET') {
      events(response, event(result('mine', { content: [] })))
      return void response.end()
    }
    events(response, `id: ${id}\nretry: 10\ndata:\n\n`)
    response.end()
  }
  rig.send(call('open-tool', {}, 'mine'))
  assert.ok((await rig.receives(own('mine')))['result'])
  const sent = upstream.seen.at(-1)?.headers.get('last-event-id') ?? ''
  assert.is(Buffer.from(sent, 'latin1').toString(), id)
})

for (const [what, id] of [
  ['one that no header can say', 'a\x01b'],
  ['an empty one, which takes the place back', ''],
] as const) {
  test(`an event id, ${what}: nothing to take up from, the request is told at once`, async () => {
    await start()
    upstream.script = (seen, response) => {
      if (seen.verb === 'GET') return void response.writeHead(500).end()
      events(response, 'id: before\ndata:\n\n', `id: ${id}\nretry: 10\ndata:\n\n`)
      response.end()
    }
    rig.send(call('open-tool', {}, 'mine'))
    assert.ok((await rig.receives(own('mine')))['error'])
    assert.not.ok(upstream.seen.some(({ verb }) => verb === 'GET'))
  })
}

test('a resumed stream that only ever brings comments is given up like one that brings nothing', async () => {
  await start()
  let resumed = 0
  upstream.script = (seen, response) => {
    if (seen.headers.has('last-event-id')) resumed += 1
    const text = seen.verb === 'GET' ? ': wait\n\n' : 'id: a1\nretry: 10\ndata:\n\n'
    events(response, text)
    response.end()
  }
  rig.send(call('open-tool', {}, 'never'))
  const failed = await rig.receives(own('never'))
  assert.is(Object(failed['error']).message, 'the server behind the gateway gave no answer')
  assert.is(resumed, 6)
})

test('a server without a stream of its own is asked for one once; one that refuses the session, never', async () => {
  await start()
  const gets = () => upstream.seen.filter(({ verb }) => verb === 'GET').length
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET') return void response.writeHead(405).end()
    if (seen.message.method !== 'notifications/initialized') return mcpServer()(seen, response)
    const refused = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no' } }
    if (gets() === 0 && upstream.seen.length === 2) return json(response, refused, 400)
    response.writeHead(202).end()
  }
  await rig.open()
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.is(gets(), 0)
  rig.send(notification('notifications/initialized'))
  await upstream.arrives(({ verb }) => verb === 'GET')
  await new Promise((resolve) => setTimeout(resolve, 1300))
  assert.is(gets(), 1)
})

const rpcError = (code: number, message: string) => ({
  jsonrpc: '2.0',
  id: null,
  error: { code, message },
})
/** The handshake, and the session's stream. */
async function openWhole(): Promise<void> {
  await rig.open()
  await upstream.arrives(({ verb }) => verb === 'GET')
}

const noSession = 'Bad Request: No valid session ID provided'
const losses: readonly (readonly [what: string, status: number, body: object | null])[] = [
  ['404', 404, rpcError(-32001, 'Session not found')],
  ['404 without a body', 404, null],
  ['400 as servers with a transport per session say it', 400, rpcError(-32000, noSession)],
  [
    '400 as a server says it that was started anew',
    400,
    rpcError(-32000, 'Bad Request: Server not initialized'),
  ],
]

for (const [what, status, body] of losses) {
  test(`${what}: the session is lost, what waits is told, and the command ends and says why`, async () => {
    await start()
    await openWhole()
    upstream.script = (seen, response) => {
      if (seen.message.id === 'slow') return void setTimeout(() => mcpServer()(seen, response), 300)
      if (body === null) response.writeHead(status).end()
      else json(response, body, status)
    }
    const ended = rig.served.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    rig.served = Promise.resolve()
    rig.send(call('open-tool', {}, 'slow'))
    rig.send(call('open-tool', {}, 'lost'))
    const told = await rig.receives(own('lost'))
    assert.ok(told['error'])
    const why = await ended
    assert.instance(why, GuardError)
    assert.match(String(why), 'start the command again')
    assert.ok((await rig.receives(own('slow')))['result'], 'what was under way is answered')
    rig.send(call('open-tool', {}, 'late'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.not.ok(upstream.seen.some(({ message }) => message.id === 'late'))
  })
}

const kept: readonly (readonly [what: string, status: number, body: object])[] = [
  ['an unsupported version', 400, rpcError(-32000, 'Bad Request: Unsupported protocol version')],
  ['an invalid request', 400, rpcError(-32600, 'no valid session id in your arguments')],
  ['a fault', 500, rpcError(-32000, noSession)],
]

for (const [what, status, body] of kept) {
  test(`${what}: the session goes on`, async () => {
    await start()
    await openWhole()
    upstream.script = (_, response) => json(response, body, status)
    rig.send(call('open-tool', {}, 'refused'))
    assert.ok((await rig.receives(own('refused')))['error'])
    upstream.script = mcpServer()
    rig.send(call('open-tool', {}, 'next'))
    assert.ok((await rig.receives(own('next')))['result'])
    assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), upstreamSession)
  })
}

test('what is refused with 404 outside of a session ends nothing', async () => {
  await start()
  upstream.script = (_, response) => void response.writeHead(404).end()
  rig.send(call('open-tool', {}, 'early'))
  assert.ok((await rig.receives(own('early')))['error'])
  upstream.script = mcpServer()
  await openWhole()
  upstream.script = (seen, response) => {
    json(response, { ...rpcError(-32601, 'no'), id: seen.message.id }, 404)
  }
  rig.send({ ...(modern('tools/list').body as object), id: 'modern' })
  assert.ok((await rig.receives(own('modern')))['error'])
  upstream.script = mcpServer()
  rig.send(call('open-tool', {}, 'next'))
  assert.ok((await rig.receives(own('next')))['result'])
})

test('the server’s own messages come on its stream; what the client answers goes back', async () => {
  await start()
  upstream.script = (seen, response) => {
    if (seen.verb !== 'GET') return mcpServer()(seen, response)
    events(response, event(request('roots/list', undefined, 'r-1')))
  }
  await rig.open()
  const asked = await rig.receives(({ method }) => method === 'roots/list')
  rig.send({ jsonrpc: '2.0', id: asked['id'], result: { roots: [] } })
  const back = await upstream.arrives(({ message }) => message.result !== undefined)
  assert.is(back.message.id, 'r-1')
})

test('the end of the input lets a call finish; what is unfinished is on record', async () => {
  await start()
  upstream.script = (seen, response) => {
    setTimeout(() => mcpServer()(seen, response), 150)
  }
  rig.send(call('open-tool', {}, 1))
  await upstream.arrives(({ message }) => message.id === 1)
  rig.input.end('{"jsonrpc":"2.0","id":2,"meth')
  await rig.served
  assert.is(rig.lines.length, 1)
  assert.match(rig.lines[0] ?? '', /"id":1,"result"/)
  await gateway.event(({ code }) => code === 'line-unfinished')
})

test('a key that expires during a session: each request is refused by its own id', async () => {
  const expires = new Date(Date.now() + 700).toISOString()
  await start({ entries: { alice: { expires } } })
  await rig.open()
  await new Promise((resolve) => setTimeout(resolve, 800))
  rig.send(call('open-tool', {}, 'late'))
  const refused = await rig.receives(own('late'))
  assert.is(Object(refused['error']).message, 'authentication required')
  assert.not.ok(upstream.seen.some(({ message }) => message.method === 'tools/call'))
})

test('a method that no header can say is refused, and is no fault of the server', async () => {
  const policy = { 'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n' }
  await start({ policy })
  const body = modern('x').body as object
  const methods = ['a\nb: c', 'a\u0000', 'ж', 'é', ' a', 'a\r']
  for (const [id, method] of methods.entries()) {
    rig.send({ ...body, id, method })
    assert.is(Object((await rig.receives(own(id)))['error']).code, -32020, method)
  }
  rig.send({ ...body, id: 'well', method: 'tools/list' })
  assert.ok((await rig.receives(own('well')))['result'])
  assert.is(upstream.seen.length, 1)
})

test('the end of the input does not wait for a stream without an end', async () => {
  await start()
  upstream.script = (seen, response) => events(response, event(acknowledged(seen.message.id)))
  rig.send({ ...(modern('subscriptions/listen', { notifications: {} }).body as object), id: 'l' })
  await rig.receives(({ method }) => method === 'notifications/subscriptions/acknowledged')
  const startedMs = performance.now()
  rig.input.end()
  await rig.served
  assert.ok(performance.now() - startedMs < 2000)
  assert.match(rig.lines.at(-1) ?? '', /"id":"l","error":.*the gateway is stopping/)
})

test('a client that ends its input and reads slowly gets every answer', async () => {
  await start()
  const large = 'y'.repeat(100_000)
  upstream.script = (seen, response) =>
    json(response, result(seen.message.id, { content: [{ type: 'text', text: large }] }))
  const count = 20
  rig.output.pause()
  for (let id = 0; id < count; id++) rig.send(call('open-tool', {}, id))
  rig.input.end()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const slowly = () => {
    rig.output.pause()
    setTimeout(() => rig.output.resume(), 20)
  }
  rig.output.on('data', slowly).resume()
  await rig.served
  rig.output.off('data', slowly).resume()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.is(new Set(rig.lines.map((line) => JSON.parse(line).id)).size, count)
})

test('stopping gives calls the time to drain, then tells them', async () => {
  await start({ listen: { drainTimeout: '250ms' } })
  upstream.script = () => undefined
  rig.send(call('open-tool', {}, 1))
  await upstream.arrives(({ message }) => message.id === 1)
  await gateway.guard.close()
  await rig.served
  assert.match(
    pinned(rig.lines.join()),
    '"id":1,"error":{"code":-32603,"message":"the gateway is stopping"',
  )
})

test('nobody reads any more: everything ends', async () => {
  await start()
  upstream.script = () => undefined
  rig.send(call('open-tool', {}, 1))
  await upstream.arrives(({ message }) => message.id === 1)
  rig.output.destroy()
  await rig.served
  await gateway.event(({ outcome }) => outcome === 'abandoned')
})

test('a client that does not read is not read from; all answers are there when it does', async () => {
  await start()
  rig.output.pause()
  const count = 2000
  const arguments_ = { pad: 'z'.repeat(500) }
  for (let id = 0; id < count; id++) rig.send(call('open-tool', { arguments: arguments_ }, id))
  let before = -1
  while (before !== upstream.seen.length) {
    before = upstream.seen.length
    await new Promise((resolve) => setTimeout(resolve, 400))
  }
  assert.ok(before < 700, `${before} were sent on`)
  rig.output.resume()
  while (rig.lines.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.is(new Set(rig.lines.map((line) => JSON.parse(line).id)).size, count)
})

test('who the client is: a key text, nobody, and what cannot be', async () => {
  await start(
    { callers: { alice: [] }, anonymous: true },
    { claim: { by: 'key', text: keyOf('alice') } },
  )
  rig.send(request('ping', {}, 1))
  await rig.receives(own(1))
  const nobody = serveStdio(gateway, { claim: { by: 'nobody' } })
  nobody.send(request('ping', {}, 1))
  await nobody.receives(own(1))
  const subjects = (await gateway.audit()).map(({ subject }) => subject?.id)
  assert.equal(subjects, ['alice', 'anonymous'])
  nobody.input.end()
  await nobody.served
  for (const more of [
    { claim: { by: 'entry', id: 'bob' } as const },
    { claim: { by: 'key', text: 'unknown' } as const },
    { server: 'none' },
  ]) {
    const failed = await serveStdio(gateway, more).served.then(
      () => null,
      (thrown: Error) => thrown.message,
    )
    assert.match(failed ?? '', /bob|none of identity.apiKeys|no upstream/)
  }
})

test.run()
