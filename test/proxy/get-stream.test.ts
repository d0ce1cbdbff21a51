/**
 * The stream a legacy client opens with GET: its own two events in the audit, one for each message
 * of the server, and an end when either side, the policy or the gateway ends it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { notification, openSession, request } from '../support/messages.js'
import {
  event,
  events,
  mcpServer,
  result,
  type Script,
  startUpstream,
  upstreamSession,
} from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, timeout: '400ms' } },
  callers: { alice: [], strict: ['deny:sampling/createMessage'] },
})

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

/** Opens the stream; `send` writes to it as the server. */
async function openStream(as = 'alice') {
  const session = await openSession(gateway, { as })
  let send: (text: string) => void = () => undefined
  let end: () => void = () => undefined
  const script: Script = (seen, response) => {
    if (seen.verb !== 'GET') return mcpServer()(seen, response)
    events(response, ': open\n\n')
    send = (text) => response.write(text)
    end = () => response.end()
  }
  upstream.script = script
  const earlier = (await gateway.audit()).length
  const connection = await gateway.open({ verb: 'GET', as, headers: { 'mcp-session-id': session } })
  const head = await connection.head()
  await connection.until(':\n\n')
  const own = async () =>
    (await gateway.audit())
      .slice(earlier)
      .map((one) => [one.event, one.method, one.outcome, one.code])
  return { connection, head, session, own, send: (text: string) => send(text), end: () => end() }
}

test('opened and closed by the server', async () => {
  const stream = await openStream()
  assert.is(stream.head?.status, 200)
  assert.is(stream.head?.headers.get('content-type'), 'text/event-stream')
  assert.is(stream.head?.headers.get('content-length'), undefined)
  assert.equal(await stream.own(), [['stream.opened', 'stream/open', 'forwarded', null]])
  const changed = event(notification('notifications/tools/list_changed'), 'id: 1\n')
  stream.send(changed)
  assert.is(
    await stream.connection.until('\n\n'),
    'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\nid: 1\n\n',
  )
  stream.end()
  assert.is(await stream.connection.piece(), null)
  assert.equal(await stream.own(), [
    ['stream.opened', 'stream/open', 'forwarded', null],
    ['message', 'notifications/tools/list_changed', 'forwarded', null],
    ['stream.closed', 'stream/open', 'forwarded', null],
  ])
  stream.connection.close()
})

test('closed by the client: the server’s side is closed too', async () => {
  const stream = await openStream()
  const arrived = upstream.seen.find(({ verb }) => verb === 'GET')
  stream.connection.close()
  await arrived?.gone
  await gateway.event((one) => one.event === 'stream.closed' && one.outcome === 'abandoned')
})

test('a quiet stream is not cut by the time limit of answers', async () => {
  const stream = await openStream()
  await new Promise((resolve) => setTimeout(resolve, 800))
  stream.send(event(notification('notifications/tools/list_changed')))
  assert.match(await stream.connection.until('\n\n'), 'list_changed')
  stream.connection.close()
})

test('broken off by the server: an end, recorded as a failure', async () => {
  const session = await openSession(gateway)
  upstream.script = (_, response) => {
    events(response, ': open\n\n')
    setTimeout(() => response.destroy(), 20)
  }
  const connection = await gateway.open({ verb: 'GET', headers: { 'mcp-session-id': session } })
  await connection.head()
  await connection.closed()
  const closed = await gateway.event(
    (one) => one.event === 'stream.closed' && one.outcome === 'failed',
  )
  assert.is(closed.code, 'GUARD_UPSTREAM_UNREACHABLE')
})

test('a request of the server that policy denies is answered for the client', async () => {
  const stream = await openStream('strict')
  stream.send(event(request('sampling/createMessage', { messages: [] }, 'ask')))
  const refusal = await upstream.arrives(({ message }) => message.error !== undefined)
  assert.is(refusal.message.id, 'ask')
  assert.is(refusal.message.error?.code, 1403)
  stream.send(event(notification('notifications/tools/list_changed')))
  assert.is(
    await stream.connection.until('\n\n'),
    'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n',
  )
  assert.equal((await stream.own()).slice(1, 2), [
    ['message', 'sampling/createMessage', 'denied', null],
  ])
  stream.connection.close()
})

test('so is one that comes before the session has been told', async () => {
  upstream.script = (seen, response) => {
    if (seen.message.method !== 'initialize') return mcpServer()(seen, response)
    response.setHeader('mcp-session-id', upstreamSession)
    const ask = request('sampling/createMessage', { messages: [] }, 'early')
    events(response, event(ask), event(result(seen.message.id, { capabilities: {} })))
    response.end()
  }
  await openSession(gateway, { as: 'strict' })
  const refusal = await upstream.arrives(({ message }) => message.id === 'early')
  assert.is(refusal.message.error?.code, 1403)
  assert.is(refusal.headers.get('mcp-session-id'), upstreamSession)
})

test('a server without such a stream says so', async () => {
  upstream.script = (_, response) => void response.writeHead(405, { allow: 'POST' }).end('no')
  const answer = await gateway.send({ verb: 'GET' })
  assert.equal([answer.status, answer.headers.get('allow'), answer.body], [405, 'POST', ''])
  const last = (await gateway.audit()).at(-1)
  assert.equal([last?.event, last?.outcome, last?.status], ['message', 'forwarded', 405])
})

test('many streams of one caller leave calls their connections', async () => {
  const small = await startGateway({ upstreams: { up: { url: upstream.url, maxConnections: 2 } } })
  const streams = []
  for (let count = 0; count < 4; count++) {
    const connection = await small.open({ verb: 'GET' })
    assert.is((await connection.head())?.status, 200)
    streams.push(connection)
  }
  assert.is((await small.send({ body: request('tools/list') })).status, 200)
  for (const connection of streams) connection.close()
  await small.close()
})

test.run()
