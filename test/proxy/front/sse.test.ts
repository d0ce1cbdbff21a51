/**
 * The transport of 2024-11-05: a stream that names where to post, posts that are told only that they
 * were accepted. The place is its opener's alone, and everything on it is judged and recorded.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connection } from '../../support/connection.js'
import { type Sent, startGateway } from '../../support/gateway.js'
import {
  brief,
  call,
  initialize,
  modern,
  notification,
  request,
  seenByCaller,
} from '../../support/messages.js'
import { event, events, mcpServer, startUpstream, upstreamSession } from '../../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url, other: upstream.url, ordered: upstream.url },
  callers: { alice: [], bob: [], deaf: ['deny:stream/open'], slow: ['limit:tools/call'] },
})

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

interface Opened {
  readonly connection: Connection
  readonly place: string
  /** The next event as its type and data. */
  next(): Promise<{ type: string; data: string }>
  message(): Promise<Record<string, unknown>>
  post(body: Sent['body'], more?: Sent): ReturnType<typeof gateway.send>
}

async function open(as = 'alice', path = '/mcp/up'): Promise<Opened> {
  const connection = await gateway.open({ verb: 'GET', path: `${path}/sse`, as })
  const head = await connection.head()
  assert.is(head?.status, 200)
  assert.is(head?.headers.get('content-type'), 'text/event-stream')
  let rest = ''
  async function next(): Promise<{ type: string; data: string }> {
    while (!rest.includes('\n\n')) {
      const piece = await connection.piece()
      if (piece === null) throw new Error(`the stream ended after ${rest}`)
      rest += piece.toString()
    }
    const end = rest.indexOf('\n\n')
    const text = rest.slice(0, end)
    rest = rest.slice(end + 2)
    if (text.startsWith(':')) return next()
    const type = [...text.matchAll(/^event: (.*)$/gm)].at(-1)?.[1] ?? 'message'
    return { type, data: /^data: (.*)$/m.exec(text)?.[1] ?? '' }
  }
  const first = await next()
  assert.is(first.type, 'endpoint')
  const place = first.data
  return {
    connection,
    place,
    next,
    async message() {
      const { type, data } = await next()
      assert.is(type, 'message')
      return JSON.parse(data)
    },
    post: (body, more = {}) =>
      gateway.send({ path: place, as, ...(body === undefined ? {} : { body }), ...more }),
  }
}

const accepted = { status: 202, headers: { 'content-type': 'text/plain' }, body: 'Accepted' }

test('the place is a path of the gateway without its origin', async () => {
  const [one, two] = [await open('bob'), await open('bob')]
  assert.match(one.place, /^\/mcp\/up\/messages\?session=[A-Za-z0-9_-]{22}$/)
  assert.not.equal(one.place, two.place)
  one.connection.close()
  two.connection.close()
})

test('a session from its beginning to its end', async () => {
  const earlier = (await gateway.audit()).length
  const { connection, post, message } = await open()
  assert.equal(seenByCaller(await post(initialize)), accepted)
  assert.is((await message())['id'], 1)
  assert.equal(seenByCaller(await post(notification('notifications/initialized'))), accepted)
  await upstream.arrives(({ verb }) => verb === 'GET')
  assert.equal(seenByCaller(await post(call('open-tool', {}, 'x'))), accepted)
  assert.equal(await message(), {
    jsonrpc: '2.0',
    id: 'x',
    result: { content: [{ type: 'text', text: '{}' }] },
  })
  assert.equal(seenByCaller(await post(call('hidden-tool', {}, 'y'))), accepted)
  assert.match(JSON.stringify(await message()), /"id":"y","result":.*"isError":true/)
  for (const { headers, message: sent } of upstream.seen) {
    const expected = sent.method === 'initialize' ? undefined : upstreamSession
    assert.is(headers.get('mcp-session-id'), expected)
  }
  connection.close()
  await upstream.arrives(({ verb }) => verb === 'DELETE')
  await gateway.event(({ method }) => method === 'session/close')
  const audit = (await gateway.audit())
    .slice(earlier)
    .filter(({ subject }) => subject?.id === 'alice')
  assert.equal([...new Set(audit.map(({ transport }) => transport))], ['sse'])
  const streams = audit.filter(({ method }) => method === 'stream/open')
  const [own, served] = [0, 1].map((nth) => {
    const id = [...new Set(streams.map(({ request_id }) => request_id))][nth]
    return streams.filter(({ request_id }) => request_id === id).map((one) => one.event)
  })
  assert.equal(own, ['stream.opened', 'stream.closed'], 'the client’s')
  assert.equal(served, ['stream.opened', 'stream.closed'], 'the server’s')
})

