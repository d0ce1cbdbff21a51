/**
 * A server of the HTTP+SSE transport behind the gateway, scripted down to its bytes: where messages
 * are posted, what a refused post, a torn stream and an event over the limit cost, and that a server
 * cannot make the gateway post to another origin.
 */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../../support/gateway.js'
import {
  call,
  initialize,
  modern,
  notification,
  openSession,
  seenByCaller,
} from '../../support/messages.js'
import { textOf, until } from '../../support/stdio.js'
import { closedPortUrl, events, type Received, startUpstream } from '../../support/upstream.js'

interface Script {
  /** What the stream begins with. */
  readonly opening: string
  readonly answer: (message: Received, stream: ServerResponse) => void
  /** Status of a post; null: there is none. */
  readonly status: (message: Received) => number | null
}

const streams = new Set<ServerResponse>()
const posted: { path: string; headers: ReadonlyMap<string, string> }[] = []
const elsewhere = await startUpstream()
const upstream = await startUpstream()
const quiet = await startUpstream((_, response) => events(response, ': open\n\n'))
const pages = await startUpstream((_, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')
})
const origin = new URL(upstream.url).origin

const say = (message: object) =>
  `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`
const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] })

const honest: Script = {
  opening: 'event: endpoint\ndata: /message?sessionId=one\n\n',
  status: () => 202,
  answer({ id, method, params }, stream) {
    if (id === undefined || method === undefined) return
    if (method === 'initialize') {
      const { protocolVersion } = params ?? {}
      const serverInfo = { name: 'sse', version: '1' }
      stream.write(say({ id, result: { protocolVersion, capabilities: {}, serverInfo } }))
    } else stream.write(say({ id, result: text(params?.['arguments']) }))
  },
}
let script = honest

upstream.script = (seen, response) => {
  if (seen.verb === 'GET') {
    streams.add(response)
    response.once('close', () => streams.delete(response))
    return events(response, script.opening)
  }
  if (seen.verb !== 'POST') return void response.writeHead(204).end()
  posted.push({ path: response.req.url ?? '', headers: seen.headers })
  const status = script.status(seen.message)
  if (status === null) return
  response.writeHead(status).end(status === 202 ? 'Accepted' : 'no')
  const stream = [...streams].at(-1)
  if (status === 202 && stream !== undefined) script.answer(seen.message, stream)
}

const gateway = await startGateway({
  upstreams: {
    up: { url: upstream.url, transport: 'sse', timeout: '500ms', maxLineBytes: 65_536 },
    quiet: { url: quiet.url, transport: 'sse', timeout: '300ms' },
    pages: { url: pages.url, transport: 'sse' },
    down: { url: await closedPortUrl(), transport: 'sse' },
    few: {
      url: upstream.url,
      transport: 'sse',
      maxConnections: 2,
      idleTimeout: '1s',
      timeout: '500ms',
    },
  },
  callers: { alice: [], bob: [] },
})

test.before.each(async () => {
  for (const stream of streams) stream.destroy()
  await until(() => streams.size === 0, 'earlier streams are closed')
  script = honest
  posted.length = 0
})
test.after(async () => {
  await gateway.close()
  for (const server of [upstream, elsewhere, quiet, pages]) await server.close()
})

const unreachable =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway cannot be reached","data":{"requestId":"<id>"}}}'
const invalid =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway gave an answer that cannot be passed on","data":{"requestId":"<id>"}}}'

async function session(path = '/mcp/up', as = 'alice') {
  const headers = { 'mcp-session-id': await openSession(gateway, { path, as }) }
  return {
    headers,
    call: (args: object = {}, id: string | number = 1) =>
      gateway.send({ path, as, headers, body: call('open-tool', { arguments: args }, id) }),
  }
}

