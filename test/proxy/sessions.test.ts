/**
 * A legacy session belongs to the principal that opened it, at the upstream it was opened at; its id
 * is sealed, so that any gateway with the key serves it. Everything else is one and the same 404.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, startGateway } from '../support/gateway.js'
import {
  call,
  initialize,
  modern,
  notification,
  openSession,
  seenByCaller,
} from '../support/messages.js'
import { json, mcpServer, startUpstream, upstreamSession } from '../support/upstream.js'

let shiftMs = 0
const realNow = Date.now
Date.now = () => realNow() + shiftMs

const upstream = await startUpstream()
const other = await startUpstream()
const keys = { first: 'first-key-'.repeat(5), second: 'second-key-'.repeat(5) }
const start = (...used: string[]) =>
  startGateway({
    upstreams: { up: upstream.url, other: other.url },
    callers: { alice: [], bob: [] },
    sessions: { keys: used },
  })
const gateway = await start(keys.first)
const replica = await start(keys.second, keys.first)
const stranger = await start(keys.second)

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
  shiftMs = 0
})
test.after(async () => {
  Date.now = realNow
  for (const one of [gateway, replica, stranger]) await one.close()
  await upstream.close()
  await other.close()
})

const notFound = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"session not found","data":{"requestId":"<id>"}}}',
}

function use(session: string, on: Gateway = gateway, more: { as?: string; path?: string } = {}) {
  return on.send({ ...more, headers: { 'mcp-session-id': session }, body: call('open-tool') })
}

async function isNotFound(answer: Awaited<ReturnType<typeof use>>, on: Gateway, code: string) {
  assert.equal(seenByCaller(answer), notFound)
  const event = (await on.audit()).at(-1)
  assert.equal([event?.outcome, event?.code], ['rejected', code])
  assert.equal(upstream.seen.filter(({ message }) => message.method === 'tools/call').length, 0)
}

test('the id is not the upstream’s, which gets its own back', async () => {
  const session = await openSession(gateway)
  assert.is.not(session, upstreamSession)
  assert.match(session, /^[A-Za-z0-9_-]+$/)
  assert.not.ok(Buffer.from(session, 'base64url').includes(upstreamSession))
  assert.is((await use(session)).status, 200)
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), upstreamSession)
})

test('the session says whose client it is, in the audit of each message', async () => {
  const session = await openSession(gateway)
  await use(session)
  const event = (await gateway.audit()).at(-1)
  assert.equal(event?.client, { name: 'test-client', version: '1.0.0' })
  assert.match(event?.session ?? '', /^[A-Za-z0-9_-]{22}$/)
  assert.not.ok(session.includes(event?.session ?? session))
})

test('another principal’s: 404, and the audit knows', async () => {
  const session = await openSession(gateway)
  await isNotFound(await use(session, gateway, { as: 'bob' }), gateway, 'session-foreign')
})

test('another upstream’s: 404', async () => {
  const session = await openSession(gateway)
  other.seen.length = 0
  const answer = await use(session, gateway, { path: '/mcp/other' })
  await isNotFound(answer, gateway, 'session-unknown')
  assert.equal(other.seen.length, 0)
})

test('every single character changed: 404', async () => {
  const session = await openSession(gateway)
  for (let at = 0; at < session.length; at += 7) {
    const changed = session[at] === 'A' ? 'B' : 'A'
    const forged = session.slice(0, at) + changed + session.slice(at + 1)
    await isNotFound(await use(forged), gateway, 'session-unknown')
  }
})

for (const forged of [upstreamSession, 'x', 'A'.repeat(5000), '%00', '0']) {
  test(`never sealed, ${forged.slice(0, 20)}: 404`, async () => {
    await isNotFound(await use(forged), gateway, 'session-unknown')
  })
}

test('after 24 hours: 404', async () => {
  const session = await openSession(gateway)
  shiftMs = 24 * 60 * 60 * 1000 - 1000
  assert.is((await use(session)).status, 200)
  upstream.seen.length = 0
  shiftMs += 2000
  await isNotFound(await use(session), gateway, 'session-expired')
})

test('a replica with the key serves it, one without does not', async () => {
  const session = await openSession(gateway)
  assert.is((await use(session, replica)).status, 200)
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), upstreamSession)
  upstream.seen.length = 0
  await isNotFound(await use(session, stranger), stranger, 'session-unknown')
  await isNotFound(await use(session, replica, { as: 'bob' }), replica, 'session-foreign')
})

test('after DELETE: 404, and the upstream was told', async () => {
  upstream.script = (seen, response) => {
    if (seen.message.method === 'initialize') response.setHeader('mcp-session-id', 'to-be-closed')
    if (seen.verb === 'DELETE') response.writeHead(204).end()
    else json(response, { jsonrpc: '2.0', id: seen.message.id, result: {} })
  }
  const session = await openSession(gateway)
  const closed = await gateway.send({ verb: 'DELETE', headers: { 'mcp-session-id': session } })
  assert.is(closed.status, 204)
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), 'to-be-closed')
  await isNotFound(await use(session), gateway, 'session-closed')
})

test('a DELETE that the upstream refuses closes nothing', async () => {
  const session = await openSession(gateway)
  upstream.script = (_, response) => void response.writeHead(405, { allow: 'POST' }).end()
  const refused = await gateway.send({ verb: 'DELETE', headers: { 'mcp-session-id': session } })
  assert.is(refused.status, 405)
  assert.is(refused.headers.get('allow'), 'POST')
  upstream.script = mcpServer()
  assert.is((await use(session)).status, 200)
})

test('a session that the upstream does not know, in its own words: its 400 passes', async () => {
  const session = await openSession(gateway)
  const error = { code: -32000, message: 'Bad Request: No valid session ID provided' }
  upstream.script = (_, response) => json(response, { jsonrpc: '2.0', id: null, error }, 400)
  const answer = await use(session)
  assert.equal([answer.status, JSON.parse(answer.body).error], [400, error])
})

test('who resumes does so in a session of its own, whoever was given the event', async () => {
  const own = await openSession(gateway)
  const foreign = await openSession(gateway, { as: 'bob' })
  upstream.seen.length = 0
  const resume = (as: string, session: string | null) =>
    gateway.send({ verb: 'GET', as, headers: { 'mcp-session-id': session, 'last-event-id': '7' } })
  upstream.script = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
  }
  assert.is((await resume('bob', own)).status, 404)
  assert.equal(upstream.seen.length, 0)
  assert.is((await resume('bob', foreign)).status, 200)
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), upstreamSession)
})

test('a session that the upstream forgot: its 404 passes', async () => {
  const session = await openSession(gateway)
  upstream.script = (seen, response) =>
    json(
      response,
      { jsonrpc: '2.0', id: seen.message.id, error: { code: -32001, message: 'gone' } },
      404,
    )
  const answer = await use(session)
  assert.is(answer.status, 404)
})

test('an id that is no visible text cannot be sealed: 502', async () => {
  upstream.script = (seen, response) => {
    response.setHeader('mcp-session-id', 'x'.repeat(1025))
    json(response, { jsonrpc: '2.0', id: seen.message.id, result: {} })
  }
  const answer = await gateway.send({ body: initialize })
  assert.is(answer.status, 502)
  assert.is((await gateway.audit()).at(-1)?.code, 'GUARD_UPSTREAM_INVALID')
})

test('a session id that comes with another answer is not handed out', async () => {
  upstream.script = (seen, response) => {
    response.setHeader('mcp-session-id', 'late-session')
    json(response, { jsonrpc: '2.0', id: seen.message.id, result: {} })
  }
  const answer = await gateway.send({ body: call('open-tool') })
  assert.is(answer.headers.get('mcp-session-id'), undefined)
})

test('without a session id none is invented', async () => {
  await gateway.send({ body: call('open-tool') })
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), undefined)
})

test('a modern request has no session: the header stays behind', async () => {
  const sent = modern('tools/call', { name: 'open-tool' }, { 'mcp-session-id': 'anything' })
  assert.is((await gateway.send(sent)).status, 200)
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), undefined)
})

test('a notification on a session: 202', async () => {
  const session = await openSession(gateway)
  const answer = await gateway.send({
    headers: { 'mcp-session-id': session },
    body: notification('notifications/initialized'),
  })
  assert.equal([answer.status, answer.body], [202, ''])
  assert.is(upstream.seen.at(-1)?.headers.get('mcp-session-id'), upstreamSession)
})

test.run()