test('a notification is accepted once the server has it, so that nothing overtakes it', async () => {
  upstream.seen.length = 0
  const { connection, post, message } = await open('alice', '/mcp/ordered')
  await post(initialize)
  await message()
  let take: () => void = () => undefined
  upstream.script = (seen, response) => {
    if (seen.message.method !== 'notifications/initialized') return mcpServer()(seen, response)
    take = () => response.writeHead(202).end()
  }
  // Held back for a second at most, which a busy machine may take before the test goes on.
  const heldMs = 990
  const postedMs = performance.now()
  let acceptedMs: number | null = null
  const posted = post(notification('notifications/initialized')).then((answer) => {
    acceptedMs = performance.now() - postedMs
    return answer
  })
  await upstream.arrives(({ message: sent }) => sent.method === 'notifications/initialized')
  await sleep(100)
  assert.ok(acceptedMs === null || acceptedMs >= heldMs, `accepted after ${acceptedMs} ms`)
  take()
  assert.equal(seenByCaller(await posted), accepted)
  const earlier = (await gateway.audit()).length
  connection.close()
  await upstream.arrives(({ verb }) => verb === 'DELETE')
  while ((await gateway.audit()).length < earlier + 3) await sleep(10)
})

test('another principal finds nothing there, and it is on record; nor does anybody elsewhere', async () => {
  const { place, connection } = await open()
  const id = place.split('=')[1] ?? ''
  const notFound = {
    status: 404,
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"session not found","data":{"requestId":"<id>"}}}',
  }
  const rows = [
    ['session-foreign', { path: place, as: 'bob' }],
    ['session-unknown', { path: `/mcp/up/messages?session=${'A'.repeat(22)}` }],
    ['session-unknown', { path: `/mcp/other/messages?session=${id}` }],
  ] as const
  for (const [code, sent] of rows) {
    const answer = await gateway.send({ ...sent, body: call('open-tool') })
    assert.equal(seenByCaller(answer), notFound, code)
    const last = (await gateway.audit()).at(-1)
    const refused = { event: 'refused', outcome: 'rejected', code, status: 404, method: null }
    assert.equal(last && [brief(last), last.transport], [refused, 'sse'])
  }
  assert.is(upstream.seen.length, 0)
  connection.close()
})

test('what HTTP says by a status is said to the post', async () => {
  const { post, place, connection } = await open()
  const rows: readonly (readonly [status: number, sent: Sent])[] = [
    [401, { as: null }],
    [403, { headers: { origin: 'https://evil.example' } }],
    [403, { headers: { host: 'evil.example' } }],
    [415, { headers: { 'content-type': 'text/plain' } }],
    [400, { body: '{' }],
    [400, { body: { ...request('ping'), extra: 1 } }],
  ]
  for (const [status, more] of rows) {
    const answer = await post(call('open-tool'), more)
    assert.is(answer.status, status, JSON.stringify(more))
  }
  assert.is((await gateway.send({ path: `${place}&x=1`, body: call('open-tool') })).status, 404)
  assert.is((await gateway.send({ path: '/mcp/up/sse', body: initialize })).status, 404)
  assert.is(upstream.seen.length, 0)
  connection.close()
})

test('who may not open a stream is refused; so is a strange page', async () => {
  const get = { verb: 'GET', path: '/mcp/up/sse' }
  assert.is((await gateway.send({ ...get, as: 'deaf' })).status, 405)
  assert.is((await gateway.send({ ...get, as: null })).status, 401)
  assert.is((await gateway.send({ ...get, headers: { accept: 'text/html' } })).status, 406)
  const page = { origin: 'https://evil.example' }
  assert.is((await gateway.send({ ...get, headers: page })).status, 403)
  assert.is((await gateway.send({ ...get, path: '/mcp/none/sse' })).status, 404)
})

test('a server that cannot be reached: accepted, and the error comes on the stream', async () => {
  upstream.script = (_, response) => void response.destroy()
  const { post, message, connection } = await open()
  assert.equal(seenByCaller(await post(call('open-tool', {}, 5))), accepted)
  const failed = await message()
  assert.is(failed['id'], 5)
  assert.is(Object(failed['error']).code, -32603)
  connection.close()
})

test('an answer that breaks off becomes an event that is no message, then the error', async () => {
  upstream.script = (seen, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(`{"jsonrpc":"2.0","id":${seen.message.id},"result":{"a":"${'x'.repeat(200_000)}`)
    setTimeout(() => response.destroy(), 50)
  }
  const { post, next, message, connection } = await open()
  await post(call('open-tool', {}, 5))
  assert.is((await next()).type, 'broken')
  assert.is(Object((await message())['error']).code, -32603)
  connection.close()
})

test('the server’s own messages and progress come on the stream, judged', async () => {
  upstream.script = (seen, response) => {
    if (seen.verb !== 'GET') return mcpServer()(seen, response)
    events(response, event(request('roots/list', undefined, 1)), event(notification('hidden/x')))
  }
  // The other upstream: its session of the same name was not closed by an earlier test.
  const { post, message, connection } = await open('alice', '/mcp/other')
  await post(initialize)
  await message()
  await post(notification('notifications/initialized'))
  const asked = await message()
  assert.is(asked['method'], 'roots/list')
  await post({ jsonrpc: '2.0', id: asked['id'], result: { roots: [] } })
  const back = await upstream.arrives(({ message: sent }) => sent.result !== undefined)
  assert.is(back.message.id, 1)
  connection.close()
})

