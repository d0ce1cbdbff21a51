/**
 * When a client goes before its answer is complete, a legacy server works on (there a lost
 * connection is no cancellation), a modern one is told by its closed connection; one event says
 * `abandoned`.
 */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, modern } from '../support/messages.js'
import { event, events, json, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const modernCall = modern('tools/call', { name: 'open-tool' })
const legacyCall = { body: call('open-tool') }

/** Leaves once the request has arrived; the server answers when the test says. */
async function leaveDuring(sent: typeof modernCall, stream: boolean) {
  upstream.seen.length = 0
  let answering: ServerResponse | undefined
  upstream.script = (_, response) => {
    answering = response
    if (stream) events(response, ': working\n\n')
  }
  const earlier = (await gateway.audit()).length
  const connection = await gateway.open(sent)
  const arrived = await upstream.arrives(() => true)
  if (stream) await connection.head()
  connection.close()
  const fresh = async () => (await gateway.audit()).slice(earlier)
  while ((await fresh()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return { arrived, answering, fresh }
}

for (const stream of [false, true]) {
  const what = stream ? 'on an event stream' : 'before the answer'
  test(`legacy, ${what}: the server works on, its answer goes nowhere`, async () => {
    const { arrived, answering, fresh } = await leaveDuring(legacyCall, stream)
    let gone = false
    void arrived.gone.then(() => {
      gone = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.not.ok(gone, 'the upstream was not cut off')
    const text = result(1, { content: [] })
    if (answering === undefined) throw new Error('the server has no request')
    const finished = new Promise((resolve) => answering.once('finish', resolve))
    if (stream) answering.end(event(text))
    else json(answering, text)
    await finished
    await new Promise((resolve) => setTimeout(resolve, 30))
    assert.equal(
      (await fresh()).map((one) => [one.event, one.outcome, one.code, one.method]),
      [['message', 'abandoned', null, 'tools/call']],
    )
  })

  test(`modern, ${what}: the server’s connection is closed`, async () => {
    const { arrived, fresh } = await leaveDuring(modernCall, stream)
    await arrived.gone
    assert.equal(
      (await fresh()).map((one) => [one.event, one.outcome, one.era]),
      [['message', 'abandoned', 'modern']],
    )
  })
}

test('a client that goes while its body is read is never forwarded', async () => {
  upstream.seen.length = 0
  const connection = await gateway.open({
    headers: { 'content-type': 'application/json', 'content-length': '50' },
  })
  connection.send('{"jsonrpc":"2.0"')
  connection.close()
  await gateway.event((one) => one.code === 'body-aborted')
  assert.equal(upstream.seen.length, 0)
})

test('others are not disturbed', async () => {
  upstream.script = (seen, response) => json(response, result(seen.message.id, {}))
  assert.is((await gateway.send(legacyCall)).status, 200)
  assert.is((await gateway.send(modernCall)).status, 200)
})

test.run()
