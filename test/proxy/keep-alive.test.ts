/**
 * One connection, many requests: answers come in order, a refusal does not end the connection, and
 * what is left of a refused request is never taken for the next one.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, request } from '../support/messages.js'
import { mcpServer, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], bob: [] },
})

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

test('after each kind of refusal the connection serves the next request', async () => {
  const refusals = [
    { sent: { body: call('hidden-tool') }, status: 200 },
    { sent: { body: '{' }, status: 400 },
    { sent: { body: request('vendor/anything') }, status: 200 },
    { sent: { headers: { 'mcp-session-id': 'forged' }, body: call('open-tool') }, status: 404 },
  ]
  for (const { sent, status } of refusals) {
    const connection = await gateway.open(sent)
    assert.is((await connection.answer()).status, status)
    connection.send(gateway.request({ body: call('open-tool', {}, 'next') }))
    assert.match((await connection.answer()).body, /"id":"next","result"/)
    connection.close()
  }
})

test('a request sent before the answer to the last one ends the connection, on record', async () => {
  upstream.script = async (seen, response) => {
    await new Promise((resolve) => setTimeout(resolve, 60))
    await mcpServer()(seen, response)
  }
  const connection = await gateway.open({ body: call('open-tool', {}, 'a') })
  connection.send(gateway.request({ as: 'bob', body: call('open-tool', {}, 'b') }))
  await connection.closed()
  const events = (await gateway.audit()).slice(-2)
  assert.equal(events.map(({ outcome, code }) => [outcome, code]).sort(), [
    ['abandoned', null],
    ['rejected', 'http-pipelined'],
  ])
  assert.is(upstream.seen.length, 1)
})

test('the body of an unidentified request is not the next request', async () => {
  const earlier = (await gateway.audit()).length
  const smuggled = gateway.request({ body: call('open-tool', {}, 'smuggled') })
  const connection = await gateway.open({ as: null, body: smuggled })
  const answer = await connection.answer()
  assert.is(answer.status, 401)
  assert.is(answer.headers.get('connection'), 'close')
  await connection.closed()
  assert.equal(upstream.seen.length, 0)
  assert.is((await gateway.audit()).length, earlier + 1)
})

test('the rest of a body over the limit is not the next request', async () => {
  const small = await startGateway({
    upstreams: { up: upstream.url },
    listen: { maxBodyBytes: 1024 },
  })
  const padding = ' '.repeat(1100)
  const smuggled = small.request({ body: call('open-tool', {}, 'smuggled') })
  const connection = await small.open({
    headers: { 'content-type': 'application/json' },
    body: Buffer.concat([Buffer.from(padding), smuggled]),
  })
  assert.is((await connection.answer()).status, 413)
  await connection.closed()
  assert.equal(upstream.seen.length, 0)
  await small.close()
})

test('the second request of a connection is identified by itself', async () => {
  const connection = await gateway.open({ body: call('open-tool') })
  assert.is((await connection.answer()).status, 200)
  connection.send(gateway.request({ as: null, body: call('open-tool') }))
  assert.is((await connection.answer()).status, 401)
  connection.close()
  assert.is(upstream.seen.length, 1)
})

test('an answer is framed by its length', async () => {
  const answer = await gateway.send({ body: call('open-tool') })
  assert.is(answer.headers.get('content-length'), String(Buffer.byteLength(answer.body)))
})

test.run()
