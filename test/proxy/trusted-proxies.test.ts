/**
 * A gateway that believes 127.0.0.1, which these tests are, and one that believes nobody: addresses
 * and certificates from headers, on every way in.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeAuthority } from '../support/certificates.js'
import { keyOf, startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-trusted-'))
const alice = makeAuthority(folder, 'clients').issue('alice')
rmSync(folder, { recursive: true, force: true })
const upstream = await startUpstream()
const trusting = await startGateway({
  upstreams: { up: upstream.url },
  listen: { trustedProxies: ['127.0.0.1', 'fd00::/8'] },
  identity: {
    clientCertificates: {
      format: 'nginx',
      entries: [{ subject: 'CN=alice', id: 'alice-by-cert' }],
    },
  },
})
const alone = await startGateway({ upstreams: { up: upstream.url } })

test.after(async () => {
  await trusting.close()
  await alone.close()
  await upstream.close()
})

const certified = {
  'x-ssl-client-verify': 'SUCCESS',
  'x-ssl-client-cert': encodeURIComponent(alice.cert),
}

test('a malformed list of hops is refused in constant bytes and recorded', async () => {
  const headers = { 'x-forwarded-for': 'nobody' }
  const { status, headers: answered, body } = await trusting.send({ body: call('echo'), headers })
  assert.equal([status, body], [400, ''])
  assert.equal([answered.get('connection'), answered.get('content-length')], ['close', '0'])
  const event = await trusting.event(({ code }) => code === 'forwarded-malformed')
  assert.equal([event.outcome, event.status, event.ip], ['rejected', 400, '127.0.0.1'])
})

test('whose address counts', async () => {
  const rows: [typeof alone, string | string[] | null, string][] = [
    [trusting, '192.0.2.7', '192.0.2.7'],
    [trusting, ['198.51.100.1', '192.0.2.7, fd00::1'], '192.0.2.7'],
    [trusting, null, '127.0.0.1'],
    [alone, '192.0.2.7', '127.0.0.1'],
    [alone, 'nobody', '127.0.0.1'],
  ]
  for (const [gateway, forwarded, ip] of rows) {
    const { status } = await gateway.send({
      body: call('echo'),
      headers: { 'x-forwarded-for': forwarded },
    })
    assert.equal([status, (await gateway.audit()).at(-1)?.ip], [200, ip])
  }
})

test('an address has one form on every listener, as policies compare it', async () => {
  const both = await startGateway({
    upstreams: { up: upstream.url },
    listen: { host: '::', publicUrl: 'http://127.0.0.1', trustedProxies: ['127.0.0.1'] },
  })
  const { port } = new URL(both.url)
  for (const forwarded of [[], ['::ffff:192.0.2.7'], ['2001:DB8:0::00aB']]) {
    const headers = [
      ...['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
      ...['x-api-key', keyOf('alice'), 'connection', 'close', 'host', '127.0.0.1'],
      ...forwarded.flatMap((text) => ['x-forwarded-for', text]),
    ]
    await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/mcp/up', method: 'POST', headers }
      const sent = request(options, (response) => response.resume().on('end', resolve))
      sent.on('error', reject).end(JSON.stringify(call('echo')))
    })
  }
  const seen = (await both.audit()).map(({ ip }) => ip)
  await both.close()
  assert.equal(seen, ['127.0.0.1', '192.0.2.7', '2001:db8::ab'])
})

test('a certificate in headers is its holder, from a trusted proxy only', async () => {
  const sent = { as: null, body: call('echo'), headers: certified }
  assert.is((await trusting.send(sent)).status, 200)
  assert.is((await trusting.audit()).at(-1)?.subject?.id, 'alice-by-cert')
  assert.is((await alone.send(sent)).status, 401)
  assert.is((await alone.audit()).at(-1)?.code, 'credential-missing')
})

test('over HTTP+SSE each post is judged by its own certificate headers', async () => {
  const path = '/mcp/up/sse'
  const stream = await trusting.open({ verb: 'GET', path, as: null, headers: certified })
  assert.is((await stream.head())?.status, 200)
  const said = await stream.until('\n\n')
  const place = /data: (\S+)/.exec(said)?.[1] ?? ''
  const posted = { path: place, as: null, body: call('echo') }
  assert.is((await trusting.send({ ...posted, headers: certified })).status, 202)
  await stream.until('"result"')
  assert.is((await trusting.audit()).at(-1)?.subject?.id, 'alice-by-cert')
  assert.is((await trusting.send(posted)).status, 401)
  const doubled = { ...certified, 'x-ssl-client-verify': ['SUCCESS', 'SUCCESS'] }
  assert.is((await trusting.send({ ...posted, headers: doubled })).status, 401)
  assert.is((await trusting.audit()).at(-1)?.code, 'certificate-malformed')
  stream.close()
})

test.run()
