/**
 * One caller's clients leave their streams open: the listener's connections still suffice for others,
 * on every way that a stream without an end can be opened, and what is closed counts no more.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Sent, startGateway } from '../support/gateway.js'
import { brief, call, modern, notification, seenByCaller } from '../support/messages.js'
import { event, events, mcpServer, startUpstream } from '../support/upstream.js'

const params = { notifications: { toolsListChanged: true } }
const acknowledged = event(notification('notifications/subscriptions/acknowledged', params))
const upstream = await startUpstream((seen, response) => {
  if (seen.verb === 'GET') return events(response, ': open\n\n')
  if (seen.message.method === 'subscriptions/listen') return events(response, acknowledged)
  return mcpServer()(seen, response)
})
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], bob: [] },
  listen: { maxConnections: 12 },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const get: Sent = { verb: 'GET' }
const ways: readonly (readonly [what: string, sent: Sent, id: number | null])[] = [
  ['GET of a session', get, null],
  ['subscriptions/listen', modern('subscriptions/listen', params), 1],
  ['the stream of HTTP+SSE', { verb: 'GET', path: '/mcp/up/sse' }, null],
]

for (const [what, sent, id] of ways) {
  test(`${what}: half for one who is alone, and others go on`, async () => {
    const open = []
    for (let count = 0; count < 6; count += 1) {
      const stream = await gateway.open({ ...sent, as: 'alice' })
      assert.is((await stream.head())?.status, 200)
      open.push(stream)
    }
    const refused = seenByCaller(await gateway.send({ ...sent, as: 'alice' }))
    assert.is(refused.status, 429)
    assert.equal(JSON.parse(String(refused.body)), {
      jsonrpc: '2.0',
      id,
      error: { code: 1429, message: 'too many streams are open', data: { requestId: '<id>' } },
    })
    const last = (await gateway.audit()).at(-1)
    assert.match(JSON.stringify(last && brief(last)), '"streams-exceeded"')
    // What has an end takes no share.
    assert.is((await gateway.send({ body: call('open-tool'), as: 'alice' })).status, 200)
    const bobs = await gateway.open({ ...sent, as: 'bob' })
    assert.is((await bobs.head())?.status, 200)
    bobs.close()
    open.pop()?.close()
    await gateway.event((one) => one.event === 'stream.closed' && one.subject?.id === 'alice')
    const again = await gateway.open({ ...sent, as: 'alice' })
    assert.is((await again.head())?.status, 200)
    for (const stream of [...open, again]) stream.close()
    const closed = async () =>
      (await gateway.audit()).filter(({ event: what }) => what === 'stream.closed').length
    const opened = (await gateway.audit()).filter(({ event: what }) => what === 'stream.opened')
    while ((await closed()) < opened.length) await new Promise((resolve) => setTimeout(resolve, 5))
  })
}

test('a stream that its server does not offer takes no share', async () => {
  upstream.script = (_, response) => void response.writeHead(405).end()
  for (let count = 0; count < 20; count += 1) {
    assert.is((await gateway.send({ ...get, as: 'alice' })).status, 405)
  }
})

test.run()
