/**
 * What a client that has one way in can have open: requests that it cancels and servers that never
 * answer do not add up.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel } from '../../../src/proxy/front/channel.js'
import { StreamableClient } from '../../../src/proxy/front/streamable-client.js'
import type { Gone } from '../../../src/proxy/inbound.js'
import { initialize, notification, request } from '../../support/messages.js'

/** A pipeline that answers everything but `ping`. */
function rig(afterMs: number) {
  const gone: Gone[] = []
  const write = () => undefined
  const client = new StreamableClient(
    {
      transport: 'stdio',
      target: '/mcp/up',
      jsonLimits: { maxDepth: 20, maxMembers: 100 },
      channel: new Channel({ part: write, message: write, spoil: write }),
      async handle(inbound) {
        const body = await inbound.readBody()
        const { id, method } = JSON.parse(body.ok ? Buffer.from(body.bytes).toString() : '{}')
        inbound.onGone((why) => gone.push(why))
        inbound.forwarded()
        if (method === 'ping') return
        const framing = id === undefined ? 'none' : 'json'
        void inbound.sink.head({ status: 202, framing, headers: new Map() })
        const answer = { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25' } }
        if (id !== undefined) void inbound.sink.message(Buffer.from(JSON.stringify(answer)), {})
        void inbound.sink.end()
      },
      unusable: () => undefined,
    },
    { headers: [], ip: '', connection: { address: '', certificate: null } },
    afterMs,
  )
  const post = (message: object) => client.post(Buffer.from(JSON.stringify(message)))
  return { client, gone, post }
}

test('requests that are cancelled and never answered are bounded, and given up in time', async () => {
  const { client, gone, post } = rig(2000)
  const awake = setInterval(() => undefined, 1000)
  await post(initialize)
  let posted = 0
  const startedMs = performance.now()
  for (; posted < 700; posted += 1) {
    await client.room()
    if (performance.now() - startedMs > 1900) break
    await post(request('ping', {}, posted + 10))
    await post(notification('notifications/cancelled', { requestId: posted + 10 }))
  }
  assert.ok(posted > 256 && posted <= 512, `${posted} before one was given up`)
  assert.ok(gone.length > 0)
  assert.equal([...new Set(gone)], ['client'])
  await client.answered()
  clearInterval(awake)
})

test.run()
