/**
 * Two thousand event streams at once for a minute, half of them GETs of the older era, half
 * `subscriptions/listen`, with a numbered event a second on each: none lost, doubled or on another's
 * stream, and memory that does not grow. `MCPGUARD_STREAMS` and `MCPGUARD_SECONDS` change how many and
 * for how long.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Child, startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes, type Sent } from '../support/gateway.js'
import { modern } from '../support/messages.js'
import { startEcho } from '../support/peers.js'

const streams = Number(process.env['MCPGUARD_STREAMS'] ?? 2000)
const seconds = Number(process.env['MCPGUARD_SECONDS'] ?? 60)
const tickMs = 1000
/** What garbage a minute may leave, of which nobody knows when it is cleared away. */
const slackMb = 40

interface Reader {
  /** Numbers of the events, in the order they came. */
  readonly numbers: number[]
  foreign: number
  close(): void
}

async function send(child: Child, sent: Sent): Promise<Connection> {
  const connection = await Connection.open(child.url)
  connection.send(requestBytes({ path: '/mcp/up', ...sent }, new URL(child.url).host))
  return connection
}

async function openLegacy(child: Child, name: string): Promise<Reader> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name, version: '1' },
  }
  const opening = await send(child, {
    body: { jsonrpc: '2.0', id: 0, method: 'initialize', params },
  })
  const session = (await opening.answer()).headers.get('mcp-session-id') ?? ''
  opening.close()
  const connection = await send(child, { verb: 'GET', headers: { 'mcp-session-id': session } })
  return read(connection, `token:${name}:`, /"data":"(token:[^"]*:)(\d+)"/)
}

async function openModern(child: Child, name: string): Promise<Reader> {
  const uri = `file:///${name}`
  const notifications = { resourceSubscriptions: [uri] }
  const connection = await send(child, modern('subscriptions/listen', { notifications }))
  return read(connection, uri, /"uri":"([^"]*)","number":(\d+)/)
}

async function read(connection: Connection, own: string, pattern: RegExp): Promise<Reader> {
  assert.is((await connection.head())?.status, 200)
  const reader: Reader = { numbers: [], foreign: 0, close: () => connection.close() }
  void (async () => {
    for (;;) {
      const text = await connection.until('\n\n').catch(() => null)
      if (text === null) return
      const [, whose, number] = pattern.exec(text) ?? []
      if (number === undefined) continue
      if (whose === own) reader.numbers.push(Number(number))
      else reader.foreign += 1
    }
  })()
  return reader
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

test(`${streams} streams for ${seconds} s`, async () => {
  const upstream = await startEcho('http', tickMs)
  const child = await startChild({
    upstreams: { up: upstream.url },
    listen: { maxConnections: 10_000 },
  })
  const idleMb = await residentMb(child.pid)
  const readers: Reader[] = []
  for (let n = 0; n < streams; n += 1) {
    const name = `stream-${n}`
    readers.push(await (n % 2 === 0 ? openLegacy(child, name) : openModern(child, name)))
  }
  const from = readers.map(({ numbers }) => numbers.length)
  const memory: number[] = []
  for (let second = 0; second < seconds; second += 5) {
    await sleep(5000)
    memory.push(await residentMb(child.pid))
  }
  let events = 0
  for (const [index, { numbers, foreign }] of readers.entries()) {
    assert.is(foreign, 0, `stream ${index} got events of others`)
    assert.equal(numbers, [...numbers.keys()], `stream ${index} lost or doubled`)
    const came = numbers.length - (from[index] ?? 0)
    assert.ok(came >= seconds * 0.8, `stream ${index}: ${came} events in ${seconds} s`)
    events += numbers.length
  }
  for (const { close } of readers) close()
  // The first quarter warms up.
  const early = memory.slice(memory.length / 4, memory.length / 2)
  const late = memory.slice(memory.length / 2)
  // Between two clearings of garbage memory only grows: the lowest readings tell what stays.
  const slope = (Math.min(...late) - Math.min(...early)) / (seconds / 2 / 60)
  console.log(
    `${events} events on ${streams} streams: 0 lost, 0 doubled, 0 crossed; ` +
      `${idleMb} MB idle, then ${memory.join(', ')} MB (${slope.toFixed(1)} MB a minute)`,
  )
  await child.close()
  await upstream.stop()
  assert.ok(Math.min(...late) < Math.min(...early) + slackMb, memory.join())
})

test.run()
