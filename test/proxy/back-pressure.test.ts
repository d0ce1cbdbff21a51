/**
 * An answer of any size costs the gateway what is under way, not what has passed; a reader that does
 * not read holds back its own server and nobody else. Measured on a gateway process of its own.
 */
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { mcpServer, startUpstream } from '../support/upstream.js'

const largeBytes = 200 * 1024 * 1024
const stalledBytes = 64 * 1024 * 1024
const allowedBytes = 64 * 1024 * 1024
const block = Buffer.alloc(256 * 1024, 'x')
const head = '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"'
const tail = '"}]}}'

let written = 0
const upstream = await startUpstream()
const child = await startChild({ upstreams: { up: upstream.url } })

test.after(async () => {
  await child.close()
  await upstream.close()
})

/** Writes a large result as fast as the other side takes it. */
async function writeLarge(
  response: ServerResponse,
  sse: boolean,
  bytes = largeBytes,
): Promise<void> {
  written = 0
  response.writeHead(200, { 'content-type': sse ? 'text/event-stream' : 'application/json' })
  response.write(`${sse ? 'data: ' : ''}${head}`)
  while (written < bytes && !response.destroyed) {
    written += block.length
    if (!response.write(block)) await writable(response)
  }
  response.end(`${tail}${sse ? '\n\n' : ''}`)
}

/** Resolves when the other side took what was written, or went. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle).off('close', settle)
      resolve()
    }
    response.on('drain', settle).on('close', settle)
  })
}

async function open(): Promise<Connection> {
  const connection = await Connection.open(child.url)
  connection.send(
    requestBytes({ path: '/mcp/up', body: call('open-tool') }, new URL(child.url).host),
  )
  return connection
}

/** Reads a body to its end; only its length and its last bytes are kept. */
async function drainBody(connection: Connection): Promise<{ bytes: number; end: string }> {
  let bytes = 0
  let end = ''
  for (let piece = await connection.piece(); piece !== null; piece = await connection.piece()) {
    bytes += piece.length
    end = (end + piece.subarray(-16).toString()).slice(-16)
  }
  return { bytes, end }
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

/** The most that was resident while `work` ran, above what was before. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = residentBytes()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes())
  }, 10)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return most - before
}

const measured = testUnless(process.platform === 'linux' ? null : 'there is no /proc', test)

for (const sse of [false, true]) {
  measured(`200 MB ${sse ? 'as one event' : 'as JSON'} pass in less than 64 MB`, async () => {
    // What the process needs to pass large answers at all, compiled code included.
    upstream.script = (_, response) => writeLarge(response, sse, 16 * 1024 * 1024)
    await drainBody(await withHead(await open()))
    upstream.script = (_, response) => writeLarge(response, sse)
    const grown = await growth(async () => {
      const connection = await withHead(await open())
      const { bytes, end } = await drainBody(connection)
      connection.close()
      const framing = sse ? 'data: \n\n'.length : 0
      assert.is(bytes, largeBytes + head.length + tail.length + framing)
      assert.ok(end.trimEnd().endsWith(tail))
    })
    console.log(`grew by ${Math.round(grown / 1024 / 1024)} MB`)
    assert.ok(grown < allowedBytes, `grew by ${grown} bytes`)
  })
}

test('a reader that stops holds back its server, and nobody else', async () => {
  upstream.script = (_, response) => writeLarge(response, false, stalledBytes)
  const stalled = await withHead(await open())
  let before = -1
  while (before !== written) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were taken for a reader that reads none`)
  upstream.script = mcpServer()
  const other = await (await open()).answer()
  assert.is(other.status, 200)
  const { bytes } = await drainBody(stalled)
  assert.ok(bytes > stalledBytes, 'it goes on when the reader does')
  stalled.close()
})

test('a thousand large events pass one by one', async () => {
  const progress = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"message":"${'y'.repeat(60_000)}"}}`
  upstream.script = async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let count = 0; count < 1000; count++) {
      if (!response.write(`data: ${progress}\n\n`)) await writable(response)
    }
    response.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
  }
  const { bytes, end } = await drainBody(await withHead(await open()))
  assert.is(
    bytes,
    1000 * (progress.length + 8) + 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'.length,
  )
  assert.match(end, '"result":{}}')
})

async function withHead(connection: Connection): Promise<Connection> {
  assert.is((await connection.head())?.status, 200)
  return connection
}

test.run()
