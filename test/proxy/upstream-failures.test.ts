/**
 * A server that is down, silent, broken or hostile costs its own caller a 502 or 504 with a request
 * id, and nobody else anything. What it said is not passed on.
 */
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { brief, call, request, seenByCaller } from '../support/messages.js'
import {
  closedPortUrl,
  json,
  mcpServer,
  result,
  type Script,
  startRawUpstream,
  startUpstream,
} from '../support/upstream.js'

const upstream = await startUpstream()
const healthy = await startUpstream()
let rawBytes = ''
const raw = await startRawUpstream((socket) => {
  socket.end(rawBytes)
})
const resetting = await startRawUpstream((socket) => {
  socket.resetAndDestroy()
})
const gateway = await startGateway({
  upstreams: {
    up: { url: upstream.url, timeout: '400ms' },
    healthy: healthy.url,
    raw: raw.url,
    resetting: resetting.url,
    down: await closedPortUrl(),
  },
})

test.after(async () => {
  await gateway.close()
  for (const server of [upstream, healthy, raw, resetting]) await server.close()
})

const failure = (message: string) =>
  `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"${message}","data":{"requestId":"<id>"}}}`
const texts = {
  GUARD_UPSTREAM_UNREACHABLE: failure('the server behind the gateway cannot be reached'),
  GUARD_UPSTREAM_INVALID: failure(
    'the server behind the gateway gave an answer that cannot be passed on',
  ),
  GUARD_UPSTREAM_TIMEOUT: failure('the server behind the gateway did not answer in time'),
} as const

async function fails(path: string, status: number, code: keyof typeof texts): Promise<void> {
  const earlier = (await gateway.audit()).length
  const answer = await gateway.send({ path, body: call('open-tool') })
  assert.equal(seenByCaller(answer), {
    status,
    headers: { 'content-type': 'application/json' },
    body: texts[code],
  })
  const events = (await gateway.audit()).slice(earlier)
  assert.equal(events.map(brief), [
    { event: 'message', outcome: 'failed', code, status, method: 'tools/call' },
  ])
  assert.ok(answer.body.includes(events[0]?.request_id ?? 'none'))
}

test('down: 502', () => fails('/mcp/down', 502, 'GUARD_UPSTREAM_UNREACHABLE'))

test('resets the connection: 502', () => fails('/mcp/resetting', 502, 'GUARD_UPSTREAM_UNREACHABLE'))

const garbage = [
  { what: 'not HTTP', bytes: 'hello, world\r\n\r\n', code: 'GUARD_UPSTREAM_INVALID' },
  {
    what: 'a header of 100,000 bytes',
    bytes: `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`,
    code: 'GUARD_UPSTREAM_INVALID',
  },
  { what: 'closes without a word', bytes: '', code: 'GUARD_UPSTREAM_UNREACHABLE' },
  {
    what: 'half a body',
    bytes: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"json',
    code: 'GUARD_UPSTREAM_UNREACHABLE',
  },
  {
    what: 'two content types',
    bytes:
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\n{}',
    code: 'GUARD_UPSTREAM_INVALID',
  },
] as const
for (const { what, bytes, code } of garbage) {
  test(`${what}: 502`, async () => {
    rawBytes = bytes
    await fails('/mcp/raw', 502, code)
  })
}

const answers: readonly { what: string; script: Script }[] = [
  {
    what: 'text/html',
    script: (_, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
  },
  { what: 'no content type', script: (_, r) => void r.writeHead(200).end('{}') },
  { what: 'no JSON', script: (_, r) => json(r, 'hello') },
  { what: 'half a JSON text', script: (_, r) => json(r, '{"jsonrpc":"2.0","id":1,"result":{') },
  { what: 'an empty body', script: (_, r) => json(r, '') },
  {
    what: 'two answers in one',
    script: (_, r) => json(r, '{"jsonrpc":"2.0","id":1,"result":{}}'.repeat(2)),
  },
  { what: 'an array', script: (_, r) => json(r, [result(1, {})]) },
  { what: 'an answer to another id', script: (_, r) => json(r, result(2, {})) },
  { what: 'an answer to "1" for 1', script: (_, r) => json(r, result('1', {})) },
  { what: 'a request in place of an answer', script: (_, r) => json(r, request('ping')) },
  {
    what: 'another charset',
    script: (_, r) =>
      void r.writeHead(200, { 'content-type': 'application/json; charset=utf-16le' }).end('{}'),
  },
  {
    what: 'gzip though told not to',
    script: (_, r) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      r.writeHead(200, headers).end(gzipSync(JSON.stringify(result(1, {}))))
    },
  },
  { what: '202 to a request', script: (_, r) => void r.writeHead(202).end() },
  { what: '204 to a request', script: (_, r) => void r.writeHead(204).end() },
  { what: '301', script: (_, r) => void r.writeHead(301, { location: healthy.url }).end() },
  { what: '307', script: (_, r) => void r.writeHead(307, { location: healthy.url }).end() },
  {
    what: '401',
    script: (_, r) => void r.writeHead(401, { 'www-authenticate': 'Bearer' }).end('secret'),
  },
  { what: '403', script: (_, r) => void r.writeHead(403).end('secret') },
  {
    what: '500 in HTML',
    script: (_, r) => void r.writeHead(500, { 'content-type': 'text/html' }).end('stack'),
  },
  { what: '502', script: (_, r) => void r.writeHead(502).end() },
  {
    what: 'two session ids',
    script: (_, r) =>
      void r
        .writeHead(
          200,
          [
            ['content-type', 'application/json'],
            ['mcp-session-id', 'a'],
            ['mcp-session-id', 'b'],
          ].flat(),
        )
        .end(JSON.stringify(result(1, {}))),
  },
]
for (const { what, script } of answers) {
  test(`${what}: 502`, async () => {
    upstream.script = script
    healthy.seen.length = 0
    await fails('/mcp/up', 502, 'GUARD_UPSTREAM_INVALID')
    assert.equal(healthy.seen.length, 0, 'no redirect was followed')
  })
}

