/**
 * A sender of single bytes, client or server, gets the same answer and costs the gateway no more
 * memory than one that sends whole messages. Measured on a gateway process of its own.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes, type Sent } from '../support/gateway.js'
import { call, request } from '../support/messages.js'
import { json, mcpServer, result, startRawUpstream, startUpstream } from '../support/upstream.js'

const messageBytes = 512 * 1024
const allowedBytes = 40 * 1024 * 1024

const upstream = await startUpstream()
let answer: Uint8Array = new Uint8Array()
/** Answers each request with the bytes of `answer`, one to a chunk. */
const bytewise = await startRawUpstream((socket) => {
  socket.write(
    Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'),
      Buffer.from('transfer-encoding: chunked\r\n\r\n'),
      inChunks(answer),
      Buffer.from('0\r\n\r\n'),
    ]),
  )
})
const child = await startChild({ upstreams: { up: upstream.url, bytewise: bytewise.url } })

test.before.each(() => {
  upstream.script = mcpServer()
})
test.after(async () => {
  await child.close()
  await upstream.close()
  await bytewise.close()
})

/** Chunked transfer coding with one byte to a chunk. */
function inChunks(bytes: Uint8Array): Buffer {
  const chunks = Buffer.alloc(bytes.length * 6, '1\r\n_\r\n')
  for (const [index, byte] of bytes.entries()) chunks[index * 6 + 3] = byte
  return chunks
}

/** Text of about that many bytes, with characters of one to four bytes. */
const textOf = (bytes: number) => 'aé€😀'.repeat(Math.floor(bytes / 10))

async function open(sent: Sent): Promise<Connection> {
  const connection = await Connection.open(child.url)
  connection.send(requestBytes({ path: '/mcp/up', ...sent }, new URL(child.url).host))
  return connection
}

async function sendBytewise(message: object): Promise<string> {
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
  const connection = await open({ headers })
  connection.send(inChunks(Buffer.from(JSON.stringify(message))))
  connection.send('0\r\n\r\n')
  const { status, body } = await connection.answer()
  connection.close()
  assert.is(status, 200)
  return body
}

async function receiveBytewise(message: object, text: string): Promise<[number, string]> {
  answer = Buffer.from(text)
  const connection = await open({ path: '/mcp/bytewise', body: message })
  const { status, body } = await connection.answer()
  connection.close()
  return [status, body]
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
  }, 5)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return most - before
}

const measured = testUnless(process.platform === 'linux' ? null : 'there is no /proc', test)

measured('a body of single bytes: the same call, in less than 40 MB', async () => {
  upstream.script = ({ message }, response) => json(response, result(message.id, {}))
  // What the process needs for this at all, compiled code included.
  await sendBytewise(call('open-tool', { arguments: { text: textOf(messageBytes / 8) } }))
  await sleep(100)
  const grown = await growth(async () => {
    const message = call('open-tool', { arguments: { text: textOf(messageBytes) } }, 'large')
    assert.is(await sendBytewise(message), '{"jsonrpc":"2.0","id":"large","result":{}}')
    assert.equal(upstream.seen.at(-1)?.message, message)
  })
  console.log(`grew by ${Math.round(grown / 1024 / 1024)} MB`)
  assert.ok(grown < allowedBytes, `grew by ${grown} bytes`)
})

const list = request('tools/list')
const listText = (bytes: number) =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden-tool"},{"name":"open-tool","description":"${textOf(bytes)}"}]}}`

measured('a list of single bytes: cut like any other, in less than 40 MB', async () => {
  await receiveBytewise(list, listText(messageBytes / 8))
  await sleep(100)
  const grown = await growth(async () => {
    const text = listText(messageBytes)
    const seen = text.replace('{"name":"hidden-tool"},', '')
    assert.equal(await receiveBytewise(list, text), [200, seen])
  })
  console.log(`grew by ${Math.round(grown / 1024 / 1024)} MB`)
  assert.ok(grown < allowedBytes, `grew by ${grown} bytes`)
})

test('a result of single bytes that is streamed passes as it is', async () => {
  const text = `{"jsonrpc":"2.0","id":1,"result":{"text":"${textOf(128 * 1024)}"}}`
  assert.equal(await receiveBytewise(call('open-tool'), text), [200, text])
})

test('a character that is cut short or apart is refused, though every other byte is ASCII', async () => {
  const text = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"text":"é"}}')
  const at = text.indexOf('é')
  const apart = Buffer.concat([text.subarray(0, at + 1), Buffer.from('x'), text.subarray(at + 1)])
  const without = (index: number) => text.filter((_, other) => other !== index)
  for (const torn of [without(at), without(at + 1), apart]) {
    answer = torn
    const connection = await open({ path: '/mcp/bytewise', body: call('open-tool') })
    assert.is((await connection.answer()).status, 502)
    connection.close()
  }
})

test.run()
