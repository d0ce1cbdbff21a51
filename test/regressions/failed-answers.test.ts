/**
 * An answer that was given up is over on both sides: the server's connection is closed at once,
 * what it still says is neither judged nor recorded, and the exchange leaves one event.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { brief, call, initialize, notification, request } from '../support/messages.js'
import { event, events, mcpServer, type Seen, startUpstream } from '../support/upstream.js'

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

const sampling = event(request('sampling/createMessage', { messages: [] }, 'ask'))

/** Writes again and again until the other side goes. */
async function writeOn(response: ServerResponse, text: string): Promise<void> {
  while (!response.destroyed) {
    if (response.write(text)) await sleep(1)
    else await Promise.race([new Promise((resolve) => response.once('drain', resolve)), sleep(50)])
  }
}

async function isGone(seen: Seen | undefined): Promise<boolean> {
  return Promise.race([seen?.gone.then(() => true) ?? false, sleep(1000, false)])
}

const item = `{"name":"open-tool","description":"${'x'.repeat(64 * 1024)}"},`

test('a list without end: 502, and nobody reads on', async () => {
  upstream.script = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"jsonrpc":"2.0","id":1,"result":{"tools":[')
    return writeOn(response, item)
  }
  const earlier = (await gateway.audit()).length
  const connection = await gateway.open({ body: request('tools/list') })
  assert.is((await connection.answer()).status, 502)
  assert.ok(await isGone(upstream.seen[0]), 'the upstream is let go')
  connection.close()
  const code = 'GUARD_UPSTREAM_INVALID'
  assert.equal((await gateway.audit()).slice(earlier).map(brief), [
    { event: 'message', outcome: 'failed', code, status: 502, method: 'tools/list' },
  ])
})

const long = '\u0001'.repeat(256)
const longClient = request('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: long, version: long },
})
const unusable = [
  { what: 'with a space', id: 'two words', body: initialize },
  { what: 'too long', id: 'x'.repeat(1025), body: initialize },
  { what: 'too long for all there is to seal', id: 'x'.repeat(1024), body: longClient },
]
for (const { what, id, body } of unusable) {
  test(`a session id ${what}: 502, and the stream behind it is not heard`, async () => {
    upstream.script = ({ message }, response) => {
      if (message.error !== undefined) return void response.writeHead(202).end()
      response.setHeader('mcp-session-id', id)
      events(response, sampling)
      return writeOn(response, sampling)
    }
    const earlier = (await gateway.audit()).length
    const connection = await gateway.open({ body })
    assert.is((await connection.answer()).status, 502)
    assert.ok(await isGone(upstream.seen[0]), 'the upstream is let go')
    connection.close()
    const code = 'GUARD_UPSTREAM_INVALID'
    assert.equal((await gateway.audit()).slice(earlier).map(brief), [
      { event: 'message', outcome: 'failed', code, status: 502, method: 'initialize' },
    ])
    assert.is(upstream.seen.length, 1, 'its requests get no answer')
  })
}

test('a stream that goes wrong inside an event: broken off, and nothing after it is heard', async () => {
  upstream.script = ({ message }, response) => {
    if (message.error !== undefined) return void response.writeHead(202).end()
    const large = 'x'.repeat(128 * 1024)
    events(response, `data: {"jsonrpc":"2.0","id":1,"result":{"t":"${large}","tools":[]}}\n\n`)
    return writeOn(response, sampling)
  }
  const earlier = (await gateway.audit()).length
  const connection = await gateway.open({ body: call('open-tool') })
  assert.is((await connection.head())?.status, 200)
  await connection.closed()
  assert.ok(await isGone(upstream.seen[0]), 'the upstream is let go')
  const code = 'GUARD_UPSTREAM_INVALID'
  assert.equal((await gateway.audit()).slice(earlier).map(brief), [
    { event: 'message', outcome: 'failed', code, status: 200, method: 'tools/call' },
  ])
})

test('after its client went a legacy call runs on, and its messages leave no record', async () => {
  let stream: ServerResponse | null = null
  upstream.script = (seen, response) => {
    if (seen.message.error !== undefined) return void response.writeHead(202).end()
    stream = response
    events(response, ': open\n\n')
  }
  const earlier = (await gateway.audit()).length
  const connection = await gateway.open({ body: call('open-tool') })
  await connection.head()
  await connection.until(':\n\n')
  connection.close()
  await gateway.event(({ outcome }) => outcome === 'abandoned')
  const say = (text: string) => stream?.write(text)
  say(event(notification('notifications/progress', { progressToken: 1, progress: 1 })))
  say(event({ jsonrpc: '2.0', id: 'another', result: {} }))
  say(sampling)
  // The server is not left waiting; by then the other two were read.
  const refusal = await upstream.arrives(({ message }) => message.error !== undefined)
  assert.is(refusal.message.id, 'ask')
  assert.equal((await gateway.audit()).slice(earlier).map(brief), [
    { event: 'message', outcome: 'abandoned', code: null, status: 200, method: 'tools/call' },
  ])
})

test.run()
