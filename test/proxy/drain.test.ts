/**
 * SIGTERM: no new work, calls in flight get their answers, streams are ended, everything is on
 * record, and the process is gone within its time, whatever a server does.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Child, startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes, type Sent } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { events, json, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()

test.after(() => upstream.close())

async function open(child: Child, sent: Sent): Promise<Connection> {
  const connection = await Connection.open(child.url)
  connection.send(requestBytes({ path: '/mcp/up', ...sent }, new URL(child.url).host))
  return connection
}

async function readiness({ adminUrl }: Child): Promise<[number, unknown]> {
  const answer = await fetch(new URL('/ready', adminUrl))
  return [answer.status, await answer.json()]
}

async function connects(url: string): Promise<boolean> {
  try {
    const connection = await Connection.open(url)
    connection.close()
    return true
  } catch {
    return false
  }
}

test('calls finish, streams end, exit 0', async () => {
  const child = await startChild({ upstreams: { up: upstream.url } })
  let finish: () => void = () => undefined
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET') return events(response, ': open\n\n')
    if (seen.message.id !== 'slow') return mcpServer()(seen, response)
    finish = () => json(response, result('slow', { content: [] }))
  }
  const idle = await open(child, { body: call('open-tool') })
  assert.is((await idle.answer()).status, 200)
  const stream = await open(child, { verb: 'GET' })
  assert.is((await stream.head())?.status, 200)
  await stream.until(':\n\n')
  const slow = await open(child, { body: call('open-tool', {}, 'slow') })
  await upstream.arrives(({ message }) => message.id === 'slow')

  assert.equal(await readiness(child), [200, { ready: true }])
  const startedMs = performance.now()
  child.signal('SIGTERM')
  assert.is(await stream.body(), '', 'the stream ended, it was not broken off')
  await idle.closed()
  const stopping = { ready: false, reason: 'the gateway is stopping' }
  assert.equal(await readiness(child), [503, stopping])
  assert.not.ok(await connects(child.url), 'nobody new is let in')
  finish()
  const answer = await slow.answer()
  assert.equal(
    [answer.status, answer.body],
    [200, '{"jsonrpc":"2.0","id":"slow","result":{"content":[]}}'],
  )
  assert.is(await child.exited, 0)
  assert.ok(performance.now() - startedMs < 5000)
  const recorded = (await child.audit()).map((one) => [one.event, one.outcome])
  assert.equal(recorded.map(String).sort(), [
    'message,forwarded',
    'message,forwarded',
    'stream.closed,forwarded',
    'stream.opened,forwarded',
  ])
  await child.close()
})

test('a call that does not end is cut off at the deadline and on record', async () => {
  const child = await startChild({
    upstreams: { up: upstream.url },
    listen: { drainTimeout: '300ms' },
  })
  upstream.seen.length = 0
  upstream.script = () => undefined
  const hanging = await open(child, { body: call('open-tool') })
  await upstream.arrives(() => true)
  const startedMs = performance.now()
  child.signal('SIGTERM')
  assert.is(await child.exited, 0)
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs >= 250 && tookMs < 3000, `it took ${tookMs} ms`)
  assert.is((await hanging.head())?.status, 503)
  const recorded = (await child.audit()).map((one) => [one.event, one.outcome, one.code])
  assert.equal(recorded, [['message', 'failed', 'GUARD_STOPPING']])
  await child.close()
})

test('a second signal does not wait', async () => {
  const child = await startChild({ upstreams: { up: upstream.url } })
  upstream.seen.length = 0
  upstream.script = () => undefined
  const hanging = await open(child, { body: call('open-tool') })
  await upstream.arrives(() => true)
  child.signal('SIGTERM')
  await child.says('stopping')
  child.signal('SIGINT')
  assert.is(await child.exited, 1)
  hanging.close()
  await child.close()
})

test.run()
