/** What is read out of real certificates, hostile names included (CVE-2021-44532, CVE-2021-44533). */
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAlternativeNames } from '../../../src/identity/certificate/alternative-names.js'
import { readBase64, readCertificate, readPem } from '../../../src/identity/certificate/x509.js'
import { type CertificateOptions, derOf, makeAuthority } from '../../support/certificates.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-x509-'))
const authority = makeAuthority(folder, 'authority')
test.after(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function issued(options: CertificateOptions): Buffer {
  count += 1
  return derOf(authority.issue(`c${count}`, options))
}

test('everything that a certificate says', () => {
  const names = [
    'URI.1 = spiffe://example.com/a',
    'URI.2 = urn:b',
    'DNS.1 = A.example',
    'email.1 = a@b.example',
    'IP.1 = 192.0.2.1',
    'RID.1 = 1.2.3.4',
  ]
  const der = issued({ subject: '/C=DE/O=Example/CN=alice', names })
  const certificate = new X509Certificate(der)
  assert.equal(readCertificate(der), {
    subject: 'CN=alice,O=Example,C=DE',
    issuer: 'CN=authority',
    serial: certificate.serialNumber.toLowerCase(),
    dnsNames: ['A.example'],
    uris: ['spiffe://example.com/a', 'urn:b'],
    emails: ['a@b.example'],
    thumbprint: createHash('sha256').update(der).digest('base64url'),
    notAfterMs: Date.parse(certificate.validTo),
  })
})

const subjects: [given: string, text: string][] = [
  ['/CN=a,CN\\=b', 'CN=a\\,CN=b'],
  ['/O=x/CN=a+OU=b', 'OU=b+CN=a,O=x'],
  ['/CN=a \\+ OU=b', 'CN=a \\+ OU=b'],
  ['/CN=a\nCN=root', 'CN=a\\0ACN=root'],
  ['/CN="quoted"', 'CN=\\"quoted\\"'],
  ['/CN=é', 'CN=é'],
  ['/CN=#x', 'CN=\\#x'],
  ['/CN=a ', 'CN=a\\ '],
]
for (const [given, text] of subjects) {
  test(`the subject ${JSON.stringify(given)} in one text`, () => {
    assert.is(readCertificate(issued({ subject: given }))?.subject, text)
  })
}

for (const hidden of ['\u202e', '\u200b', '\u0085', '\ufeff']) {
  test(`the subject hides U+${hidden.charCodeAt(0).toString(16)}`, () => {
    assert.is(readCertificate(issued({ subject: `/CN=al${hidden}ice` })), null)
  })
}

test('names inside names stay what they are', () => {
  const names = [
    'URI.1 = "spiffe://x/a, URI:spiffe://x/root"',
    'DNS.1 = ok.example',
    'otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:u, DNS:evil.example',
    'dirName.1 = directory',
    '[directory]',
    'CN = "b, DNS:evil2.example"',
  ]
  // A space is in no name that we take.
  assert.is(readCertificate(issued({ names })), null)
  const read = readCertificate(issued({ names: names.slice(1) }))
  assert.equal([read?.dnsNames, read?.uris], [['ok.example'], []])
  const comma = readCertificate(issued({ names: ['URI.1 = "spiffe://x/a,URI:b"'] }))
  assert.equal(comma?.uris, ['spiffe://x/a,URI:b'])
})

const texts: [text: string, names: readonly string[] | null][] = [
  ['', []],
  ['DNS:a', ['a']],
  ['DNS:a, DNS:b', ['a', 'b']],
  ['DNS:"a\\u002cb"', ['a,b']],
  ['DNS:"a\\"b"', ['a"b']],
  ['IP Address:1.2.3.4, DNS:a', ['a']],
  ['othername:<unsupported>, DNS:a', ['a']],
  ['DirName:"CN=x\\u002c DNS:evil", DNS:a', ['a']],
  ['DNS:"a\\u0000b"', null],
  ['DNS:"a b"', null],
  ['DNS:', null],
  ['DNS:""', null],
  ['DNS:"é"', null],
  ['DNS:"\\x"', null],
  ['DNS:"a', null],
  ['DNS:a"b', null],
  ['DNS:a,DNS:b', null],
  ['DNS:a, ', null],
  [', DNS:a', null],
  ['DNS:a, x', null],
  ['DNS', null],
]
for (const [text, names] of texts) {
  test(`names in ${JSON.stringify(text)}`, () => {
    assert.equal(readAlternativeNames(text)?.dnsNames ?? null, names)
  })
}

test('what is no certificate', () => {
  const der = issued({})
  const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  const changed = Buffer.from(der)
  changed[0] = 0x31
  const bad: Uint8Array[] = [
    Buffer.alloc(0),
    Buffer.from('x'),
    Buffer.from(pem),
    der.subarray(0, -1),
    Buffer.concat([der, Buffer.alloc(1)]),
    Buffer.concat([der, der]),
    Buffer.alloc(20_000, der),
    changed,
  ]
  for (const bytes of bad) assert.is(readCertificate(bytes), null, `${bytes.length} bytes`)
  assert.ok(readCertificate(der) !== null)
})

test('PEM and base64 in their one form', () => {
  const block = (body: string) =>
    `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
  assert.equal(Buffer.from(readPem(block('AAEC')) ?? []), Buffer.from([0, 1, 2]))
  const bad = [
    '',
    'AAEC',
    block(''),
    block('AAEC') + block('AAEC'),
    ` ${block('AAEC')}`,
    block('AAE'),
    block('AB=='),
    block('AA-_'),
    block('AAEC').replace('CERTIFICATE', 'PRIVATE KEY'),
  ]
  for (const text of bad) assert.is(readPem(text), null, JSON.stringify(text))
  for (const text of ['', 'A', 'AB==', 'AAE', 'AA-_', 'AA EC', 'AAEC\n']) {
    assert.is(readBase64(text), null, JSON.stringify(text))
  }
})

test.run()
