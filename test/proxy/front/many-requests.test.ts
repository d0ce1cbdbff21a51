/**
 * A client over stdio or HTTP+SSE with more requests than may wait for answers: the next ones wait
 * as long as others are answered, and are refused when none is; what is no request is never held up
 * by requests.
 */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../../support/gateway.js'
import { call, notification } from '../../support/messages.js'
import { serveSse } from '../../support/sse-client.js'
import { until } from '../../support/stdio.js'
import { serveStdio } from '../../support/stdio-client.js'
import { json, mcpServer, result, startUpstream } from '../../support/upstream.js'

const upstream = await startUpstream()
const options = {
  upstreams: { up: { url: upstream.url, maxConnections: 2000 } },
  listen: { maxConnections: 4000 },
}
const gateway = await startGateway(options)
const hanging = new Map<unknown, ServerResponse>()

function hangs(): void {
  hanging.clear()
  upstream.seen.length = 0
  upstream.script = (seen, response) => {
    if (seen.message.method === 'tools/call') hanging.set(seen.message.id, response)
    else void mcpServer()(seen, response)
  }
}

test.before.each(hangs)
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const refusal = (id: unknown) => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32603, message: 'too many requests wait for their answers' },
})
const waitMs = (sinceMs: number) => performance.now() - sinceMs
const cancelled = () =>
  upstream.seen.filter(({ message }) => message.method === 'notifications/cancelled').length

test('stdio: beyond 256 that hang a request waits 5 s and is refused; cancellations are read', async () => {
  const rig = serveStdio(gateway)
  await rig.open()
  const startedMs = performance.now()
  for (let id = 10; id < 268; id += 1) rig.send(call('open-tool', {}, id))
  rig.send(notification('notifications/cancelled', { requestId: 10 }))
  rig.send(notification('notifications/cancelled', { requestId: 11 }))
  rig.send(call('open-tool', {}, 268))
  await until(() => hanging.size === 256, '256 requests are at the server')
  await until(() => cancelled() === 2, 'cancellations have passed')
  assert.ok(waitMs(startedMs) > 5000 && waitMs(startedMs) < 7500, `${waitMs(startedMs)}`)
  assert.equal(await rig.receives(({ id }) => id === 266), refusal(266))
  assert.equal(await rig.receives(({ id }) => id === 267), refusal(267), 'without another wait')
  await until(() => hanging.has(268), 'where there is room again the next one passes')
  const { code, status, transport } = await gateway.event(
    (event) => event.code === 'requests-exceeded',
  )
  assert.equal([code, status, transport], ['requests-exceeded', null, 'stdio'])
  for (const [id, response] of hanging) json(response, result(Number(id), {}))
  await rig.receives(({ id }) => id === 268)
  rig.input.end()
  await rig.served
  assert.is(new Set(rig.lines).size, rig.lines.length)
})

test('HTTP+SSE: the post of a request beyond 256 is refused; cancellations pass at once', async () => {
  const rig = await serveSse(gateway)
  await rig.send({ ...call('open-tool'), method: 'ping', id: 1 })
  const post = (body: object) => gateway.send({ path: rig.place, body })
  const posts = Array.from({ length: 256 }, (_, index) => post(call('open-tool', {}, index + 10)))
  for (const { status } of await Promise.all(posts)) assert.is(status, 202)
  const startedMs = performance.now()
  const more = [post(call('open-tool', {}, 300)), post(call('open-tool', {}, 301))]
  const cancel = await post(notification('notifications/roots/list_changed'))
  assert.is(cancel.status, 202)
  assert.ok(waitMs(startedMs) < 2000, `${waitMs(startedMs)}`)
  const refused = await Promise.all(more)
  assert.equal(
    refused.map(({ status, body }) => [status, JSON.parse(body)]),
    [
      [400, refusal(300)],
      [400, refusal(301)],
    ],
  )
  assert.ok(waitMs(startedMs) > 4900 && waitMs(startedMs) < 7500, `${waitMs(startedMs)}`)
  assert.is(hanging.size, 256)
  rig.close()
  for (const [id, response] of hanging) json(response, result(Number(id), {}))
})

test('as long as others are answered everything has its turn: 1,000 at once, at most 256 open', async () => {
  let most = 0
  let left = 1000
  const held: (() => void)[] = []
  /** Answers when as many are open as will be. */
  upstream.script = (seen, response) => {
    if (seen.message.method !== 'tools/call') return mcpServer()(seen, response)
    held.push(() => void mcpServer()(seen, response))
    if (held.length === Math.min(256, left)) setTimeout(release, 100)
  }
  function release(): void {
    most = Math.max(most, held.length)
    left -= held.length
    for (const answer of held.splice(0)) answer()
  }
  // The server gives every session the same id, and that of the first test is closed.
  const other = await startGateway(options)
  const stdio = serveStdio(other)
  await stdio.open()
  for (let id = 10; id < 1010; id += 1) stdio.send(call('open-tool', {}, id))
  await until(() => stdio.lines.length === 1001, 'all are answered')
  assert.is(stdio.lines.filter((line) => line.includes('"error"')).length, 0)
  assert.is(most, 256)
  stdio.input.end()
  await stdio.served

  most = 0
  left = 1000
  const sse = await serveSse(other)
  await sse.send({ ...call('open-tool'), method: 'ping', id: 1 })
  const ids = Array.from({ length: 1000 }, (_, index) => index + 10)
  const posts = ids.map((id) => sse.send(call('open-tool', {}, id)))
  const answers = new Set<unknown>()
  while (answers.size < ids.length + 1) answers.add((await sse.next())['id'])
  await Promise.all(posts)
  assert.is(most, 256)
  sse.close()
  await other.close()
})

test.run()