const silences: readonly { what: string; script: Script }[] = [
  { what: 'never answers', script: () => undefined },
  {
    what: 'stops inside the body',
    script: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"jsonrpc":')
    },
  },
]
for (const { what, script } of silences) {
  test(`${what}: 504`, async () => {
    upstream.script = script
    await fails('/mcp/up', 504, 'GUARD_UPSTREAM_TIMEOUT')
    await upstream.seen.at(-1)?.gone
  })
}

const passing = [
  {
    what: 'a JSON-RPC error',
    status: 200,
    text: '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}',
  },
  {
    what: 'a JSON-RPC error with 400',
    status: 400,
    text: '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"m","data":{"x":1}}}',
  },
  {
    what: 'an error without id',
    status: 400,
    text: '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}',
  },
  {
    what: 'odd numbers and spacing',
    status: 200,
    text: '{"id":1,"jsonrpc":"2.0", "result" : {"n":18446744073709551615,"e":1e999}}',
  },
]
for (const { what, status, text } of passing) {
  test(`${what} passes byte for byte`, async () => {
    upstream.script = (_, response) => json(response, text, status)
    const answer = await gateway.send({ body: call('open-tool') })
    assert.is(answer.status, status)
    assert.is(answer.body, text)
  })
}

test('the status of an error passes, its page does not', async () => {
  for (const [status, headers] of [
    [404, { 'content-type': 'text/html' }],
    [503, { 'retry-after': '7' }],
  ] as const) {
    upstream.script = (_, response) => void response.writeHead(status, headers).end('<h1>secret')
    const answer = await gateway.send({ body: call('open-tool') })
    assert.is(answer.status, status)
    assert.is(answer.body, '')
    assert.is(answer.headers.get('retry-after'), status === 503 ? '7' : undefined)
  }
})

test('only listed headers of an answer pass', async () => {
  upstream.script = (seen, response) => {
    for (const name of ['set-cookie', 'server', 'x-internal', 'www-authenticate', 'location']) {
      response.setHeader(name, 'secret')
    }
    response.setHeader('access-control-allow-origin', '*')
    return mcpServer()(seen, response)
  }
  const { headers } = await gateway.send({ body: call('open-tool') })
  assert.equal([...headers.keys()].sort(), [
    'cache-control',
    'connection',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
    'x-content-type-options',
  ])
})

test('a client that reads slowly is not taken for a server that stopped', async () => {
  const text = `{"jsonrpc":"2.0","id":1,"result":{"t":"${'x'.repeat(24 * 1024 * 1024)}"}}`
  upstream.script = (_, response) => json(response, text)
  const connection = await gateway.open({ body: call('open-tool') })
  assert.is((await connection.head())?.status, 200)
  await new Promise((resolve) => setTimeout(resolve, 900))
  assert.is((await connection.body()).length, text.length)
  connection.close()
})

test('a hundred calls that hang do not slow another server', async () => {
  upstream.script = () => undefined
  const hanging = Array.from({ length: 100 }, () => gateway.send({ body: call('open-tool') }))
  const times: number[] = []
  for (let count = 0; count < 20; count++) {
    const startedMs = performance.now()
    const answer = await gateway.send({ path: '/mcp/healthy', body: call('open-tool') })
    assert.is(answer.status, 200)
    times.push(performance.now() - startedMs)
  }
  const all = await Promise.all(hanging)
  assert.ok(all.every(({ status }) => status === 504))
  times.sort((a, b) => a - b)
  const median = times[10] ?? Number.POSITIVE_INFINITY
  assert.ok(median < 100, `the median was ${median} ms`)
})

test.run()
