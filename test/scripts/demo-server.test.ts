/**
 * The demo's MCP server: sessions work, and nobody but the gateway can talk to it: loopback only,
 * a path that must be known, its own Host only; and it ends with whoever started it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

let server: ChildProcess
let url: URL

test.before(async () => {
  const args = ['--import', './scripts/lib/leash.mjs', 'scripts/demo-server.mjs']
  server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  assert.ok(server.stdout)
  const [line] = await once(createInterface({ input: server.stdout }), 'line')
  url = new URL(String(line))
})

test.after(() => {
  server.kill('SIGKILL')
})

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
}

function send(options: {
  method: string
  path?: string
  headers?: Record<string, string>
  body?: unknown
}): Promise<IncomingMessage> {
  const headers = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    ...options.headers,
  }
  return new Promise((resolve, reject) => {
    const path = options.path ?? url.pathname
    const sent = request({
      host: '127.0.0.1',
      port: url.port,
      path,
      method: options.method,
      headers,
    })
    sent.on('response', resolve).on('error', reject)
    sent.end(options.body === undefined ? undefined : JSON.stringify(options.body))
  })
}

async function text(response: IncomingMessage): Promise<string> {
  let all = ''
  for await (const chunk of response) all += chunk
  return all
}

async function openSession(): Promise<string> {
  const response = await send({ method: 'POST', body: initialize })
  assert.is(response.statusCode, 200)
  assert.match(await text(response), '"name":"mcp-servers/everything"')
  const id = response.headers['mcp-session-id']
  if (typeof id !== 'string') throw new Error('no session id')
  return id
}

const refused = [
  { name: 'another path', send: { method: 'POST', path: '/mcp', body: initialize }, status: 404 },
  {
    name: 'another Host',
    send: { method: 'POST', headers: { host: 'evil.example' }, body: initialize },
    status: 404,
  },
  {
    name: 'an unknown session',
    send: { method: 'POST', headers: { 'mcp-session-id': 'x' }, body: initialize },
    status: 404,
  },
  { name: 'a stream without a session', send: { method: 'GET' }, status: 400 },
  {
    name: 'a call without a session',
    send: { method: 'POST', body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } },
    status: 400,
  },
]

for (const row of refused) {
  test(`${row.name}: ${row.status}`, async () => {
    const response = await send(row.send)
    await text(response)
    assert.is(response.statusCode, row.status)
  })
}

test('a session: call, stream, delete, then unknown', async () => {
  const session = { 'mcp-session-id': await openSession() }
  const stream = await send({ method: 'GET', headers: session })
  assert.is(stream.statusCode, 200)
  assert.match(stream.headers['content-type'] ?? '', 'text/event-stream')
  const call = { name: 'echo', arguments: { message: 'hello' } }
  const body = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: call }
  const answer = await send({ method: 'POST', headers: session, body })
  assert.match(await text(answer), 'Echo: hello')
  const gone = await send({ method: 'DELETE', headers: session })
  assert.is(gone.statusCode, 200)
  await text(stream)
  const after = await send({ method: 'POST', headers: session, body })
  assert.is(after.statusCode, 404)
  await text(after)
})

test('no other address of this machine answers', async () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address))
    .filter((address) => address !== '127.0.0.1')
  for (const host of [...addresses, '127.0.0.2']) {
    const outcome = await new Promise((resolve) => {
      const socket = connect({ host, port: Number(url.port), timeout: 1_000 })
      socket.on('connect', () => resolve(`reached on ${host}`))
      socket.on('error', () => resolve('refused'))
      socket.on('timeout', () => resolve('refused'))
      socket.on('close', () => socket.destroy())
    })
    assert.is(outcome, 'refused')
  }
})

test('ends when the one who started it goes', async () => {
  const exited = once(server, 'exit')
  server.stdin?.end()
  assert.equal(await exited, [0, null])
})

test.run()
