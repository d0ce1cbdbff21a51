/**
 * The first gate: Host and Origin against DNS rebinding, path, verb, media type and headers that
 * came twice. Refused before anybody is identified; browsers are told only what was admitted.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../support/connection.js'
import { startGateway } from '../support/gateway.js'
import { brief, call, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  listen: {
    publicUrl: 'https://mcp.example.com/base',
    allowedHosts: ['guard.internal'],
    allowedOrigins: ['https://app.example.com'],
  },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const json = { 'content-type': 'application/json' }
const rows: readonly {
  what: string
  headers?: Record<string, string | string[] | null>
  verb?: string
  path?: string
  status: number
  text: string
  code: string
  sends?: Record<string, string>
}[] = [
  ...[
    'evil.example',
    'localhost.evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost:',
    'localhost@evil',
    '[::1',
    '',
    'LOCALHOST, evil',
  ].map((host) => ({
    what: `Host ${host}`,
    headers: { host },
    status: 403,
    text: 'this Host is not served here',
    code: 'host-refused',
  })),
  ...[
    'https://evil.example',
    'null',
    'https://localhost.evil.example',
    'http://app.example.com',
    'https://app.example.com:444',
    'file://',
    'https://app.example.com/',
    'https://localhost@evil.example',
  ].map((origin) => ({
    what: `Origin ${origin}`,
    headers: { origin },
    status: 403,
    text: 'this Origin is not allowed',
    code: 'origin-refused',
  })),
  ...[
    '/',
    '/mcp',
    '/mcp/up/',
    '/mcp/up?x=1',
    '/mcp//up',
    '/mcp/./up',
    '/mcp/u%70',
    '/MCP/up',
    '//mcp/up',
    'http://localhost/mcp/up',
    '/mcp/up#x',
    '*',
  ].map((path) => ({
    what: `path ${path}`,
    path,
    status: 404,
    text: 'no MCP server at this path',
    code: 'route-unknown',
  })),
  ...['PUT', 'PATCH', 'TRACE'].map((verb) => ({
    what: verb,
    verb,
    status: 405,
    text: 'this method is not allowed',
    code: 'verb-refused',
    sends: { allow: 'POST, GET, DELETE, OPTIONS' },
  })),
  ...[
    'text/plain',
    'application/json; charset=utf-16',
    'application/jsonp',
    'application/x-www-form-urlencoded',
    '',
    'application/json, text/plain',
  ].map((type) => ({
    what: `Content-Type ${type}`,
    headers: { 'content-type': type },
    status: 415,
    text: 'the body must be application/json, not encoded',
    code: 'media-type-refused',
  })),
  {
    what: 'no Content-Type',
    headers: { 'content-type': null },
    status: 415,
    text: 'the body must be application/json, not encoded',
    code: 'media-type-refused',
  },
  {
    what: 'an encoded body',
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    text: 'the body must be application/json, not encoded',
    code: 'media-type-refused',
  },
  ...[
    'host',
    'origin',
    'content-type',
    'mcp-session-id',
    'mcp-protocol-version',
    'mcp-method',
    'mcp-name',
    'last-event-id',
  ].map((name) => ({
    what: `${name} twice`,
    headers: { [name]: ['a', 'b'] },
    status: 400,
    text: 'a header is there twice',
    code: 'header-doubled',
  })),
]

for (const { what, headers = {}, verb = 'POST', path, status, text, code, sends = {} } of rows) {
  test(`${what}: ${status}`, async () => {
    const earlier = (await gateway.audit()).length
    const body = verb === 'TRACE' ? {} : { body: call('open-tool') }
    const answer = await gateway.send({ verb, headers, ...(path && { path }), ...body })
    const { connection: _, ...seen } = seenByCaller(answer).headers
    const expected = `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"${text}","data":{"requestId":"<id>"}}}`
    assert.equal(
      { ...seenByCaller(answer), headers: seen },
      { status, headers: { ...json, ...sends }, body: expected },
    )
    assert.is(answer.headers.get('access-control-allow-origin'), undefined)
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'rejected', code, status, method: null },
    ])
    assert.is(events[0]?.bytes_in, 0)
    assert.equal(upstream.seen.length, 0)
  })
}

test('a header that came twice in two spellings came twice', async () => {
  const headers = { 'Mcp-Session-Id': 'a', 'MCP-SESSION-ID': 'b' }
  assert.is((await gateway.send({ headers, body: call('open-tool') })).status, 400)
})

test('HEAD gets the head of the refusal', async () => {
  const connection = await gateway.open({ verb: 'HEAD' })
  const head = await connection.head()
  connection.close()
  assert.is(head?.status, 405)
})

test('a request without Host gets 403, and is recorded', async () => {
  const connection = await Connection.open(gateway.url)
  connection.send('POST /mcp/up HTTP/1.1\r\ncontent-length: 0\r\n\r\n')
  assert.is((await connection.answer()).status, 403)
  connection.close()
  assert.is((await gateway.audit()).at(-1)?.code, 'host-refused')
})

test('CONNECT is closed without an answer, and is recorded', async () => {
  const connection = await Connection.open(gateway.url)
  connection.send('CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n')
  await connection.closed()
  assert.is((await gateway.audit()).at(-1)?.code, 'verb-refused')
})

test('a CONNECT that is reset at once ends nothing', async () => {
  for (let index = 0; index < 50; index++) {
    const connection = await Connection.open(gateway.url)
    connection.send('CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n')
    connection.reset()
  }
  assert.is((await gateway.send({ body: call('open-tool') })).status, 200)
  upstream.seen.length = 0
})

for (const more of [{ 'content-length': '10' }, { 'transfer-encoding': 'chunked' }]) {
  test(`a GET with ${Object.keys(more)} is refused, not left waiting`, async () => {
    const connection = await Connection.open(gateway.url)
    const [[name, value] = ['', '']] = Object.entries(more)
    const { host } = new URL(gateway.url)
    connection.send(`GET /mcp/up HTTP/1.1\r\nhost: ${host}\r\n${name}: ${value}\r\n\r\n`)
    assert.is((await connection.answer()).status, 400)
    assert.is((await gateway.audit()).at(-1)?.code, 'body-unexpected')
    connection.close()
  })
}

test('a GET of the modern era gets 405', async () => {
  const headers = { 'mcp-protocol-version': '2026-07-28' }
  const answer = await gateway.send({ verb: 'GET', headers })
  assert.is(answer.status, 405)
  assert.is(answer.headers.get('allow'), 'POST')
})

test('nothing is upgraded', async () => {
  const headers = { connection: 'upgrade', upgrade: 'websocket' }
  assert.is((await gateway.send({ headers, body: call('open-tool') })).status, 200)
  assert.is(upstream.seen.at(-1)?.headers.get('upgrade'), undefined)
  upstream.seen.length = 0
})

const port = new URL(gateway.url).port
const admitted: readonly Record<string, string>[] = [
  { host: 'localhost' },
  { host: `LocalHost:${port}` },
  { host: '[::1]:1' },
  { host: 'guard.internal' },
  { host: 'mcp.example.com' },
  { origin: 'https://app.example.com' },
  { origin: 'https://mcp.example.com' },
  { origin: 'http://localhost:3000' },
  { 'content-type': 'Application/JSON ; charset="UTF-8"' },
]
for (const headers of admitted) {
  test(`${JSON.stringify(headers)} is admitted`, async () => {
    const answer = await gateway.send({ headers, body: call('open-tool') })
    assert.is(answer.status, 200)
    assert.is(answer.headers.get('access-control-allow-origin'), headers['origin'])
    assert.is(answer.headers.get('vary'), headers['origin'] && 'Origin')
    assert.is(answer.headers.get('access-control-allow-credentials'), undefined)
    upstream.seen.length = 0
  })
}

test('a preflight is answered without a credential and reaches nobody', async () => {
  const earlier = (await gateway.audit()).length
  const answer = await gateway.send({
    verb: 'OPTIONS',
    as: null,
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
  })
  assert.is(answer.status, 204)
  assert.is(answer.headers.get('access-control-allow-origin'), 'https://app.example.com')
  assert.is(answer.headers.get('access-control-allow-methods'), 'POST, GET, DELETE')
  assert.match(answer.headers.get('access-control-allow-headers') ?? '', 'Authorization')
  assert.match(answer.headers.get('access-control-allow-headers') ?? '', 'Mcp-Session-Id')
  assert.is(answer.headers.get('access-control-max-age'), '3600')
  assert.equal(upstream.seen.length, 0)
  assert.is((await gateway.audit()).length, earlier, 'nobody asked for anything')
})

test('a browser may read a refusal of an admitted origin, and the session id', async () => {
  const headers = { origin: 'https://app.example.com' }
  for (const sent of [
    { headers, as: null, body: call('open-tool') },
    { headers, body: call('hidden-tool') },
    { headers, body: '{' },
  ]) {
    const answer = await gateway.send(sent)
    assert.is(answer.headers.get('access-control-allow-origin'), 'https://app.example.com')
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', 'Mcp-Session-Id')
  }
})

test.run()
