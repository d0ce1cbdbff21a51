/**
 * One caller's calls hang, its clients leave, it opens one stream after another: the callers beside it
 * are answered by the same server as if it were alone.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { until } from '../support/stdio.js'
import { events, mcpServer, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream((seen, response) => {
  if (seen.verb === 'GET') return events(response, ': open\n\n')
  if (!seen.body.includes('hang')) return mcpServer()(seen, response)
})
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, maxConnections: 8 } },
  callers: { mallory: [], alice: [], bob: [] },
})

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const hang = { as: 'mallory', body: call('open-tool', { arguments: { hang: true } }) }
const hanging = () => upstream.seen.filter(({ body }) => body.includes('hang')).length

async function othersAreAnswered(): Promise<void> {
  const startedMs = performance.now()
  for (const as of ['alice', 'bob', 'alice']) {
    assert.is((await gateway.send({ as, body: call('open-tool') })).status, 200)
  }
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < 1000, `${tookMs} ms`)
}

test('100 calls that hang keep half of the connections, and nobody waiting', async () => {
  const connections = await Promise.all(Array.from({ length: 100 }, () => gateway.open(hang)))
  await until(() => hanging() === 4, 'four of the calls have arrived')
  await othersAreAnswered()
  assert.is(hanging(), 4)
  for (const connection of connections) connection.close()
})

test('calls whose clients left keep neither others nor their own caller waiting', async () => {
  const left = await Promise.all(Array.from({ length: 4 }, () => gateway.open(hang)))
  await until(() => hanging() === 4, 'the calls have arrived')
  const earlier = (await gateway.audit()).length
  for (const connection of left) connection.close()
  while ((await gateway.audit()).length < earlier + 4) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await othersAreAnswered()
  assert.is((await gateway.send({ as: 'mallory', body: call('open-tool') })).status, 200)
})

test('100 streams of one caller take no connection away from calls', async () => {
  const streams = await Promise.all(
    Array.from({ length: 100 }, () => gateway.open({ as: 'mallory', verb: 'GET' })),
  )
  await Promise.all(streams.map((stream) => stream.head()))
  await othersAreAnswered()
  assert.is((await gateway.send({ as: 'mallory', body: call('open-tool') })).status, 200)
  for (const stream of streams) stream.close()
})

test.run()
