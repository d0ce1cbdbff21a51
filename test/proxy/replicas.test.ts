/**
 * What two processes with one key share, request by request, and what stays with the one that began
 * it: sessions of servers on stdio and HTTP+SSE, and clients of HTTP+SSE.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { call, initialize, modern, notification, openSession } from '../support/messages.js'
import { startEcho } from '../support/peers.js'
import {
  event,
  events,
  json,
  mcpServer,
  result,
  startUpstream,
  upstreamSession,
} from '../support/upstream.js'

const echo = fileURLToPath(new URL('../../../test/peers/echo-server.mjs', import.meta.url))
const upstream = await startUpstream()
const sse = await startEcho('sse')
const start = () =>
  startGateway({
    upstreams: {
      up: upstream.url,
      sse: { url: sse.url, transport: 'sse' },
      stdio: { command: process.execPath, args: [echo, 'stdio'] },
    },
    sessions: { keys: ['a-key-of-both-replicas-'.repeat(2)] },
  })
const [one, other] = [await start(), await start()]

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  for (const gateway of [one, other]) await gateway.close()
  await sse.stop()
  await upstream.close()
})

test('a stream is resumed at the same session of the server, wherever it was opened', async () => {
  const session = await openSession(one)
  upstream.script = (_, response) =>
    events(
      response,
      `id: 8\n${event(notification('notifications/message', { level: 'info', data: 'late' }))}`,
    )
  for (const gateway of [one, other]) {
    const headers = { 'mcp-session-id': session, 'last-event-id': '7' }
    const connection = await gateway.open({ verb: 'GET', headers })
    assert.is((await connection.head())?.status, 200)
    assert.match(await connection.until('\n\n'), 'id: 8\n')
    connection.close()
    const seen = upstream.seen.at(-1)?.headers
    assert.equal(
      ['mcp-session-id', 'last-event-id'].map((name) => seen?.get(name)),
      [upstreamSession, '7'],
    )
  }
})

test('a session that was closed elsewhere: the server says that it is over', async () => {
  const session = await openSession(one)
  const headers = { 'mcp-session-id': session }
  upstream.script = (_, response) => void response.writeHead(204).end()
  assert.is((await other.send({ verb: 'DELETE', headers })).status, 204)
  upstream.script = (_, response) => void response.writeHead(404).end()
  upstream.seen.length = 0
  assert.is((await one.send({ headers, body: call('open-tool') })).status, 404)
  assert.is(upstream.seen.length, 1)
  assert.is((await other.send({ headers, body: call('open-tool') })).status, 404)
  assert.is(upstream.seen.length, 1, 'whoever closed it does not ask')
})

for (const name of ['stdio', 'sse']) {
  test(`${name}: a session stays with who began it; elsewhere it is a 404 without a body`, async () => {
    const path = `/mcp/${name}`
    const session = await openSession(one, { path })
    const send = (gateway: Gateway) =>
      gateway.send({
        path,
        headers: { 'mcp-session-id': session },
        body: call('echo', { arguments: { token: 'of this process' } }),
      })
    const refused = await send(other)
    assert.equal([refused.status, refused.body], [404, ''])
    assert.match((await send(one)).body, 'of this process')
    await openSession(other, { path })
  })
}

test('stdio: what has no session is answered by each', async () => {
  for (const gateway of [one, other]) {
    const given = { name: 'echo', arguments: { token: 'of any process' } }
    const answer = await gateway.send({ path: '/mcp/stdio', ...modern('tools/call', given) })
    assert.match(answer.body, 'of any process')
  }
})

test('a client of HTTP+SSE posts to the process that has its stream, elsewhere to nobody', async () => {
  const connection = await one.open({ verb: 'GET', path: '/mcp/up/sse' })
  await connection.head()
  const [, path = ''] = /data: (\S+)/.exec(await connection.until('\n\n')) ?? []
  assert.is((await other.send({ path, body: initialize })).status, 404)
  assert.is((await other.audit()).at(-1)?.code, 'session-unknown')
  assert.is((await one.send({ path, body: initialize })).status, 202)
  connection.close()
})

const subscription = 'io.modelcontextprotocol/subscriptionId'
const tools = [{ name: 'open-tool' }, { name: 'other-tool' }]
const told = event(
  notification('notifications/tools/list_changed', { _meta: { [subscription]: 1 } }),
)

/** By reloading, and once more when the folder's watcher sees it: then all of that is over. */
async function activate(more: string): Promise<void> {
  for (const { policyFolder, guard } of [one, other]) {
    await writePolicy(policyFolder, { 'main.rego': `${rolePolicy['main.rego']}\n${more}\n` })
    assert.ok((await guard.reload()).ok)
  }
  await sleep(1500)
}

test('a listener is told of what it saw change, though it has listed elsewhere since', async () => {
  const notifications = { toolsListChanged: true }
  let stream: ServerResponse | null = null
  upstream.script = (seen, response) => {
    if (seen.message.method === 'tools/list') {
      return json(response, result(seen.message.id, { resultType: 'complete', tools }))
    }
    const params = { notifications, _meta: { [subscription]: 1 } }
    stream = response
    events(response, event(notification('notifications/subscriptions/acknowledged', params)))
  }
  assert.match((await one.send(modern('tools/list'))).body, 'other-tool')
  const connection = await one.open(modern('subscriptions/listen', { notifications }))
  await connection.head()
  await connection.until('\n\n')
  const heard = () => {
    stream?.write(': so far\n\n')
    return connection.until(':\n\n')
  }
  await activate('_denied if input.resource.id == "other-tool"')
  assert.match(await heard(), told)
  assert.not.match((await other.send(modern('tools/list'))).body, 'other-tool')
  await activate('')
  assert.match(await heard(), told)
  connection.close()
})

test.run()