const endpoints = [
  { what: 'a path', data: '/message?sessionId=one', path: '/message?sessionId=one' },
  { what: 'relative to the stream', data: 'post?x=1', path: '/post?x=1' },
  { what: 'a whole URL', data: `${origin}/a/b?c`, path: '/a/b?c' },
  { what: 'a query alone', data: '?s=1', path: '/mcp?s=1' },
]
for (const { what, data, path } of endpoints) {
  test(`messages are posted where the server says: ${what}`, async () => {
    script = { ...honest, opening: `event: endpoint\ndata: ${data}\n\n` }
    const { call: send } = await session()
    assert.is(textOf(await send({ a: 1 })), '{"a":1}')
    assert.equal(
      posted.map((one) => one.path),
      [path, path],
    )
    const { headers } = posted[1] ?? { headers: new Map() }
    assert.equal(
      ['content-type', 'authorization', 'cookie', 'mcp-session-id'].map((name) =>
        headers.get(name),
      ),
      ['application/json', undefined, undefined, undefined],
    )
  })
}

const foreign = [
  elsewhere.url,
  origin.replace('127.0.0.1', 'localhost'),
  origin.replace('http:', 'https:'),
  '//example.com/message',
  'http://user@example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  `blob:${origin}/message`,
  'http://[',
  `/${'x'.repeat(5000)}`,
]
for (const data of foreign) {
  test(`an address of another origin, or none, ends it: ${data.slice(0, 40)}`, async () => {
    script = { ...honest, opening: `event: endpoint\ndata: ${data}\n\n` }
    const answer = await gateway.send({ path: '/mcp/up', body: initialize })
    assert.equal([answer.status, seenByCaller(answer).body], [502, invalid])
    assert.is(answer.headers.get('mcp-session-id'), undefined)
    assert.equal([elsewhere.seen.length, posted.length], [0, 0])
    await until(() => streams.size === 0, 'the stream is closed')
    // Five failures in a row would have the server left alone for a while.
    script = honest
    await session()
  })
}

test('a second address is not heard', async () => {
  const { call: send } = await session()
  for (const stream of streams) stream.write(`event: endpoint\ndata: ${elsewhere.url}\n\n`)
  assert.is(textOf(await send({ a: 1 })), '{"a":1}')
  assert.is(elsewhere.seen.length, 0)
})

test('framing: split anywhere, CRLF, comments, other events', async () => {
  script = {
    ...honest,
    answer(message, stream) {
      if (message.method === 'initialize') return honest.answer(message, stream)
      const bytes = Buffer.from(
        `: hi\r\nevent: ping\r\ndata: no\r\n\r\ndata: {"jsonrpc":"2.0",\r\ndata: "id":${message.id},"result":{"content":[{"type":"text","text":"ä"}]}}\r\n\r\n`,
      )
      for (const byte of bytes) stream.write(Uint8Array.of(byte))
    },
  }
  const { call: send } = await session()
  assert.is(textOf(await send()), 'ä')
})

test('a post that is refused fails its own message alone', async () => {
  const { call: send } = await session()
  script = { ...honest, status: (message) => (message.id === 1 ? 400 : 202) }
  const refused = await send({}, 1)
  assert.equal([refused.status, seenByCaller(refused).body], [502, invalid])
  assert.is(textOf(await send({ b: 1 }, 2)), '{"b":1}')
})

for (const status of [301, 401, 500]) {
  test(`a post that is answered with ${status}: 502, nothing is followed`, async () => {
    const { call: send } = await session()
    script = { ...honest, status: () => status }
    assert.is((await send()).status, 502)
  })
}

test('the stream ends: each pending request gets one error, the session is over', async () => {
  const { call: send } = await session()
  script = { ...honest, answer: () => undefined }
  const pending = [1, 2].map((id) => send({}, id))
  await until(() => posted.length >= 3, 'both are at the server')
  for (const stream of streams) stream.end()
  for (const answer of await Promise.all(pending)) assert.is(answer.status, 502)
  assert.is((await send()).status, 404)
})

test('an event over the limit: 502, the session is over', async () => {
  const { call: send } = await session()
  script = {
    ...honest,
    answer: ({ id }, stream) => stream.write(say({ id, result: text('x'.repeat(70_000)) })),
  }
  const answer = await send()
  assert.equal([answer.status, seenByCaller(answer).body], [502, invalid])
  await until(() => streams.size === 0, 'the stream is closed')
  assert.is((await send()).status, 404)
})

