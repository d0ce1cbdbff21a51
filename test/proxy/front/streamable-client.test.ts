/**
 * What a client that has one way in can have open: requests that it cancels and servers that never
 * answer do not add up.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel } from '../../../src/proxy/front/channel.js'
import { StreamableClient } from '../../../src/proxy/front/streamable-client.js'
import type { Gone } from '../../../src/proxy/inbound.js'
import { initialize, notification, request } from '../../support/messages.js'
import { until } from '../../support/stdio.js'

/** A pipeline that answers everything but `ping`. */
function rig(afterMs?: number) {
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

/** Whether one more message may be posted at once. */
function hasRoom(client: StreamableClient): Promise<boolean> {
  const turns = sleep(20).then(() => false)
  return Promise.race([client.room().then(() => true), turns])
}

async function cancelled(post: (message: object) => Promise<void>, id: number): Promise<void> {
  await post(request('ping', {}, id))
  await post(notification('notifications/cancelled', { requestId: id }))
}

test('requests that are cancelled and never answered are bounded', async () => {
  const { client, gone, post } = rig()
  await post(initialize)
  let posted = 0
  for (; posted < 700 && (await hasRoom(client)); posted += 1) await cancelled(post, posted + 10)
  assert.is(posted, 512)
  assert.equal(gone, [], 'a lost connection would have been no cancellation')
  const room = client.room()
  client.leave('client')
  await room
  assert.is(gone.length, 512)
})

test('and given up in time', async () => {
  const { client, gone, post } = rig(50)
  await post(initialize)
  await cancelled(post, 10)
  await until(() => gone.length > 0, 'it is given up')
  assert.equal(gone, ['client'])
  await client.answered()
})

/** A server that has its client come again at once, each time with a new place to come from. */
function polling(): { client: StreamableClient; verbs: string[]; said: string[] } {
  const verbs: string[] = []
  const said: string[] = []
  const write = (bytes: Uint8Array) => {
    said.push(Buffer.from(bytes).toString())
    return undefined
  }
  const client = new StreamableClient(
    {
      transport: 'stdio',
      target: '/mcp/up',
      jsonLimits: { maxDepth: 20, maxMembers: 100 },
      channel: new Channel({ part: write, message: write, spoil: () => undefined }),
      async handle(inbound) {
        verbs.push(inbound.verb)
        const body = await inbound.readBody()
        const { bytes } = body.ok ? body : { bytes: new Uint8Array() }
        inbound.forwarded()
        const isNotification = inbound.verb === 'POST' && !Buffer.from(bytes).includes('"id"')
        const [status, framing] = isNotification
          ? ([202, 'none'] as const)
          : ([200, 'sse'] as const)
        void inbound.sink.head({ status, framing, headers: new Map() })
        const primed = { id: String(verbs.length), retry: 0 }
        if (!isNotification) void inbound.sink.message(new Uint8Array(), primed)
        void inbound.sink.end()
      },
      unusable: () => undefined,
    },
    { headers: [], ip: '', connection: { address: '', certificate: null } },
  )
  return { client, verbs, said }
}

test('an answer that a server puts off for ever is asked for a bounded number of times', async () => {
  const { client, verbs, said } = polling()
  await client.post(Buffer.from(JSON.stringify(request('ping', {}, 'put-off'))))
  await client.answered()
  assert.is(verbs.filter((verb) => verb === 'GET').length, 1001)
  assert.equal(
    said.map((text) => JSON.parse(text)),
    [
      {
        jsonrpc: '2.0',
        id: 'put-off',
        error: { code: -32603, message: 'the server behind the gateway gave no answer' },
      },
    ],
  )
})

test('a session’s own stream that says nothing is opened once a second at most', async () => {
  const { client, verbs } = polling()
  const awake = setInterval(() => undefined, 1000)
  await client.post(Buffer.from(JSON.stringify(notification('notifications/initialized'))))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const opened = verbs.filter((verb) => verb === 'GET').length
  assert.ok(opened >= 1 && opened <= 2, `${opened}`)
  client.leave('client')
  clearInterval(awake)
})

test('what is said late of a session that is over is not said of the one begun since', async () => {
  const sessions = ['first', 'second']
  const begun: string[] = []
  const answers = new Map<string, () => void>()
  let lost = 0
  const write = () => undefined
  const client = new StreamableClient(
    {
      transport: 'sse',
      target: '/mcp/up',
      jsonLimits: { maxDepth: 20, maxMembers: 100 },
      channel: new Channel({ part: write, message: write, spoil: write }),
      async handle(inbound) {
        const body = await inbound.readBody()
        const { id, method } = JSON.parse(body.ok ? Buffer.from(body.bytes).toString() : '{}')
        inbound.forwarded()
        if (method !== 'initialize') {
          answers.set(id, () => inbound.reply({ status: 404, headers: [], body: null }))
          begun.push(inbound.rawHeaders.join(' ').replace(/.*mcp-session-id (\w+).*/, '$1'))
          return
        }
        const headers = new Map([['mcp-session-id', sessions.shift() ?? '']])
        void inbound.sink.head({ status: 200, framing: 'json', headers })
        const answer = { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25' } }
        void inbound.sink.message(Buffer.from(JSON.stringify(answer)), {})
        void inbound.sink.end()
      },
      unusable: write,
      sessionLost: () => {
        lost += 1
      },
    },
    { headers: [], ip: '', connection: { address: '', certificate: null } },
  )
  const post = (message: object) => client.post(Buffer.from(JSON.stringify(message)))
  await post(initialize)
  await post(request('ping', {}, 'late'))
  await post(request('ping', {}, 'told'))
  answers.get('told')?.()
  assert.is(lost, 1)
  await post(initialize)
  answers.get('late')?.()
  assert.is(lost, 1)
  await post(request('ping', {}, 'next'))
  assert.equal(begun, ['first', 'first', 'second'])
  client.leave('client')
})

test.run()
