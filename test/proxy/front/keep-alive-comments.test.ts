/** A quiet event stream says from time to time that it is still there; nothing else is added to it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createHttpFront } from '../../../src/proxy/front/http.js'
import type { Inbound } from '../../../src/proxy/inbound.js'
import { Connection } from '../../support/connection.js'

let handle: (inbound: Inbound) => Promise<void> = async () => undefined
const front = createHttpFront(
  {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 1000,
    maxHeaderBytes: 8192,
    maxHeaders: 50,
    maxConnections: 10,
    headersTimeoutMs: 1000,
    bodyTimeoutMs: 1000,
    keepAliveMs: 200,
  },
  {
    handle: (inbound) => handle(inbound),
    probe: () => false,
    unreadable: () => undefined,
  },
)
const { host, port } = await front.listen()
test.after(() => front.drain(0))

async function get(): Promise<Connection> {
  const connection = await Connection.open(`http://${host}:${port}`)
  connection.send(Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'))
  return connection
}

const sse = { status: 200, framing: 'sse', headers: new Map() } as const
const message = Buffer.from('{"jsonrpc":"2.0","method":"notifications/message"}')

test('a quiet stream gets comments, and its events are whole', async () => {
  handle = async ({ sink }) => {
    void sink.head(sse)
    setTimeout(() => {
      void sink.message(message, {})
      void sink.end()
    }, 1000)
  }
  const connection = await get()
  await connection.head()
  const body = await connection.body()
  const comments = body.match(/^(?::\n\n)+/)?.[0].length ?? 0
  assert.ok(comments >= 3 * 2 && comments <= 3 * 5, JSON.stringify(body))
  assert.is(body.slice(comments), `data: ${message}\n\n`)
})

test('a stream on which something is sent gets none, nor does the middle of an event', async () => {
  handle = async ({ sink }) => {
    void sink.head(sse)
    for (let n = 0; n < 10; n += 1) {
      await sleep(50)
      void sink.message(message, {})
    }
    void sink.part(message.subarray(0, 10))
    await sleep(700)
    void sink.message(message.subarray(10), {})
    void sink.end()
  }
  const connection = await get()
  await connection.head()
  assert.is(await connection.body(), `data: ${message}\n\n`.repeat(11))
})

test('an answer that is no stream gets none, however long it takes', async () => {
  handle = async ({ sink }) => {
    await sleep(700)
    void sink.head({ status: 200, framing: 'json', headers: new Map() })
    void sink.message(message, {})
    void sink.end()
  }
  const connection = await get()
  assert.is((await connection.head())?.status, 200)
  assert.is(await connection.body(), message.toString())
})

test.run()
