import { writeFileSync } from 'node:fs'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder } from './support.js'

interface Seen {
  readonly verb: string
  readonly headers: IncomingHttpHeaders
  readonly message: { id?: number; method?: string; params?: Record<string, unknown> } | null
}
type Respond = (response: ServerResponse, seen: Seen) => void

/** A server that takes the handshake as usual and answers everything else by `respond`. */
let respond: Respond
const seen: Seen[] = []
const server = createServer((request, response) => void serve(request, response))

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const message = body === '' ? null : JSON.parse(body)
  const now = { verb: request.method ?? '', headers: request.headers, message }
  seen.push(now)
  if (now.verb === 'DELETE') return void response.writeHead(200).end()
  if (message.method === 'notifications/initialized') return void response.writeHead(202).end()
  if (message.method !== 'initialize') return respond(response, now)
  response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's-1' })
  const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: {} }
  response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
}

const json =
  (body: (id: unknown) => object, status = 200): Respond =>
  (response, { message }) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify({ jsonrpc: '2.0', ...body(message?.id) }))
  }
const result = (value: object) => json((id) => ({ id, result: value }))
const sse =
  (text: (id: unknown) => string): Respond =>
  (response, { message }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(text(message?.id))
  }

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
server.unref()
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`

function call(args: readonly string[], answer: Respond) {
  respond = answer
  seen.length = 0
  return cli(['call', ...args, '--url', url])
}

const text = (...texts: readonly string[]) => ({
  content: texts.map((each) => ({ type: 'text', text: each })),
})

const refused: readonly (readonly [
  what: string,
  answer: Respond,
  stdout: string,
  stderr: string,
])[] = [
  [
    'an HTTP error without a message',
    (response) => response.writeHead(503).end('<html>'),
    '',
    'error: HTTP 503 Service Unavailable (HTTP 503)\n',
  ],
  [
    'an answer of another type',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
    '',
    'error: HTTP 200 OK (HTTP 200)\n',
  ],
  [
    'a JSON-RPC error',
    json((id) => ({ id, error: { code: 1403, message: 'Denied by policy.' } }), 403),
    '',
    'error: Denied by policy. (HTTP 403, code 1403)\n',
  ],
  [
    'JSON that is no response',
    json(() => ({})),
    '',
    'error: the answer is not a JSON-RPC response (HTTP 200)\n',
  ],
  [
    'a stream that ends without the answer',
    sse(() => 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'),
    '',
    'error: the stream ended before the answer came (HTTP 200)\n',
  ],
  [
    'a stream with the answer to another id',
    sse((id) => `data: {"jsonrpc":"2.0","id":"${id}","result":{}}\n\n`),
    '',
    'error: the stream ended before the answer came (HTTP 200)\n',
  ],
  ['a tool that failed', result({ ...text('it broke'), isError: true }), 'it broke\n', ''],
]
for (const [what, answer, stdout, stderr] of refused) {
  test(`exit 1 on ${what}`, async () => {
    assert.equal(await call(['echo'], answer), { code: 1, stdout, stderr })
  })
}

const shown: readonly (readonly [what: string, answer: Respond, stdout: string])[] = [
  ['text', result(text('one', 'two\nlines')), 'one\ntwo\nlines\n'],
  [
    'other content by its type',
    result({ content: [{ type: 'image', mimeType: 'image/png', data: '' }] }),
    '[image image/png]\n',
  ],
  ['a structured answer', result({ structuredContent: { a: 1 } }), '{\n  "a": 1\n}\n'],
  [
    'an answer on a stream, after other messages',
    sse((id) =>
      [
        ': hello\nid: 1\ndata:\n\n',
        'data: {"jsonrpc":"2.0","id":1,"method":"ping"}\r\n\r\n',
        'event: message\nid: 2\ndata: {"jsonrpc":"2.0",\n',
        `data: "id":${id},"result":{"content":[{"type":"text","text":"späte Antwort"}]}}\n\n`,
      ].join(''),
    ),
    'späte Antwort\n',
  ],
]
for (const [what, answer, stdout] of shown) {
  test(`shows ${what}`, async () => {
    assert.equal(await call(['echo'], answer), { code: 0, stdout, stderr: '' })
  })
}

test('the legacy handshake: initialize, initialized, the request, DELETE', async () => {
  writeFileSync(join(folder, 'a.key'), 'mcp_key\n', { mode: 0o600 })
  const { code } = await call(
    ['echo', 'message=hi', 'n:=3', '--key-file', 'a.key'],
    result(text('')),
  )
  assert.is(code, 0)
  assert.equal(
    seen.map(({ verb, message }) => message?.method ?? verb),
    ['initialize', 'notifications/initialized', 'tools/call', 'DELETE'],
  )
  assert.equal(seen[2]?.message?.params, { name: 'echo', arguments: { message: 'hi', n: 3 } })
  for (const { headers } of seen) assert.is(headers.authorization, 'Bearer mcp_key')
  for (const { headers } of seen.slice(1)) {
    assert.is(headers['mcp-session-id'], 's-1')
    assert.is(headers['mcp-protocol-version'], '2025-06-18')
  }
  assert.is(seen[0]?.headers.accept, 'application/json, text/event-stream')
})

test('--modern: one request that carries everything', async () => {
  await call(['grüße', 'a=1', '--modern'], result({ resultType: 'complete', ...text('') }))
  assert.is(seen.length, 1)
  const { headers = {}, message }: Partial<Seen> = seen[0] ?? {}
  assert.is(headers['mcp-protocol-version'], '2026-07-28')
  assert.is(headers['mcp-method'], 'tools/call')
  assert.is(headers['mcp-name'], `=?base64?${Buffer.from('grüße').toString('base64')}?=`)
  assert.is(headers.authorization, undefined)
  assert.equal(message?.params, {
    name: 'grüße',
    arguments: { a: '1' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'mcp-guard', version: '0.1.0' },
    },
  })
})

test('prompts and resources have their own methods', async () => {
  await call(['p', 'a=1', '--prompts'], result({ messages: [] }))
  assert.equal(seen[2]?.message?.params, { name: 'p', arguments: { a: '1' } })
  assert.is(seen[2]?.message?.method, 'prompts/get')
  const contents = [{ uri: 'file:///x', text: 'content' }]
  const { stdout } = await call(['file:///x', '--resources'], result({ contents }))
  assert.equal(seen[2]?.message?.params, { uri: 'file:///x' })
  assert.is(seen[2]?.message?.method, 'resources/read')
  assert.is(stdout, 'content\n')
})

test('a list is read to its last page, and no name plays tricks', async () => {
  const pages: Readonly<Record<string, object>> = {
    '': { tools: [{ name: 'a', description: 'First\nline' }], nextCursor: '2' },
    '2': { tools: [{ name: 'b\u001b[31m\u202e' }, 7], nextCursor: '3' },
    '3': { tools: [] },
  }
  const ended = await call(['list'], (response, now) => {
    result(pages[String(now.message?.params?.['cursor'] ?? '')] ?? {})(response, now)
  })
  assert.equal(ended, { code: 0, stdout: 'a  First\nb\\u001b[31m\\u202e\n?\n', stderr: '' })
})

test('a server that pages without end is left', async () => {
  const { code, stdout } = await call(['list'], result({ tools: [{ name: 'a' }], nextCursor: 'x' }))
  assert.is(code, 0)
  assert.is(stdout, 'a\n'.repeat(100))
})

test('a refusal comes with the line of the audit that tells why', async () => {
  const line = '{"decision_id":"x-1","outcome":"denied","reasons":["not-granted"]}'
  writeFileSync(join(folder, 'audit.ndjson'), `{"decision_id":"x-0"}\n${line}\n`)
  const denial = 'Denied by policy (decision x-1). Retrying will not help.'
  const asResult = result({ ...text(denial), isError: true })
  assert.equal(await call(['t', '--audit', 'audit.ndjson'], asResult), {
    code: 1,
    stdout: `${denial}\naudit: ${line}\n`,
    stderr: '',
  })
  const error = { code: 1403, message: denial, data: { decisionId: 'x-1' } }
  const machine = await call(
    ['t', '--json', '--audit', 'audit.ndjson'],
    json((id) => ({ id, error })),
  )
  assert.is(machine.code, 1)
  assert.equal(JSON.parse(machine.stdout), {
    ok: false,
    decisionId: 'x-1',
    status: 200,
    ...error,
    audit: JSON.parse(line),
  })
})

test('an audit without that decision is said', async () => {
  writeFileSync(join(folder, 'other.ndjson'), '{"decision_id":"y"}\n')
  const denial = result({ ...text('Denied by policy (decision x-1).'), isError: true })
  const { stderr } = await call(['t', '--audit', 'other.ndjson'], denial)
  assert.is(stderr, 'the audit file other.ndjson has no line for decision x-1\n')
  const missing = await call(['t', '--audit', 'none.ndjson'], denial)
  assert.match(missing.stderr, /^the audit file cannot be read: ENOENT/)
})

test('a refused handshake is the answer', async () => {
  const gate = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    const error = { code: 1401, message: 'authentication required' }
    response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
  })
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
  gate.unref()
  const at = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`
  assert.equal(await cli(['call', 'list', '--url', at]), {
    code: 1,
    stdout: '',
    stderr: 'error: authentication required (HTTP 401, code 1401)\nsend a key: --key-file FILE\n',
  })
})

test('a server that is not there is said, with the likely cause', async () => {
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const at = `http://127.0.0.1:${(free.address() as AddressInfo).port}/mcp`
  await new Promise((resolve) => free.close(resolve))
  assert.equal(await cli(['call', 'list', '--url', at]), {
    code: 1,
    stdout: '',
    stderr: `error: ${at}: nothing listens there; is mcp-guard running?\n`,
  })
})

test('a redirect is not followed: the key is for this server only', async () => {
  const { code, stderr } = await call(['t'], (response) => {
    response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end()
  })
  assert.is(code, 1)
  assert.match(stderr, 'redirect')
})

test.run()
