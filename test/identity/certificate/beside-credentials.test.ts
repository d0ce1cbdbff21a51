/** A certificate beside other credentials: what is one credential, what is two, what none at all. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identity } from '../../../src/domain.js'
import { createKeyRing } from '../../../src/identity/api-key.js'
import { createFailures } from '../../../src/identity/failures.js'
import { createIdentify } from '../../../src/identity/identify.js'
import { anonymousIdentity } from '../../../src/identity/subject.js'
import type {
  CertificateVerifier,
  PresentedCertificate,
  TokenVerifier,
} from '../../../src/identity/verifiers.js'
import { sha256Hex } from '../../../src/lib/secrets.js'
import { presented } from '../../support/presented.js'

const named = (id: string): Identity => {
  const { subject, ...rest } = anonymousIdentity()
  return { ...rest, subject: { ...subject, id } }
}
const certificate = {
  subject: 'CN=alice',
  issuer: null,
  serial: null,
  dnsNames: [],
  uris: [],
  emails: [],
  thumbprint: 'the-thumbprint',
  notAfterMs: 1000,
}
const held: PresentedCertificate = { found: 'certificate', certificate }
const unverified: PresentedCertificate = { found: 'refused', reason: 'certificate-unverified' }
/** A token says whose certificate it is bound to: `token-<thumbprint>`. */
const tokens: TokenVerifier = {
  owns: (text) => text.startsWith('token-'),
  verify(text, { thumbprint }) {
    const wanted = text.slice('token-'.length)
    if (wanted === '') return { ok: true, identity: named('token'), bound: false }
    if (wanted !== thumbprint) return { ok: false, reason: 'token-unbound' }
    return { ok: true, identity: named('bound'), bound: true }
  },
}
const key = 'an-api-key'
const noFacts = { roles: [], groups: [], scopes: [], tenant: null, claims: {} }
const dates = { expiresAtMs: null, notBeforeMs: null, disabled: false }
const keys = createKeyRing([
  { id: 'key', sha256: sha256Hex(key), kind: 'user', ...noFacts, ...dates },
])

async function outcome(
  read: PresentedCertificate,
  identifies: boolean,
  headers: readonly string[],
  nowMs = 999,
): Promise<string> {
  const certificates: CertificateVerifier = {
    identifies,
    read: () => read,
    identify: () => ({ ok: true, identity: named('certificate') }),
  }
  const failures = createFailures({ max: 100, perMs: 1000 })
  const identify = createIdentify({
    keys,
    failures,
    tokens: [tokens],
    certificates,
    anonymous: false,
  })
  const identified = await identify(presented(headers), nowMs)
  return identified.ok ? identified.identity.subject.id : identified.reason
}

const bearer = (text: string) => ['authorization', `Bearer ${text}`]
const rows: [what: string, headers: string[], identifies: string, bindsOnly: string][] = [
  ['nothing else', [], 'certificate', 'credential-missing'],
  ['an API key', ['x-api-key', key], 'credential-doubled', 'key'],
  ['an API key as a bearer', bearer(key), 'credential-doubled', 'key'],
  ['a wrong API key', ['x-api-key', 'x'], 'credential-doubled', 'credential-unknown'],
  ['a token', bearer('token-'), 'credential-doubled', 'token'],
  ['a token bound to it', bearer('token-the-thumbprint'), 'bound', 'bound'],
  ['a token bound to another', bearer('token-other'), 'token-unbound', 'token-unbound'],
  ['nonsense', ['authorization', 'x'], 'credential-malformed', 'credential-malformed'],
]
for (const [what, headers, identifies, bindsOnly] of rows) {
  test(`a certificate beside ${what}`, async () => {
    assert.is(await outcome(held, true, headers), identifies)
    assert.is(await outcome(held, false, headers), bindsOnly)
  })
  test(`a certificate that was not verified beside ${what}`, async () => {
    const reason = what === 'nonsense' ? 'credential-malformed' : 'certificate-unverified'
    assert.is(await outcome(unverified, true, headers), reason)
    assert.is(await outcome(unverified, false, headers), reason)
  })
}

test('a certificate that ended on its connection holds no token and stands beside nothing', async () => {
  for (const headers of [bearer('token-the-thumbprint'), bearer('token-'), ['x-api-key', key]]) {
    for (const late of [1000, Number.NaN]) {
      assert.is(await outcome(held, true, headers, late), 'credential-expired')
      assert.is(await outcome(held, false, headers, late), 'credential-expired')
    }
  }
})

test('a token is one in Authorization alone', async () => {
  const headers = ['x-api-key', 'token-']
  assert.is(await outcome({ found: 'none' }, false, headers), 'credential-unknown')
})

test('a bound token without a certificate is not taken', async () => {
  assert.is(await outcome({ found: 'none' }, true, bearer('token-the-thumbprint')), 'token-unbound')
})

test.run()
