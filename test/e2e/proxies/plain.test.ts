/** The plain headers, as a real HAProxy can write them of a certificate that it does not pass whole. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { derOf, makeAuthority } from '../../support/certificates.js'
import { startProxy } from '../../support/front-proxies.js'
import { startGateway } from '../../support/gateway.js'
import { call } from '../../support/messages.js'
import { tlsCall } from '../../support/tls-client.js'
import { startUpstream } from '../../support/upstream.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-plain-'))
const clients = makeAuthority(folder, 'clients')
const servers = makeAuthority(folder, 'servers')
const server = servers.issue('localhost', { usage: 'serverAuth', names: ['DNS.1 = localhost'] })
const alice = clients.issue('alice', { subject: '/O=Example/CN=alice' })
const bob = clients.issue('bob')
const upstream = await startUpstream()
const thumbprint = createHash('sha256').update(derOf(bob)).digest('hex')
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  listen: { trustedProxies: ['127.0.0.1'] },
  identity: {
    clientCertificates: {
      format: 'plain',
      entries: [
        { subject: 'CN=alice,O=Example', id: 'alice' },
        { thumbprint, id: 'bob' },
      ],
    },
  },
})
const header = (name: string, value: string) =>
  `  http-request set-header X-Client-Cert-${name} ${value}`
const proxy = await startProxy('haproxy', {
  folder,
  gatewayUrl: gateway.url,
  clients,
  server,
  changes: [
    [
      '  http-request set-header X-SSL-Client-Used %[ssl_c_used]',
      [
        '  http-request del-header X-Client-Cert- -m beg',
        `${header('Verified', 'true')} if { ssl_c_used } { ssl_c_verify 0 }`,
        `${header('Subject', '%[ssl_c_s_dn(,0,rfc2253)]')} if { ssl_c_used }`,
        `${header('Fingerprint', '%[ssl_c_der,sha2(256),hex,lower]')} if { ssl_c_used }`,
      ].join('\n'),
    ],
  ],
})

test.after(async () => {
  await proxy.close()
  await gateway.close()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
})

const spoofed = ['X-Client-Cert-Verified', 'true', 'X-Client-Cert-Subject', 'CN=alice,O=Example']
const ask = (more: object) =>
  tlsCall({ url: `${proxy.url}/mcp/up`, ca: servers.cert, body: call('echo'), ...more })
const last = async () => (await gateway.audit()).at(-1)

test('whom a subject or a fingerprint names is let in', async () => {
  assert.is((await ask({ as: alice })).status, 200)
  assert.is((await last())?.subject?.id, 'alice')
  assert.is((await ask({ as: bob, headers: spoofed })).status, 200)
  assert.is((await last())?.subject?.id, 'bob')
})

test('whoever has none is nobody, whatever is sent', async () => {
  assert.is((await ask({ headers: spoofed })).status, 401)
  assert.is((await last())?.code, 'credential-missing')
})

test.run()
