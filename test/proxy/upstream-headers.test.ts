/**
 * An upstream sees the headers of MCP and of tracing, never whose request it was: no credential,
 * cookie, address or connection header of a client gets through, however it is spelt.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf, startGateway } from '../support/gateway.js'
import { call, modern, openSession, request } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const always = ['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host']
const names = () => [...(upstream.seen.at(-1)?.headers.keys() ?? [])].sort()
const value = (name: string) => upstream.seen.at(-1)?.headers.get(name)

const secrets: Record<string, string | string[]> = {
  cookie: 'a=b',
  'proxy-authorization': 'Basic YTpi',
  'x-forwarded-for': '10.0.0.1',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-real-ip': '10.0.0.1',
  forwarded: 'for=10.0.0.1',
  'x-custom': 'value',
  'x-amzn-oidc-data': 'token',
  'x-http-method-override': 'DELETE',
  'x-original-url': '/admin',
  te: 'trailers',
  'keep-alive': 'timeout=1',
  upgrade: 'websocket',
  'accept-encoding': 'gzip, br',
  'accept-language': 'en',
  referer: 'http://localhost/',
  'user-agent': 'curl/8',
  connection: 'keep-alive, traceparent, x-custom',
  'transfer-encoding-x': 'chunked',
  'last-event-id': '7',
}

test('nothing of the caller but MCP passes, legacy', async () => {
  await gateway.send({ headers: secrets, body: call('open-tool') })
  assert.equal(names(), always)
  assert.is(value('accept-encoding'), 'identity')
  assert.is(value('content-type'), 'application/json')
  assert.is(value('host'), new URL(upstream.url).host)
})

test('nothing of the caller but MCP passes, modern', async () => {
  const sent = modern('tools/call', { name: 'open-tool' }, { 'mcp-param-region': 'eu' })
  await gateway.send({ ...sent, headers: { ...secrets, ...sent.headers } })
  const mcp = ['mcp-method', 'mcp-name', 'mcp-param-region', 'mcp-protocol-version']
  assert.equal(names(), [...always, ...mcp].sort())
  assert.is(value('mcp-param-region'), 'eu')
})

test('no credential passes, whichever header brought it', async () => {
  for (const headers of [
    { 'X-API-Key': keyOf('alice') },
    { AUTHORIZATION: `Bearer ${keyOf('alice')}` },
  ]) {
    const answer = await gateway.send({ as: null, headers, body: call('open-tool') })
    assert.is(answer.status, 200)
    assert.not.ok(JSON.stringify(upstream.seen.at(-1)?.rawHeaders).includes(keyOf('alice')))
  }
})

test('trace context passes', async () => {
  const headers = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1',
    baggage: 'k=v',
  }
  await gateway.send({ headers, body: call('open-tool') })
  for (const [name, sent] of Object.entries(headers)) assert.is(value(name), sent)
})

test('a legacy request does not carry modern headers on', async () => {
  const headers = { 'mcp-method': 'tools/call', 'mcp-name': 'open-tool', 'mcp-param-x': '1' }
  await gateway.send({ headers, body: call('open-tool') })
  assert.equal(names(), always)
})

test('the version header of a session passes', async () => {
  const session = await openSession(gateway)
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
  await gateway.send({ headers, body: request('tools/list') })
  assert.is(value('mcp-protocol-version'), '2025-11-25')
})

test('what a client accepts is told; without it, both kinds', async () => {
  await gateway.send({ headers: { accept: 'application/json, text/*' }, body: call('open-tool') })
  assert.is(value('accept'), 'application/json, text/*')
  await gateway.send({ headers: { accept: null }, body: call('open-tool') })
  assert.is(value('accept'), 'application/json, text/event-stream')
})

test('Last-Event-ID passes on a GET only', async () => {
  const session = await openSession(gateway)
  const connection = await gateway.open({
    verb: 'GET',
    headers: { 'mcp-session-id': session, 'last-event-id': '7' },
  })
  await connection.head()
  assert.is(value('last-event-id'), '7')
  connection.close()
})

test.run()
