/**
 * What holds of client certificates behind every proxy, told once: a gateway that believes 127.0.0.1,
 * the real proxy there, clients at 127.0.0.2.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Certificate, derOf, makeAuthority } from '../../support/certificates.js'
import { type FrontProxy, type ProxyKind, startProxy } from '../../support/front-proxies.js'
import { startGateway } from '../../support/gateway.js'
import { call } from '../../support/messages.js'
import { type TlsAnswer, type TlsCall, tlsCall } from '../../support/tls-client.js'
import { startUpstream } from '../../support/upstream.js'

export interface ProxyCase {
  readonly kind: ProxyKind
  /** Name and value alternate: what a client sends to be taken for the holder of a certificate. */
  spoofed(certificate: Certificate): readonly string[]
  /** Lets certificates through that do not verify, and says so. */
  readonly lax: readonly (readonly [string, string])[]
  /** Refuses one that has ended by itself even then. */
  readonly refusesEnded: boolean
}

const client = '127.0.0.2'

export async function testClientCertificates(which: ProxyCase): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-proxies-'))
  const clients = makeAuthority(folder, 'clients')
  const others = makeAuthority(folder, 'others')
  const servers = makeAuthority(folder, 'servers')
  const server = servers.issue('localhost', {
    usage: 'serverAuth',
    names: ['DNS.1 = localhost', 'IP.1 = 127.0.0.1'],
  })
  const names = ['URI.1 = spiffe://example.com/alice', 'DNS.1 = alice.example.com']
  const alice = clients.issue('alice', { names, subject: '/O=Exämple, "Inc"/CN=alice' })
  const bob = clients.issue('bob')
  const unlisted = clients.issue('carol')
  const ended = clients.issue('ended', { names, ended: true })
  const foreign = others.issue('alice', { names })
  const upstream = await startUpstream()
  const { kind } = which
  const gateway = await startGateway({
    upstreams: { up: upstream.url },
    callers: { key: [] },
    listen: { trustedProxies: ['127.0.0.1'], publicUrl: 'https://localhost' },
    identity: {
      clientCertificates: {
        format: kind,
        entries: [
          { uri: 'spiffe://example.com/alice', id: 'alice', roles: ['reader'] },
          { subject: 'CN=bob', id: 'bob' },
        ],
      },
    },
  })
  const common = { folder, gatewayUrl: gateway.url, clients, server }
  const proxies: FrontProxy[] = []
  const proxy = await start([])
  const lax = await start(which.lax)

  async function start(changes: ProxyCase['lax']): Promise<FrontProxy> {
    const started = await startProxy(kind, { ...common, changes })
    proxies.push(started)
    return started
  }

  test.after(async () => {
    for (const one of proxies) await one.close()
    await gateway.close()
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function ask(
    through: FrontProxy,
    more: Partial<TlsCall> = {},
  ): Promise<{ answer: TlsAnswer; who: string | null; ip: string | null; code: string | null }> {
    const before = (await gateway.audit()).length
    const url = `${through.url}/mcp/up`
    const answer = await tlsCall({
      url,
      ca: servers.cert,
      localAddress: client,
      body: call('echo'),
      ...more,
    })
    const events = (await gateway.audit()).slice(before)
    assert.ok(events.length < 2, `one call has one record, not ${JSON.stringify(events)}`)
    const [event] = events
    const { subject = null, ip = null, code = null } = event ?? {}
    return { answer, who: subject?.id ?? null, ip, code }
  }

  const rows: [what: string, Partial<TlsCall>, string][] = [
    ['no certificate', {}, 'credential-missing'],
    ['a certificate that no entry names', { as: unlisted }, 'certificate-unknown'],
    ["alice's headers and no certificate", { headers: which.spoofed(alice) }, 'credential-missing'],
    [
      "alice's headers beside a certificate of somebody else",
      { as: unlisted, headers: which.spoofed(alice) },
      'certificate-unknown',
    ],
    [
      "alice's headers, each twice",
      { headers: [...which.spoofed(alice), ...which.spoofed(alice)] },
      'credential-missing',
    ],
    [
      "alice's headers with underscores",
      { headers: underscored(which.spoofed(alice)) },
      'credential-missing',
    ],
    [
      "alice's headers with underscores beside another certificate",
      { as: unlisted, headers: underscored(which.spoofed(alice)) },
      'certificate-unknown',
    ],
    [
      'a certificate beside an API key',
      { as: alice, headers: ['x-api-key', 'test-key-of-key-with-enough-characters'] },
      'credential-doubled',
    ],
  ]
  for (const [what, sent, code] of rows) {
    test(`${kind}: ${what} is refused`, async () => {
      const seen = upstream.seen.length
      const asked = await ask(proxy, sent)
      assert.equal([asked.answer.status, asked.who, asked.code], [401, null, code])
      assert.equal(asked.ip, client)
      assert.equal(upstream.seen.length, seen)
    })
  }

  test(`${kind}: a certificate that does not verify never reaches the gateway`, async () => {
    for (const as of [foreign, ended]) {
      const before = (await gateway.audit()).length
      const { status, problem } = await tlsCall({
        url: `${proxy.url}/mcp/up`,
        ca: servers.cert,
        as,
        headers: which.spoofed(alice),
        body: call('echo'),
      })
      assert.ok(status === 400 || (status === null && problem !== null), `${status} ${problem}`)
      assert.equal((await gateway.audit()).length, before)
    }
  })

  test(`${kind}: one that a lax proxy lets through is refused by what the proxy says`, async () => {
    for (const as of which.refusesEnded ? [foreign] : [foreign, ended]) {
      const asked = await ask(lax, { as, headers: which.spoofed(alice) })
      assert.equal(
        [asked.answer.status, asked.who, asked.code],
        [401, null, 'certificate-unverified'],
      )
    }
    assert.equal((await ask(lax, { as: alice })).who, 'alice')
  })

  test(`${kind}: who tells of certificates without being a trusted proxy is not heard`, async () => {
    const { host } = new URL(gateway.url)
    assert.equal(host.startsWith('127.0.0.1:'), true)
    const before = (await gateway.audit()).length
    const headers = { ...asRecord(which.spoofed(alice)), 'x-forwarded-for': '10.0.0.1' }
    const answer = await fromElsewhere(`${gateway.url}/mcp/up`, headers)
    const [event] = (await gateway.audit()).slice(before)
    assert.equal([answer, event?.code, event?.ip], [401, 'credential-missing', client])
  })

  test(`${kind}: the right certificate is its holder, resumed sessions included`, async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await ask(proxy, { as: alice, version })
      assert.equal([first.answer.status, first.who], [200, 'alice'], first.answer.problem ?? '')
      const again = await ask(proxy, { as: alice, version, session: first.answer.session })
      assert.equal([again.answer.resumed, again.who], [true, 'alice'], again.answer.problem ?? '')
    }
    const { headers } = upstream.seen.at(-1) ?? { headers: new Map<string, string>() }
    const names = [...headers.keys()].filter((name) => /cert|ssl|forward/i.test(name))
    assert.equal(names, [], 'nothing of it reaches the server')
  })

  test(`${kind}: a resumed session without a certificate is still without one`, async () => {
    const first = await ask(proxy, { version: 'TLSv1.3' })
    const again = await ask(proxy, { version: 'TLSv1.3', session: first.answer.session })
    assert.equal(
      [again.answer.resumed, again.code],
      [true, 'credential-missing'],
      again.answer.problem ?? '',
    )
  })

  test(`${kind}: somebody else's headers do not change whose certificate it is`, async () => {
    const asked = await ask(proxy, { as: bob, headers: which.spoofed(alice) })
    assert.equal([asked.answer.status, asked.who], [200, 'bob'])
  })

  test(`${kind}: the client's address is the one that the proxy saw`, async () => {
    for (const forwarded of ['10.9.9.9', '127.0.0.1', 'nonsense', '10.9.9.9, 127.0.0.1']) {
      const asked = await ask(proxy, { as: alice, headers: ['X-Forwarded-For', forwarded] })
      assert.equal([asked.answer.status, asked.ip], [200, client], forwarded)
    }
  })

  test(`${kind}: what policy and audit are told of the certificate is what is in it`, async () => {
    await ask(proxy, { as: alice })
    const event = (await gateway.audit()).at(-1)
    const { createHash } = await import('node:crypto')
    const thumbprint = createHash('sha256').update(derOf(alice)).digest('base64url')
    assert.equal(event?.credential, `x5t#S256:${thumbprint}`)
    assert.equal(event?.subject?.method, 'client-cert')
    assert.equal(event?.subject?.issuer, 'client-certificates')
  })
}

function underscored(headers: readonly string[]): string[] {
  return headers.map((text, index) => (index % 2 === 0 ? text.replaceAll('-', '_') : text))
}

function asRecord(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : [])),
  )
}

async function fromElsewhere(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', localAddress: client, agent: false, headers }
    const asked = request(url, options, (response) => {
      response.resume().on('close', () => resolve(response.statusCode))
    })
    asked.setHeader('content-type', 'application/json')
    asked.on('error', reject).end(JSON.stringify(call('echo')))
  })
}
