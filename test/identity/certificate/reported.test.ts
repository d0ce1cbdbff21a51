/**
 * What a trusted proxy's headers say of a certificate, format by format: the right one, none, and
 * everything that may not be taken for one.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RawHeaders } from '../../../src/domain.js'
import type { CertificateFormat } from '../../../src/identity/certificate/formats.js'
import { createCertificateReader } from '../../../src/identity/certificate/presented.js'
import { derOf, makeAuthority } from '../../support/certificates.js'
import { presented } from '../../support/presented.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-reported-'))
const authority = makeAuthority(folder, 'authority')
const alice = authority.issue('alice', { names: ['URI.1 = spiffe://example.com/alice'] })
const bob = authority.issue('bob')
rmSync(folder, { recursive: true, force: true })

const der = derOf(alice)
const pem = encodeURIComponent(alice.cert)
const base64 = der.toString('base64')
const hash = createHash('sha256').update(der).digest('hex')
const colons = (hash.match(/../g) ?? []).join(':').toUpperCase()
const bobPem = encodeURIComponent(bob.cert)

const alicesSubject = 'CN=alice'
type Row = readonly [what: string, headers: RawHeaders, outcome: string]

const verify = 'X-SSL-Client-Verify'
const cert = 'X-SSL-Client-Cert'
const used = 'X-SSL-Client-Used'
const xfcc = 'X-Forwarded-Client-Cert'
const traefik = 'X-Forwarded-Tls-Client-Cert'
const plain = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields).flatMap(([name, value]) => [`X-Client-Cert-${name}`, value])

const tables: Readonly<Record<CertificateFormat, readonly Row[]>> = {
  nginx: [
    ['verified', [verify, 'SUCCESS', cert, pem], alicesSubject],
    [
      'in any case of letters',
      [verify.toLowerCase(), 'SUCCESS', cert.toUpperCase(), pem],
      alicesSubject,
    ],
    ['not there', [], 'none'],
    ['said not to be there', [verify, 'NONE'], 'none'],
    ['both empty', [verify, '', cert, ''], 'none'],
    [
      'not verified',
      [verify, 'FAILED:self signed certificate', cert, pem],
      'certificate-unverified',
    ],
    ['none, and yet one', [verify, 'NONE', cert, pem], 'certificate-unverified'],
    ['nothing said of its verification', [cert, pem], 'certificate-unverified'],
    ['another word for success', [verify, 'success', cert, pem], 'certificate-unverified'],
    ['two words', [verify, 'SUCCESS, SUCCESS', cert, pem], 'certificate-unverified'],
    ['verified nothing', [verify, 'SUCCESS'], 'certificate-malformed'],
    ['verified twice', [verify, 'SUCCESS', verify, 'SUCCESS', cert, pem], 'certificate-malformed'],
    ['two certificates', [verify, 'SUCCESS', cert, pem, cert, bobPem], 'certificate-malformed'],
    ['the same one twice', [verify, 'SUCCESS', cert, pem, cert, pem], 'certificate-malformed'],
    ['two in one text', [verify, 'SUCCESS', cert, pem + bobPem], 'certificate-malformed'],
    ['something before it', [verify, 'SUCCESS', cert, `x${pem}`], 'certificate-malformed'],
    ['bad percent code', [verify, 'SUCCESS', cert, `${pem}%`], 'certificate-malformed'],
    ['base64 of DER', [verify, 'SUCCESS', cert, base64], 'certificate-malformed'],
    ['a key', [verify, 'SUCCESS', cert, encodeURIComponent(alice.key)], 'certificate-malformed'],
    ['cut short', [verify, 'SUCCESS', cert, pem.slice(0, -80)], 'certificate-malformed'],
    [
      'something behind its DER',
      [verify, 'SUCCESS', cert, pemOf(Buffer.concat([der, Buffer.from([0])]))],
      'certificate-malformed',
    ],
    ['with underscores', ['X_SSL_Client_Verify', 'SUCCESS', 'X_SSL_Client_Cert', pem], 'none'],
    [
      'bits of it with underscores',
      [verify, 'NONE', 'X_SSL_Client_Verify', 'SUCCESS', 'X_SSL_Client_Cert', pem],
      'none',
    ],
    [
      'named by Connection',
      ['Connection', `close, ${cert}`, verify, 'SUCCESS', cert, pem],
      'certificate-malformed',
    ],
    [
      'half of it taken away by Connection',
      ['Connection', `${verify.toLowerCase()}`, cert, pem],
      'certificate-malformed',
    ],
    [
      'an innocent Connection',
      ['Connection', 'close', verify, 'SUCCESS', cert, pem],
      alicesSubject,
    ],
    [
      'the headers of another format',
      [used, '1', verify, '0', cert, base64],
      'certificate-unverified',
    ],
    ['the headers of Envoy', [xfcc, `Hash=${hash};Cert="${pem}"`], 'none'],
  ],
  haproxy: [
    ['verified', [used, '1', verify, '0', cert, base64], alicesSubject],
    ['not there', [], 'none'],
    ['not used', [used, '0', verify, '0', cert, ''], 'none'],
    ['not used, and yet one', [used, '0', verify, '0', cert, base64], 'certificate-unverified'],
    ['not said to be used', [verify, '0', cert, base64], 'certificate-unverified'],
    ['not verified', [used, '1', verify, '20', cert, base64], 'certificate-unverified'],
    ['nothing said of its verification', [used, '1', cert, base64], 'certificate-unverified'],
    ['another zero', [used, '1', verify, '00', cert, base64], 'certificate-unverified'],
    ['nothing', [used, '1', verify, '0', cert, ''], 'certificate-malformed'],
    ['twice', [used, '1', used, '1', verify, '0', cert, base64], 'certificate-malformed'],
    [
      'base64url',
      [used, '1', verify, '0', cert, der.toString('base64url')],
      'certificate-malformed',
    ],
    [
      'spaces in it',
      [used, '1', verify, '0', cert, `${base64.slice(0, 9)} ${base64.slice(9)}`],
      'certificate-malformed',
    ],
    ['PEM', [used, '1', verify, '0', cert, pem], 'certificate-malformed'],
  ],
  envoy: [
    [
      'whole',
      [xfcc, `By=spiffe://gw;Hash=${hash};Cert="${pem}";Subject="CN=a,O=\\"b;c\\"";URI=`],
      alicesSubject,
    ],
    ['without quotes', [xfcc, `Cert=${pem}`], alicesSubject],
    [
      'several names',
      [xfcc, `Cert="${pem}";DNS=a.example;DNS=b.example;URI=x;URI=y`],
      alicesSubject,
    ],
    ['not there', [], 'none'],
    ['no certificate', [xfcc, `Hash=${hash};Subject="CN=alice"`], 'certificate-malformed'],
    [
      'another hash',
      [xfcc, `Hash=${hash.replace(/./, 'g')};Cert="${pem}"`],
      'certificate-malformed',
    ],
    ['two hops', [xfcc, `Cert="${bobPem}",Cert="${pem}"`], 'certificate-malformed'],
    [
      'two hops in two fields',
      [xfcc, `Cert="${bobPem}"`, xfcc, `Cert="${pem}"`],
      'certificate-malformed',
    ],
    ['two certificates', [xfcc, `Cert="${bobPem}";cert="${pem}"`], 'certificate-malformed'],
    ['an open quote', [xfcc, `Subject="x;Cert="${pem}"`], 'certificate-malformed'],
    ['no end', [xfcc, `Cert="${pem}";`], 'certificate-malformed'],
    ['spaces', [xfcc, `Cert="${pem}"; Hash=${hash}`], 'certificate-malformed'],
  ],
  traefik: [
    ['whole', [traefik, base64], alicesSubject],
    ['percent-encoded', [traefik, encodeURIComponent(base64)], alicesSubject],
    [
      'with its chain',
      [traefik, `${base64},${derOf(authority).toString('base64')}`],
      alicesSubject,
    ],
    ['not there', [], 'none'],
    ['twice', [traefik, base64, traefik, base64], 'certificate-malformed'],
    ['nothing first', [traefik, `,${base64}`], 'certificate-malformed'],
    ['with its lines', [traefik, pem], 'certificate-malformed'],
  ],
  plain: [
    ['a subject', plain({ Verified: 'true', Subject: 'CN=alice' }), alicesSubject],
    [
      'nginx words',
      plain({ Verified: 'SUCCESS', Subject: 'CN=alice', Serial: '0A' }),
      alicesSubject,
    ],
    [
      'a fingerprint with colons',
      plain({ Verified: 'true', Subject: 'CN=alice', Fingerprint: colons }),
      alicesSubject,
    ],
    ['not there', [], 'none'],
    ['said not to be there', plain({ Verified: 'NONE' }), 'none'],
    ['not verified', plain({ Verified: 'false', Subject: 'CN=alice' }), 'certificate-unverified'],
    ['nothing said', plain({ Subject: 'CN=alice' }), 'certificate-unverified'],
    ['failed', plain({ Verified: 'FAILED:x', Subject: 'CN=alice' }), 'certificate-unverified'],
    ['nobody', plain({ Verified: 'true' }), 'certificate-malformed'],
    ['nobody, by somebody', plain({ Verified: 'true', Issuer: 'CN=ca' }), 'certificate-malformed'],
    [
      'SHA-1',
      plain({ Verified: 'true', Subject: 'CN=a', Fingerprint: hash.slice(0, 40) }),
      'certificate-malformed',
    ],
    [
      'a list of names',
      plain({ Verified: 'true', Dns: 'a.example,b.example' }),
      'certificate-malformed',
    ],
    [
      'bytes beyond ASCII',
      plain({ Verified: 'true', Subject: 'CN=\u00e9' }),
      'certificate-malformed',
    ],
    [
      'two subjects',
      [...plain({ Verified: 'true', Subject: 'CN=alice' }), ...plain({ Subject: 'CN=bob' })],
      'certificate-malformed',
    ],
  ],
}

for (const [name, rows] of Object.entries(tables)) {
  const format = name as CertificateFormat
  const read = createCertificateReader({ format, isTrustedProxy: isTrusted })
  for (const [what, headers, outcome] of rows) {
    test(`${format}, ${what}: ${outcome}`, () => {
      const expected = told(read(presented(headers)))
      assert.is(expected, outcome)
      assert.is(told(read(presented(headers))), outcome, 'asked again')
    })
    test(`${format}, ${what}: nothing from anybody else`, () => {
      for (const address of ['127.0.0.2', '', '::1']) {
        const connection = { address, certificate: null }
        assert.is(told(read(presented(headers, { connection }))), 'none')
      }
    })
  }
}

test('every field of the plain headers is taken', () => {
  const fields = {
    Verified: 'true',
    Subject: 'CN=alice',
    Issuer: 'CN=ca',
    Serial: '0A',
    Dns: 'a.example',
    Uri: 'spiffe://a',
    Email: 'a@b.example',
    Fingerprint: hash,
  }
  const read = createCertificateReader({ format: 'plain', isTrustedProxy: isTrusted })
  assert.equal(read(presented(plain(fields))), {
    found: 'certificate',
    certificate: {
      subject: 'CN=alice',
      issuer: 'CN=ca',
      serial: '0a',
      dnsNames: ['a.example'],
      uris: ['spiffe://a'],
      emails: ['a@b.example'],
      thumbprint: Buffer.from(hash, 'hex').toString('base64url'),
      notAfterMs: null,
    },
  })
})

test("a trusted proxy's own certificate identifies nobody, a client's does", () => {
  const read = createCertificateReader({ format: null, isTrustedProxy: isTrusted })
  const from = (address: string) =>
    told(read(presented([], { connection: { address, certificate: der } })))
  assert.is(from('127.0.0.1'), 'none')
  assert.is(from('127.0.0.2'), alicesSubject)
  const reporting = createCertificateReader({ format: 'nginx', isTrustedProxy: isTrusted })
  const connection = { address: '127.0.0.1', certificate: derOf(bob) }
  const both = presented([verify, 'SUCCESS', cert, pem], { connection })
  assert.is(told(reporting(both)), alicesSubject)
  const nonsense = { address: '127.0.0.2', certificate: Buffer.from('x') }
  assert.is(told(read(presented([], { connection: nonsense }))), 'certificate-malformed')
})

function isTrusted(address: string): boolean {
  return address === '127.0.0.1'
}

function told(read: ReturnType<ReturnType<typeof createCertificateReader>>): string {
  if (read.found === 'none') return 'none'
  return read.found === 'refused' ? read.reason : (read.certificate.subject ?? 'nobody')
}

function pemOf(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return encodeURIComponent(
    ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  )
}

test.run()