test('a page of an admitted origin can read what its post is told', async () => {
  const { post, connection } = await open()
  const headers = { origin: 'http://localhost:6274' }
  upstream.script = () => undefined
  for (const status of [202, 400]) {
    const answer = await post(request('ping', {}, 'same'), { headers })
    assert.is(answer.status, status)
    assert.is(answer.headers.get('access-control-allow-origin'), headers.origin)
    assert.is(answer.headers.get('vary'), 'Origin')
    assert.is(answer.headers.get('x-content-type-options'), 'nosniff')
  }
  connection.close()
})

test('what a post accepts is said of its 202 alone', async () => {
  const { post, message, connection } = await open()
  for (const accept of [null, '*/*', 'application/json', 'text/plain']) {
    const sent = await post(request('ping', {}, String(accept)), { headers: { accept } })
    assert.equal(seenByCaller(sent), accepted, String(accept))
    await message()
  }
  connection.close()
})

test('a message whose stream has ended meanwhile is handed to nobody', async () => {
  const { place, connection } = await open()
  const body = JSON.stringify(initialize)
  const late = await gateway.open({
    path: place,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
  })
  connection.close()
  const gone = async () => (await gateway.send({ path: place, body: '{' })).status === 404
  while (!(await gone())) await new Promise((resolve) => setTimeout(resolve, 20))
  late.send(body)
  assert.is((await late.answer()).status, 404)
  assert.is(upstream.seen.length, 0)
  late.close()
})

/** Opens a stream on a gateway of its own, does something there, and stops that gateway. */
async function stopAfter(
  drainTimeout: string,
  act: (post: (body: object) => Promise<unknown>) => Promise<unknown>,
): Promise<{ text: string; tookMs: number; codes: (string | null)[] }> {
  const stopping = await startGateway({
    upstreams: { up: upstream.url },
    listen: { drainTimeout },
  })
  const connection = await stopping.open({ verb: 'GET', path: '/mcp/up/sse' })
  await connection.head()
  const place = /data: (.*)\n/.exec(String(await connection.piece()))?.[1] ?? ''
  await act((body) => stopping.send({ path: place, body }))
  const startedMs = performance.now()
  await stopping.guard.close()
  const tookMs = performance.now() - startedMs
  let text = ''
  // When its time is over the connection is closed, wherever its stream is.
  const next = () => connection.piece().catch(() => null)
  for (let piece = await next(); piece !== null; piece = await next()) text += piece.toString()
  const codes = (await stopping.audit()).map(({ method, code }) => method && `${method} ${code}`)
  await stopping.close()
  return { text, tookMs, codes }
}

test('a call that outlasts the time to drain is told so, and the session at the server ends', async () => {
  const { text, codes } = await stopAfter('300ms', async (post) => {
    await post(initialize)
    await post(notification('notifications/initialized'))
    await upstream.arrives(({ verb }) => verb === 'GET')
    upstream.script = (seen, response) => {
      if (seen.verb === 'DELETE') response.writeHead(200).end()
    }
    await post(call('open-tool', {}, 9))
  })
  assert.match(text, /"id":9,"error":\{"code":-32603,"message":"the gateway is stopping"/)
  await upstream.arrives(({ verb }) => verb === 'DELETE')
  assert.ok(codes.includes('session/close null'), codes.join())
})

test('a stream without an end that was posted for does not hold up the stop', async () => {
  upstream.script = (_, response) => events(response, event(notification('notifications/x')))
  const { text, tookMs } = await stopAfter('5s', async (post) => {
    await post(modern('subscriptions/listen', { notifications: {} }).body as object)
    await new Promise((resolve) => setTimeout(resolve, 200))
  })
  assert.ok(tookMs < 2500, `${tookMs} ms`)
  assert.match(text, 'the gateway is stopping')
})

test('when the gateway stops, a call in flight is answered before the stream ends', async () => {
  const stopping = await startGateway({ upstreams: { up: upstream.url } })
  upstream.script = (seen, response) => {
    setTimeout(() => mcpServer()(seen, response), 200)
  }
  const connection = await stopping.open({ verb: 'GET', path: '/mcp/up/sse' })
  await connection.head()
  const place = /data: (.*)\n/.exec(String(await connection.piece()))?.[1] ?? ''
  await stopping.send({ path: place, body: call('open-tool', {}, 9) })
  const closing = stopping.close()
  let text = ''
  for (let piece = await connection.piece(); piece !== null; piece = await connection.piece()) {
    text += piece.toString()
  }
  await closing
  assert.match(text, /"id":9,"result"/)
})

test.run()