test('no answer in time: 504, and the session goes on', async () => {
  const { call: send } = await session()
  script = { ...honest, answer: () => undefined }
  assert.is((await send({}, 1)).status, 504)
  script = honest
  assert.is(textOf(await send({ c: 1 }, 2)), '{"c":1}')
})

test('DELETE closes the stream; another’s session is unknown', async () => {
  const { headers, call: send } = await session()
  const body = call('open-tool')
  assert.is((await gateway.send({ path: '/mcp/up', as: 'bob', headers, body })).status, 404)
  const open = streams.size
  assert.is((await gateway.send({ path: '/mcp/up', verb: 'DELETE', headers })).status, 200)
  await until(() => streams.size === open - 1, 'its stream is closed')
  assert.is((await send()).status, 404)
})

test('a request of 2026-07-28: 400 without a body, by which its client knows an older server', async () => {
  const answer = await gateway.send({ ...modern('server/discover'), path: '/mcp/up' })
  assert.equal([answer.status, answer.body], [400, ''])
})

test('no more sessions than the bound; quiet ones end', async () => {
  const path = '/mcp/few'
  const first = await session(path)
  await session(path)
  const refused = await gateway.send({ path, body: initialize })
  assert.equal([refused.status, refused.headers.get('retry-after')], [503, '1'])
  await new Promise((resolve) => setTimeout(resolve, 1300))
  await session(path)
  assert.is((await first.call()).status, 404)
})

test('one caller’s sessions do not keep another out: its quietest ends', async () => {
  const path = '/mcp/few'
  await new Promise((resolve) => setTimeout(resolve, 1300))
  const [first, second] = [await session(path), await session(path)]
  await second.call()
  await openSession(gateway, { path, as: 'bob' })
  assert.is((await first.call()).status, 404)
  const further = await gateway.send({ path, as: 'bob', body: initialize })
  assert.is(further.status, 503, 'one each: nobody has more than its share')
  const ended = await gateway.send({ verb: 'DELETE', path, headers: second.headers })
  assert.is(ended.status, 200)
})

test('one caller’s calls hang in all its sessions: another gets a session, and answers', async () => {
  const path = '/mcp/few'
  await new Promise((resolve) => setTimeout(resolve, 1300))
  const [first, second] = [await session(path), await session(path)]
  script = {
    ...honest,
    answer: (message, stream) => {
      if (!JSON.stringify(message).includes('hang')) honest.answer(message, stream)
    },
  }
  const hanging = [first.call({ hang: 1 }), second.call({ hang: 2 })]
  await until(() => posted.length >= 3, 'the first call arrived')
  const bob = await session(path, 'bob')
  assert.is(textOf(await bob.call({ a: 1 })), '{"a":1}')
  const statuses = (await Promise.all(hanging)).map(({ status }) => status)
  assert.equal(statuses, [504, 404], 'what waited finds its session ended')
  const ended = { verb: 'DELETE', path, headers: bob.headers, as: 'bob' }
  assert.is((await gateway.send(ended)).status, 200)
})

test('posts that a server does not accept keep one caller’s share of connections', async () => {
  const path = '/mcp/few'
  await new Promise((resolve) => setTimeout(resolve, 1300))
  const alice = await session(path)
  const told = 'notifications/roots/list_changed'
  script = { ...honest, status: ({ method }) => (method === told ? null : 202) }
  const hanging = [1, 2].map(() =>
    gateway.send({ path, headers: alice.headers, body: notification(told) }),
  )
  await until(() => posted.length >= 2, 'the first post arrived')
  const bob = await session(path, 'bob')
  assert.is(textOf(await bob.call({ a: 1 })), '{"a":1}')
  const statuses = (await Promise.all(hanging)).map(({ status }) => status)
  assert.equal(statuses, [502, 502])
})

const unopened = [
  { name: 'quiet', status: 504, why: 'a stream that names no address' },
  { name: 'pages', status: 502, why: 'no event stream' },
  { name: 'down', status: 502, why: 'nobody listens' },
]
for (const { name, status, why } of unopened) {
  test(`${why}: ${status}`, async () => {
    const answer = await gateway.send({ path: `/mcp/${name}`, body: initialize })
    assert.is(answer.status, status)
    if (name === 'down') assert.is(seenByCaller(answer).body, unreachable)
  })
}

test.run()
