/** What is refused of TLS, trusted proxies and client certificates, and the words it is refused with. */
import { X509Certificate } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { certificateWarnings } from '../../src/config/certificate-warnings.js'
import { makeAuthority } from '../support/certificates.js'
import { folder, loadText, problemsOf } from './support.js'

const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'
const authority = makeAuthority(folder, 'authority')
const one = authority.issue('one')
const two = authority.issue('two')
const at = (name: string) => JSON.stringify(join(folder, name))
writeFileSync(join(folder, 'nonsense.pem'), 'x')
writeFileSync(join(folder, 'open.key'), one.key)
chmodSync(join(folder, 'open.key'), 0o644)

const proxies = 'listen: { trustedProxies: ["::1"] }\n'
const entries = (text: string) =>
  `${up}${proxies}identity: { clientCertificates: { format: nginx, entries: [${text}] } }`
const pointer = 'guard.yaml:3: /identity/clientCertificates/entries'

const rows: [what: string, text: string, problems: string[]][] = [
  [
    'trusted proxies that are none or everybody',
    `${up}listen: { trustedProxies: [proxy.example, 10.0.0.1/8, 0.0.0.0/0] }`,
    [
      'guard.yaml:2: /listen/trustedProxies/0: "proxy.example" is not an address or network; write an address such as 10.0.0.7, or a network such as 10.0.0.0/8 or fd00::/8',
      'guard.yaml:2: /listen/trustedProxies/1: "10.0.0.1/8" is not an address or network; write an address such as 10.0.0.7, or a network such as 10.0.0.0/8 or fd00::/8',
      'guard.yaml:2: /listen/trustedProxies/2: "0.0.0.0/0" would trust everybody; name the addresses of the proxies',
    ],
  ],
  [
    'headers of proxies that nobody trusts',
    `${up}identity: { clientCertificates: { format: haproxy } }`,
    [
      'guard.yaml:2: /identity/clientCertificates/format: names headers of proxies, and there is no trusted proxy; list the addresses of the proxies in listen.trustedProxies',
    ],
  ],
  [
    'certificates that cannot arrive',
    `${up}${proxies}identity: { clientCertificates: {} }`,
    [
      'guard.yaml:3: /identity/clientCertificates: waits for certificates that cannot arrive; set listen.tls.clientCa, or format and listen.trustedProxies',
    ],
  ],
  [
    'entries that name none or two',
    entries('{ id: a }, { id: b, uri: x, dns: y }'),
    [
      `${pointer}/0: names no certificate; give it exactly one of uri, dns, email, subject, thumbprint`,
      `${pointer}/1: has uri and dns; give it exactly one of uri, dns, email, subject, thumbprint`,
    ],
  ],
  [
    'one name twice',
    entries('{ id: a, dns: x }, { id: b, dns: X }'),
    [
      `${pointer}/1/dns: repeats /identity/clientCertificates/entries/0/dns; one certificate can stand for one principal only`,
    ],
  ],
  [
    'certificates that nobody can verify',
    `${up}listen: { tls: { cert: ${at('authority-one.pem')}, key: ${at('authority-one.key')}, clientCertificate: required } }`,
    [
      'guard.yaml:2: /listen/tls/clientCertificate: requires certificates that nobody can verify; set listen.tls.clientCa to the file of their issuers, or remove it',
    ],
  ],
  [
    'files that are not there',
    `${up}listen: { tls: { cert: a.pem, key: ${at('open.key')}, clientCa: b.pem } }`,
    [
      `guard.yaml:2: /listen/tls/cert: the file ${at('a.pem')} does not exist; name a readable PEM file`,
      `guard.yaml:2: /listen/tls/key: the file ${at('open.key')} holds a secret and is open to others (mode 0644); run: chmod 600 ${join(folder, 'open.key')}`,
      `guard.yaml:2: /listen/tls/clientCa: the file ${at('b.pem')} does not exist; name a readable PEM file`,
    ],
  ],
  [
    'a certificate that is none',
    `${up}listen: { tls: { cert: nonsense.pem, key: ${at('authority-one.key')} } }`,
    [
      'guard.yaml:2: /listen/tls/cert: holds no certificate in PEM; name a PEM file with a certificate',
    ],
  ],
  [
    'the key of another certificate',
    `${up}listen: { tls: { cert: ${at('authority-one.pem')}, key: ${at('authority-two.key')} } }`,
    [
      'guard.yaml:2: /listen/tls/key: is not the key of the certificate in listen.tls.cert; name the two files of one pair',
    ],
  ],
  [
    'issuers that are none',
    `${up}listen: { tls: { cert: ${at('authority-one.pem')}, key: ${at('authority-one.key')}, clientCa: nonsense.pem } }`,
    [
      'guard.yaml:2: /listen/tls/clientCa: holds no certificate in PEM; name a PEM file with a certificate',
    ],
  ],
]
for (const [what, text, problems] of rows) {
  test(`refuses ${what}`, () => assert.equal(problemsOf(loadText(text)), problems))
}

test('files that fit are taken by their absolute paths', () => {
  const loaded = loadText(
    `${up}listen: { tls: { cert: authority-two.pem, key: authority-two.key, clientCa: authority.pem } }`,
  )
  assert.equal(problemsOf(loaded), [])
  assert.equal(loaded.ok && loaded.config.listen.tls, {
    certFile: two.certFile,
    keyFile: two.keyFile,
    clientCaFile: authority.certFile,
    clientCertificateRequired: false,
  })
})

test('a certificate of the gateway that has ended, or not begun, is warned of', () => {
  const day = 86_400_000
  const loaded = loadText(
    `${up}listen: { tls: { cert: ${JSON.stringify(one.certFile)}, key: ${JSON.stringify(one.keyFile)} } }\n`,
  )
  assert.ok(loaded.ok)
  const { validFrom, validTo } = new X509Certificate(one.cert)
  const [begins, ends] = [Date.parse(validFrom), Date.parse(validTo)]
  const at = (nowMs: number) => certificateWarnings(loaded.config, nowMs)
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const rest = 'clients will not connect; renew it, and kill -HUP reads it again'
  assert.equal(at(begins), [])
  assert.equal(at(ends - 1), [])
  assert.equal(at(begins - 1), [
    `the certificate of listen.tls.cert is not valid before ${dayOf(begins)}: ${rest}`,
  ])
  for (const late of [ends, ends + 400 * day]) {
    assert.equal(at(late), [`the certificate of listen.tls.cert ended on ${dayOf(ends)}: ${rest}`])
  }
  const plain = loadText(up)
  assert.ok(plain.ok)
  assert.equal(certificateWarnings(plain.config, ends), [])
})

test.run()
