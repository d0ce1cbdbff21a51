/** A connection by itself, over a link that a test speaks for. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Era } from '../../../src/domain.js'
import type { GuardError } from '../../../src/errors.js'
import { ownMessage } from '../../../src/mcp/json-rpc.js'
import { Connection } from '../../../src/proxy/back/connection.js'
import type { Link, LinkListener } from '../../../src/proxy/back/link.js'

const ignored = () => undefined
/** Who reads when this is called; until then all that came is kept. */
const readers: (() => void)[] = []

test('small messages of large reads: what waits for a slow reader is what it weighs', () => {
  const { signal, listener } = connected()
  const notification = Buffer.from('{"jsonrpc":"2.0","method":"notifications/x"}')
  const before = process.memoryUsage().arrayBuffers
  let count = 0
  for (; !signal.paused && count < 20_000; count += 1) {
    // As it comes from a pipe: one message, and a lot of noise behind it.
    const read = Buffer.alloc(65_536)
    notification.copy(read)
    listener.received(read.subarray(0, notification.length))
  }
  assert.ok(count > 1000 && signal.paused, `${count}`)
  const grewMiB = (process.memoryUsage().arrayBuffers - before) / 2 ** 20
  assert.ok(grewMiB < 200, `${grewMiB} MiB`)
  for (const read of readers) read()
})

test('a server that asks more than may wait is answered for what is dropped', () => {
  const { sent, listener } = connected(false)
  for (let id = 0; id < 258; id += 1) {
    const own = id === 1 ? '"text\\u0031"' : id
    listener.received(Buffer.from(`{"jsonrpc":"2.0","id":${own},"method":"roots/list"}`))
  }
  listener.received(Buffer.from('{"jsonrpc":"2.0","method":"notifications/x"}'))
  const error = { code: -32601, message: 'no client takes this request' }
  assert.equal(sent, [
    { jsonrpc: '2.0', id: 0, error },
    { jsonrpc: '2.0', id: 'text1', error },
    { jsonrpc: '2.0', id: 2, error },
  ])
})

test('a server that takes no messages is not answered without end', () => {
  const { sent, link, listener } = connected(false)
  link.backlog = 4 * 1024 * 1024 + 1
  for (let id = 0; id < 258; id += 1) {
    listener.received(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`))
  }
  assert.equal(sent, [])
})

test('what a server asks that may not ask stops no clock: 2026-07-28', async () => {
  const { sent, connection, listener } = connected(false, 'modern')
  const failures: string[] = []
  const failed = new Promise<void>((resolve) => {
    const sink = { head: ignored, part: ignored, message: ignored, idle: ignored, end: ignored }
    const fail = ({ code }: GuardError) => {
      failures.push(code)
      resolve()
    }
    const message = ownMessage({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} })
    const request = { verb: 'POST', era: 'modern', message, sessionId: null } as const
    const whose = { principal: 'alice', headers: [], longLived: false }
    connection.open({ ...request, ...whose }, { ...sink, fail })
  })
  listener.received(Buffer.from('{"jsonrpc":"2.0","id":"ask","method":"sampling/createMessage"}'))
  const awake = setTimeout(ignored, 5000)
  await failed
  clearTimeout(awake)
  assert.equal(failures, ['GUARD_UPSTREAM_TIMEOUT'])
  assert.match(JSON.stringify(sent), 'no client takes this request')
  connection.close()
})

function connected(
  listens = true,
  era: Era = 'legacy',
): {
  signal: { paused: boolean }
  sent: unknown[]
  link: { backlog: number }
  connection: Connection
  listener: LinkListener
} {
  const signal = { paused: false }
  const sent: unknown[] = []
  const listeners: LinkListener[] = []
  const link: Link & { backlog: number } = {
    backlog: 0,
    async send(bytes) {
      sent.push(JSON.parse(Buffer.from(bytes).toString()))
    },
    pause() {
      signal.paused = true
    },
    resume: ignored,
    close: ignored,
  }
  const connection = new Connection(
    {
      era,
      principal: 'alice',
      sessionId: 's',
      timeoutMs: 1000,
      idleTimeoutMs: 1000,
      maxLifetimeMs: null,
      dropped: ignored,
      free: ignored,
      heard: ignored,
      asked: ignored,
      over: ignored,
    },
    (listener) => {
      listeners.push(listener)
      return link
    },
  )
  const slow = () =>
    new Promise<void>((resolve) => {
      readers.push(resolve)
    })
  const get = {
    verb: 'GET',
    era: 'legacy',
    message: null,
    sessionId: 's',
    principal: 'alice',
    headers: [],
    longLived: true,
  } as const
  const reader = { head: ignored, part: slow, message: slow, idle: ignored, end: ignored }
  if (listens) connection.open(get, { ...reader, fail: ignored })
  const [listener] = listeners
  if (listener === undefined) throw new Error('nobody listens')
  return { signal, sent, link, connection, listener }
}

test.run()
