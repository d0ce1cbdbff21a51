/** Whose certificate it is: entries compared whole, everybody else refused or nobody in particular. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import {
  type CertificateEntry,
  type ClientCertificateOptions,
  createCertificateVerifier,
} from '../../../src/identity/certificate/verifier.js'
import type { ClientCertificate } from '../../../src/identity/verifiers.js'

const now = Date.parse('2026-06-01T00:00:00Z')
const thumbprint = Buffer.alloc(32, 7)
const alice: ClientCertificate = {
  subject: 'CN=alice,O=Example',
  issuer: 'CN=authority',
  serial: '0a',
  dnsNames: ['alice.example', 'ALIAS.example'],
  uris: ['spiffe://example.com/alice'],
  emails: ['alice@example.com'],
  thumbprint: thumbprint.toString('base64url'),
  notAfterMs: now + 1000,
}

function entry(
  name: CertificateEntry['match']['name'],
  text: string,
  more: Partial<CertificateEntry> = {},
): CertificateEntry {
  const nothing = { roles: [], groups: [], scopes: [], tenant: null }
  return { match: { name, text }, id: 'alice', kind: 'service', ...nothing, ...more }
}

function verifier(
  entries: CertificateEntry[],
  unlisted: ClientCertificateOptions['unlisted'] = 'refuse',
) {
  return createCertificateVerifier({
    clients: { entries, unlisted },
    format: null,
    isTrustedProxy: () => false,
  })
}

const matches: [entry: CertificateEntry, found: boolean][] = [
  [entry('uri', 'spiffe://example.com/alice'), true],
  [entry('dns', 'alice.example'), true],
  [entry('dns', 'alias.EXAMPLE'), true],
  [entry('email', 'alice@example.com'), true],
  [entry('subject', 'CN=alice,O=Example'), true],
  [entry('thumbprint', thumbprint.toString('hex').toUpperCase()), true],
  [entry('thumbprint', `${'07:'.repeat(31)}07`), true],
  [entry('uri', 'spiffe://example.com/alic'), false],
  [entry('uri', 'spiffe://example.com/Alice'), false],
  [entry('uri', 'spiffe://example.com/alice/'), false],
  [entry('uri', 'alice.example'), false],
  [entry('dns', 'spiffe://example.com/alice'), false],
  [entry('dns', '*.example'), false],
  [entry('dns', 'example'), false],
  [entry('email', 'alice@EXAMPLE.com'), false],
  [entry('subject', 'CN=alice'), false],
  [entry('subject', 'O=Example,CN=alice'), false],
  [entry('subject', 'CN=authority'), false],
  [entry('thumbprint', Buffer.alloc(32, 8).toString('hex')), false],
]
for (const [one, found] of matches) {
  test(`${one.match.name} ${one.match.text} ${found ? 'is' : 'is not'} alice`, () => {
    const identified = verifier([one]).identify(alice, now)
    if (found) assert.is(identified.ok && identified.identity.subject.id, 'alice')
    else assert.equal(identified, { ok: false, reason: 'certificate-unknown' })
  })
}

test('the identity of an entry, whole', () => {
  const facts = { roles: ['r'], groups: ['g'], scopes: ['s'], tenant: 't', kind: 'user' } as const
  const identified = verifier([entry('uri', 'spiffe://example.com/alice', facts)]).identify(
    alice,
    now,
  )
  assert.ok(identified.ok)
  const { subject, expiresAtMs, credentialId } = identified.identity
  assert.equal(subject, {
    id: 'alice',
    kind: 'user',
    issuer: 'client-certificates',
    method: 'client-cert',
    client_id: null,
    actors: [],
    roles: ['r'],
    groups: ['g'],
    scopes: ['s'],
    tenant: 't',
    expires_at: '2026-06-01T00:00:01.000Z',
    claims: {
      certificate: {
        subject: 'CN=alice,O=Example',
        issuer: 'CN=authority',
        serial: '0a',
        dns: ['alice.example', 'ALIAS.example'],
        uris: ['spiffe://example.com/alice'],
        emails: ['alice@example.com'],
        thumbprint: alice.thumbprint,
      },
    },
  })
  assert.equal([expiresAtMs, credentialId], [alice.notAfterMs, `x5t#S256:${alice.thumbprint}`])
})

test('a renewed certificate of an entry is the same principal', () => {
  const { identify } = verifier([entry('dns', 'alice.example')])
  const renewed = { ...alice, issuer: 'CN=other', thumbprint: 'x', serial: '0b', notAfterMs: null }
  const [one, two] = [identify(alice, now), identify(renewed, now)]
  assert.ok(one.ok && two.ok)
  assert.is(one.identity.binding, two.identity.binding)
  assert.is.not(one.identity.credentialId, two.identity.credentialId)
})

test('it is refused from its end on, also when it was seen before', () => {
  const { identify } = verifier([entry('dns', 'alice.example')])
  assert.ok(identify(alice, now).ok)
  for (const late of [now + 1000, now + 2000, Number.NaN]) {
    assert.equal(identify(alice, late), { ok: false, reason: 'credential-expired' })
  }
})

test('a certificate that entries of two ids name is nobody, of one id is it', () => {
  const uri = entry('uri', 'spiffe://example.com/alice', { roles: ['first'] })
  const other = entry('dns', 'alice.example', { id: 'mallory' })
  assert.equal(verifier([uri, other]).identify(alice, now), {
    ok: false,
    reason: 'certificate-unknown',
  })
  const same = verifier([uri, entry('dns', 'alice.example')]).identify(alice, now)
  assert.equal(same.ok && same.identity.subject.roles, ['first'])
})

const unlisted: [
  ClientCertificateOptions['unlisted'],
  Partial<ClientCertificate>,
  string | null,
][] = [
  ['refuse', {}, null],
  ['uri', {}, 'spiffe://example.com/alice'],
  ['uri', { uris: [] }, null],
  ['uri', { uris: ['a', 'b'] }, null],
  ['dns', {}, null],
  ['dns', { dnsNames: ['a.example'] }, 'a.example'],
  ['email', {}, 'alice@example.com'],
  ['subject', {}, 'CN=alice,O=Example'],
  ['subject', { subject: null }, null],
  ['thumbprint', {}, alice.thumbprint],
  ['thumbprint', { thumbprint: null }, null],
  ['subject', { issuer: null }, null],
]
for (const [how, more, id] of unlisted) {
  test(`unlisted by ${how}, with ${JSON.stringify(more)}: ${id}`, () => {
    const certificate = { ...alice, ...more }
    const identified = verifier([], how).identify(certificate, now)
    if (id === null) return assert.equal(identified, { ok: false, reason: 'certificate-unknown' })
    assert.ok(identified.ok)
    const { subject } = identified.identity
    assert.equal([subject.id, subject.issuer, subject.roles], [id, 'CN=authority', []])
  })
}

test('nobody unlisted is somebody listed, whatever the certificate says', () => {
  const listed = verifier([entry('dns', 'other.example', { id: 'CN=alice,O=Example' })], 'subject')
  const one = listed.identify(alice, now)
  const two = listed.identify({ ...alice, dnsNames: ['other.example'] }, now)
  assert.ok(one.ok && two.ok)
  assert.is(one.identity.subject.id, two.identity.subject.id)
  assert.is.not(one.identity.binding, two.identity.binding)
})

test('entries that cannot work are refused', () => {
  const bad: [CertificateEntry[], string][] = [
    [[entry('dns', 'a'), entry('dns', 'A')], 'two client certificates have the dns `A`'],
    [[entry('thumbprint', 'abc')], 'client certificate `alice` names nothing by its thumbprint'],
    [[entry('uri', '')], 'client certificate `alice` names nothing by its uri'],
    [[entry('uri', 'x', { id: '' })], 'client certificate `` names nothing by its uri'],
  ]
  for (const [entries, text] of bad) {
    assert.throws(
      () => verifier(entries),
      (thrown: unknown) =>
        thrown instanceof GuardError &&
        thrown.code === 'GUARD_CONFIG_INVALID' &&
        thrown.message === text,
      text,
    )
  }
})

test.run()
