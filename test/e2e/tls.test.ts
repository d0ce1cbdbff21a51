/**
 * The listener's own TLS: who is let in by a certificate and who is not, resumed sessions, files
 * that are replaced, and a plain client at the TLS port.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { derOf, makeAuthority } from '../support/certificates.js'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { type TlsAnswer, type TlsCall, tlsCall } from '../support/tls-client.js'
import { startUpstream } from '../support/upstream.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-tls-'))
const clients = makeAuthority(folder, 'clients')
const others = makeAuthority(folder, 'others')
const servers = makeAuthority(folder, 'servers')
const names = ['DNS.1 = localhost', 'IP.1 = 127.0.0.1']
const server = servers.issue('localhost', { usage: 'serverAuth', names })
const renewed = servers.issue('renewed', { usage: 'serverAuth', names })
const alice = clients.issue('alice', { names: ['URI.1 = spiffe://example.com/alice'] })
const foreign = others.issue('alice', { names: ['URI.1 = spiffe://example.com/alice'] })
const ended = clients.issue('ended', { names: ['URI.1 = spiffe://example.com/alice'], ended: true })
const forServers = clients.issue('s', {
  names: ['URI.1 = spiffe://example.com/alice'],
  usage: 'serverAuth',
})
const tls = { cert: server.certFile, key: server.keyFile, clientCa: clients.certFile }
const clientCertificates = { entries: [{ uri: 'spiffe://example.com/alice', id: 'alice-by-cert' }] }
const upstream = await startUpstream()
const open: Gateway[] = []
const gateway = await start({ tls }, { clientCertificates })
const required = await start({ tls: { ...tls, clientCertificate: 'required' } }, {})

test.after(async () => {
  for (const one of open) await one.close()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(listen: JsonObject, identity: JsonObject): Promise<Gateway> {
  const upstreams = { up: upstream.url }
  const callers = { key: [] }
  const started = await startGateway({ upstreams, callers, listen, identity })
  open.push(started)
  return started
}

function ask(to: Gateway, more: Partial<TlsCall> = {}): Promise<TlsAnswer> {
  return tlsCall({ url: `${to.url}/mcp/up`, ca: servers.cert, body: call('echo'), ...more })
}

async function last(of: Gateway) {
  const event = (await of.audit()).at(-1)
  return [event?.subject?.id ?? null, event?.code ?? null, event?.ip ?? null]
}

test('the address says https', () => assert.match(gateway.url, /^https:\/\/127\.0\.0\.1:\d+$/))

test('the right certificate is its holder', async () => {
  const { status } = await ask(gateway, { as: alice, localAddress: '127.0.0.2' })
  assert.equal([status, ...(await last(gateway))], [200, 'alice-by-cert', null, '127.0.0.2'])
  const thumbprint = createHash('sha256').update(derOf(alice)).digest('base64url')
  assert.is((await gateway.audit()).at(-1)?.credential, `x5t#S256:${thumbprint}`)
})

test('whoever has none is nobody, and may have a key', async () => {
  assert.is((await ask(gateway)).status, 401)
  assert.equal((await last(gateway)).slice(0, 2), [null, 'credential-missing'])
  assert.is((await ask(gateway, { headers: ['x-api-key', keyOf('key')] })).status, 200)
  assert.is((await ask(gateway, { as: alice, headers: ['x-api-key', keyOf('key')] })).status, 401)
  assert.equal((await last(gateway)).slice(0, 2), [null, 'credential-doubled'])
})

test('headers of proxies say nothing', async () => {
  const headers = [
    'X-SSL-Client-Verify',
    'SUCCESS',
    'X-SSL-Client-Cert',
    encodeURIComponent(alice.cert),
  ]
  assert.is(
    (await ask(gateway, { headers: [...headers, 'X-Forwarded-For', '10.1.1.1'] })).status,
    401,
  )
  assert.equal(await last(gateway), [null, 'credential-missing', '127.0.0.1'])
})

for (const [what, as] of Object.entries({ foreign, ended, forServers })) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`a certificate that does not verify ends the connection: ${what}, ${version}`, async () => {
      for (const to of [gateway, required]) {
        const before = upstream.seen.length
        const key = ['x-api-key', keyOf('key')]
        const { status, problem } = await ask(to, { as, version, headers: key })
        assert.is(status, null)
        assert.ok(problem !== null)
        assert.equal(await last(to), [null, 'certificate-unverified', '127.0.0.1'])
        assert.is(upstream.seen.length, before)
      }
    })
  }
}

test('required: none is not served, one is no credential where none is configured', async () => {
  assert.is((await ask(required, { headers: ['x-api-key', keyOf('key')] })).status, null)
  assert.equal((await last(required)).slice(0, 2), [null, 'certificate-missing'])
  assert.is((await ask(required, { as: alice })).status, 401)
  assert.equal((await last(required)).slice(0, 2), [null, 'credential-missing'])
  assert.is((await ask(required, { as: alice, headers: ['x-api-key', keyOf('key')] })).status, 200)
  assert.equal((await last(required)).slice(0, 2), ['key', null])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`no session is resumed, so no certificate is taken on trust: ${version}`, async () => {
    const first = await ask(gateway, { as: alice, version })
    assert.is(first.status, 200)
    const again = await ask(gateway, { as: alice, version, session: first.session })
    assert.equal([again.status, again.resumed], [200, false])
    assert.is((await last(gateway))[0], 'alice-by-cert')
    // A session that began without a certificate counts as verified to Node when it is resumed.
    const without = await ask(required, { version })
    const resumed = await ask(required, { version, session: without.session })
    assert.equal([resumed.status, resumed.resumed], [null, false])
    assert.equal((await last(required)).slice(0, 2), [null, 'certificate-missing'])
  })
}

test('old versions and other protocols are not spoken', async () => {
  const refused = await new Promise<string | undefined>((resolve) => {
    const { port } = new URL(gateway.url)
    const old = {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca: servers.cert, ...old })
    socket.on('secureConnect', () => resolve('connected'))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  assert.match(refused ?? '', /^ERR_SSL|^ECONNRESET/)
  const plain = await new Promise<string>((resolve) => {
    const asked = request(gateway.url.replace('https', 'http'), () => resolve('answered'))
    asked.on('error', () => resolve('closed')).end()
  })
  assert.is(plain, 'closed')
  await gateway.event(({ code }) => code === 'tls-failed')
})

test('health is told over TLS', async () => {
  const { port } = new URL(gateway.url)
  const status = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca: servers.cert })
    socket.on('error', reject).on('data', (data) => resolve(data.toString().slice(0, 12)))
    socket.write('GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  })
  assert.is(status, 'HTTP/1.1 200')
})

test('new files count for new connections, bad ones leave the old in place', async () => {
  const cert = join(folder, 'current.pem')
  const key = join(folder, 'current.key')
  copyFileSync(server.certFile, cert)
  copyFileSync(server.keyFile, key)
  const own = await start({ tls: { cert, key } }, {})
  const before = await subjectOf(own)
  copyFileSync(renewed.certFile, cert)
  await own.guard.reload()
  assert.is(await subjectOf(own), before, 'a certificate with the key of another')
  assert.ok(own.logged.some((line) => line.includes('TLS goes on with its old files')))
  copyFileSync(renewed.keyFile, key)
  await own.guard.reload()
  assert.equal([before, await subjectOf(own)], ['localhost', 'renewed'])
  writeFileSync(cert, 'nonsense')
  await own.guard.reload()
  assert.is(await subjectOf(own), 'renewed')
})

test('a handshake that never ends does not hold a stopping gateway', async () => {
  const own = await start({ tls, drainTimeout: '100ms' }, {})
  const { port } = new URL(own.url)
  const socket = connectTcp(Number(port), '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve))
  const started = performance.now()
  await own.guard.close()
  await closed
  assert.ok(performance.now() - started < 3000, 'it waited for the handshake')
})

function subjectOf(of: Gateway): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(of.url)
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca: servers.cert }, () => {
      resolve([socket.getPeerCertificate().subject.CN].join())
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test.run()
