/**
 * `subscriptions/listen` opens a stream without an end (2026-07-28): recorded as opened and closed,
 * judged by the policy of the moment, ended when the gateway stops.
 */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { brief, call, modern, notification } from '../support/messages.js'
import { event, events, json, mcpServer, type Seen, startUpstream } from '../support/upstream.js'

const first = 'file:///open/1'
const second = 'file:///open/2'
const narrow = {
  'main.rego': `${rolePolicy['main.rego']}\n_denied if input.resource.id == "${first}"\n`,
}

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const filter = { notifications: { resourceSubscriptions: [first, second] } }
const listen = modern('subscriptions/listen', filter)
const updated = (uri: string) => event(notification('notifications/resources/updated', { uri }))

async function openStream(on: Gateway) {
  let opened: { seen: Seen; response: ServerResponse } | null = null
  upstream.script = (seen, response) => {
    events(response, event(notification('notifications/subscriptions/acknowledged', filter)))
    opened = { seen, response }
  }
  const earlier = (await on.audit()).length
  const connection = await on.open(listen)
  const head = await connection.head()
  await connection.until('\n\n')
  if (opened === null) throw new Error('the upstream was not asked')
  const { seen, response } = opened as { seen: Seen; response: ServerResponse }
  return {
    head,
    connection,
    seen,
    say: (text: string) => response.write(text),
    end: () => response.end(event({ jsonrpc: '2.0', id: 1, result: {} })),
    own: async () =>
      (await on.audit()).slice(earlier).map((one) => [one.event, one.method, one.outcome]),
  }
}

const opened = ['stream.opened', 'subscriptions/listen', 'forwarded']
const acknowledged = ['message', 'notifications/subscriptions/acknowledged', 'forwarded']

test('opened, its messages, its answer and closed: each has its event', async () => {
  const stream = await openStream(gateway)
  assert.is(stream.head?.status, 200)
  assert.is(stream.head?.headers.get('content-type'), 'text/event-stream')
  assert.equal(await stream.own(), [opened, acknowledged])
  stream.say(updated(second))
  assert.is(await stream.connection.until('\n\n'), updated(second))
  stream.end()
  assert.is(await stream.connection.body(), 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
  assert.equal(await stream.own(), [
    opened,
    acknowledged,
    ['message', 'notifications/resources/updated', 'forwarded'],
    ['message', 'subscriptions/listen', 'forwarded'],
    ['stream.closed', 'subscriptions/listen', 'forwarded'],
  ])
  stream.connection.close()
})

test('closed by the client: the server’s side ends, and it is on record', async () => {
  const stream = await openStream(gateway)
  stream.connection.close()
  await stream.seen.gone
  assert.equal(await stream.own(), [
    opened,
    acknowledged,
    ['stream.closed', 'subscriptions/listen', 'abandoned'],
  ])
})

test('a listen that is answered without a stream leaves one event of a message', async () => {
  upstream.script = ({ message }, response) => {
    const error = { code: -32601, message: 'Method not found' }
    json(response, { jsonrpc: '2.0', id: message.id, error }, 404)
  }
  const earlier = (await gateway.audit()).length
  assert.is((await gateway.send(listen)).status, 404)
  const method = 'subscriptions/listen'
  assert.equal((await gateway.audit()).slice(earlier).map(brief), [
    { event: 'message', outcome: 'forwarded', code: null, status: 404, method },
  ])
})

test('a stream that names a resource which a new policy denies ends with its result', async () => {
  const stream = await openStream(gateway)
  stream.say(updated(first))
  assert.is(await stream.connection.until('\n\n'), updated(first))
  await writePolicy(gateway.policyFolder, narrow)
  assert.ok((await gateway.guard.reload()).ok)
  const meta = '{"io.modelcontextprotocol/subscriptionId":1}'
  assert.is(
    await stream.connection.body(),
    `data: {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","_meta":${meta}}}\n\n`,
  )
  await stream.seen.gone
  assert.equal((await stream.own()).slice(2), [
    ['message', 'notifications/resources/updated', 'forwarded'],
    ['stream.closed', 'subscriptions/listen', 'denied'],
  ])
  stream.connection.close()
  await writePolicy(gateway.policyFolder, rolePolicy)
  assert.ok((await gateway.guard.reload()).ok)
})

test('a gateway that stops ends the stream, it does not wait for it', async () => {
  const stopping = await startGateway({
    upstreams: { up: upstream.url },
    listen: { drainTimeout: '2s' },
  })
  const stream = await openStream(stopping)
  const startedMs = performance.now()
  const closing = stopping.guard.close()
  assert.is(await stream.connection.body(), '', 'it ended, it was not broken off')
  await closing
  assert.ok(performance.now() - startedMs < 1500)
  await stream.seen.gone
  assert.equal(await stream.own(), [
    opened,
    acknowledged,
    ['stream.closed', 'subscriptions/listen', 'forwarded'],
  ])
  await stopping.close()
})

test('open streams take no connection away from calls', async () => {
  const small = await startGateway({
    upstreams: { up: { url: upstream.url, maxConnections: 2, timeout: '2s' } },
  })
  const streams = [await openStream(small), await openStream(small), await openStream(small)]
  upstream.script = mcpServer()
  assert.is((await small.send({ body: call('open-tool') })).status, 200)
  for (const { connection } of streams) connection.close()
  await small.close()
})

test('what comes on a stream has the time at which it came', async () => {
  const own = await startGateway({ upstreams: { up: upstream.url } })
  const stream = await openStream(own)
  await new Promise((resolve) => setTimeout(resolve, 300))
  stream.say(updated(second))
  await stream.connection.until('\n\n')
  const [message, earlier] = (await own.audit()).reverse()
  const apartMs = Date.parse(message?.time ?? '') - Date.parse(earlier?.time ?? '')
  assert.is(message?.method, 'notifications/resources/updated')
  assert.ok(apartMs >= 250, `${apartMs} ms`)
  stream.connection.close()
  await own.close()
})

test.run()
