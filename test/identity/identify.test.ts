import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identification, RawHeaders, UnidentifiedReason } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import { type ApiKeyEntry, createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { presented } from '../support/presented.js'

const failures = createFailures({ max: 1_000_000, perMs: 60_000 })

const now = Date.UTC(2026, 10, 22, 9)
const aliceKey = 'mcp_alice-key-of-forty-three-characters-or-so'
const bobKey = 'mcp_bob-key'

function entry(id: string, keyText: string, more: Partial<ApiKeyEntry> = {}): ApiKeyEntry {
  return {
    id,
    sha256: sha256Hex(keyText),
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    claims: {},
    kind: 'user',
    expiresAtMs: null,
    notBeforeMs: null,
    disabled: false,
    ...more,
  }
}

const apiKeys = [
  entry('alice', aliceKey, {
    roles: ['dev'],
    groups: ['eng'],
    scopes: ['mcp:tools'],
    tenant: 'acme',
  }),
  entry('bob', bobKey, { kind: 'service', expiresAtMs: now + 1, notBeforeMs: now }),
  entry('past', 'past-key', { expiresAtMs: now }),
  entry('later', 'later-key', { notBeforeMs: now + 1 }),
  entry('off', 'off-key', { disabled: true, expiresAtMs: now }),
]
const strict = createIdentify({ failures, keys: createKeyRing(apiKeys), anonymous: false })
const open = createIdentify({ failures, keys: createKeyRing(apiKeys), anonymous: true })

function ask(identify: typeof strict, headers: RawHeaders, nowMs = now): Identification {
  const answer = identify(presented(headers), nowMs)
  if (answer instanceof Promise) throw new TypeError('keys are verified at once')
  return answer
}

const refused: [string, string[], UnidentifiedReason][] = [
  [
    'both headers',
    ['Authorization', `Bearer ${aliceKey}`, 'X-API-Key', bobKey],
    'credential-doubled',
  ],
  [
    'both, equal',
    ['Authorization', `Bearer ${aliceKey}`, 'X-API-Key', aliceKey],
    'credential-doubled',
  ],
  ['both, one empty', ['Authorization', '', 'X-API-Key', aliceKey], 'credential-doubled'],
  [
    'doubled Authorization',
    ['authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer a'],
    'credential-doubled',
  ],
  ['doubled X-API-Key', ['X-API-Key', aliceKey, 'x-api-key', aliceKey], 'credential-doubled'],
  ['empty Authorization', ['Authorization', ''], 'credential-malformed'],
  ['empty X-API-Key', ['X-API-Key', ''], 'credential-malformed'],
  ['no scheme', ['Authorization', aliceKey], 'credential-malformed'],
  ['scheme alone', ['Authorization', 'Bearer'], 'credential-malformed'],
  ['scheme and space', ['Authorization', 'Bearer '], 'credential-malformed'],
  ['another scheme', ['Authorization', 'Basic YTpi'], 'credential-malformed'],
  ['a scheme that starts alike', ['Authorization', `Bearerx ${aliceKey}`], 'credential-malformed'],
  ['two joined', ['Authorization', `Bearer ${aliceKey}, Bearer ${bobKey}`], 'credential-malformed'],
  ['two joined keys', ['X-API-Key', `${aliceKey}, ${bobKey}`], 'credential-malformed'],
  ['a tab', ['Authorization', `Bearer\t${aliceKey}`], 'credential-malformed'],
  ['trailing space', ['X-API-Key', `${aliceKey} `], 'credential-malformed'],
  ['NUL', ['X-API-Key', `${aliceKey}\0`], 'credential-malformed'],
  ['not ASCII', ['X-API-Key', `${aliceKey}ä`], 'credential-malformed'],
  ['lone surrogate', ['X-API-Key', '\ud800'], 'credential-malformed'],
  ['513 characters', ['X-API-Key', 'x'.repeat(513)], 'credential-malformed'],
  ['ten million characters', ['X-API-Key', 'x'.repeat(10_000_000)], 'credential-malformed'],
  ['unknown', ['X-API-Key', 'x'], 'credential-unknown'],
  ['the digest itself', ['X-API-Key', sha256Hex(aliceKey)], 'credential-unknown'],
  ['a prefix', ['X-API-Key', aliceKey.slice(0, -1)], 'credential-unknown'],
  ['longer', ['X-API-Key', `${aliceKey}x`], 'credential-unknown'],
  ['other case', ['X-API-Key', aliceKey.toUpperCase()], 'credential-unknown'],
  ['__proto__', ['X-API-Key', '__proto__'], 'credential-unknown'],
  ['the id', ['X-API-Key', 'alice'], 'credential-unknown'],
  ['expired this millisecond', ['X-API-Key', 'past-key'], 'credential-expired'],
  ['valid in a millisecond', ['X-API-Key', 'later-key'], 'credential-not-yet-valid'],
  ['disabled, whatever its dates', ['X-API-Key', 'off-key'], 'credential-disabled'],
]

test('a presented credential that is not good is refused, and never turns anonymous', () => {
  for (const [what, headers, reason] of refused) {
    assert.equal(ask(strict, headers), { ok: false, reason }, what)
    assert.equal(ask(open, headers), { ok: false, reason }, `${what}, anonymous on`)
  }
})

test('without a credential: refused, or anonymous when configured', () => {
  const others = ['Cookie', `key=${aliceKey}`, 'Proxy-Authorization', `Bearer ${aliceKey}`]
  for (const headers of [[], others]) {
    assert.equal(ask(strict, headers), { ok: false, reason: 'credential-missing' })
    const answer = ask(open, headers)
    assert.ok(answer.ok)
    assert.is(answer.identity.subject.kind, 'anonymous')
    assert.is(answer.identity.subject.method, 'anonymous')
    assert.equal(answer.identity.subject.roles, [])
    assert.is(answer.identity.credentialId, 'anonymous')
  }
})

test('a good key is its subject, by either header and any case of the scheme', () => {
  for (const headers of [
    ['Authorization', `Bearer ${aliceKey}`],
    ['authorization', `bearer ${aliceKey}`],
    ['AUTHORIZATION', `BEARER   ${aliceKey}`],
    ['X-API-Key', aliceKey],
    ['x-api-key', aliceKey],
  ]) {
    const answer = ask(strict, headers)
    assert.ok(answer.ok)
    assert.equal(answer.identity.subject, {
      id: 'alice',
      kind: 'user',
      issuer: 'mcp-guard',
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: ['dev'],
      groups: ['eng'],
      scopes: ['mcp:tools'],
      tenant: 'acme',
      expires_at: null,
      claims: {},
    })
    assert.is(answer.identity.credentialId, `sha256:${sha256Hex(aliceKey).slice(0, 12)}`)
    assert.not.match(JSON.stringify(answer), aliceKey)
  }
})

test('a dated key is good in its time only, and not when the clock is broken', () => {
  const headers = ['X-API-Key', bobKey]
  const answer = ask(strict, headers)
  assert.ok(answer.ok)
  assert.is(answer.identity.subject.expires_at, '2026-11-22T09:00:00.001Z')
  assert.is(answer.identity.expiresAtMs, now + 1)
  assert.equal(ask(strict, headers, now - 1), { ok: false, reason: 'credential-not-yet-valid' })
  assert.equal(ask(strict, headers, now + 1), { ok: false, reason: 'credential-expired' })
  assert.equal(ask(strict, headers, Number.NaN), { ok: false, reason: 'credential-not-yet-valid' })
})

test('headers that throw when they are read are a refusal', () => {
  const hostile = new Proxy([] as string[], {
    get() {
      throw new TypeError('unreadable')
    },
  })
  assert.equal(ask(open, hostile), { ok: false, reason: 'credential-malformed' })
})

test('an identity serves many requests, so nothing in it can be changed', () => {
  const answer = ask(strict, ['X-API-Key', aliceKey])
  assert.ok(answer.ok)
  const { subject } = answer.identity
  assert.throws(() => subject.roles.push('admin'), /not extensible/)
  assert.throws(() => Object.assign(subject, { tenant: 'other' }), /read only/)
  assert.throws(() => Object.assign(subject.claims, { admin: true }), /not extensible/)
})

test('entries that cannot work stop the start and name the key', () => {
  const rows: [ApiKeyEntry[], string][] = [
    [[entry('', 'k')], 'api key `` has an empty id'],
    [[entry('a', 'k', { sha256: 'abc' })], 'api key `a` has no sha256 of 64 hex digits'],
    [[entry('a', 'k', { sha256: 'k'.repeat(64) })], 'api key `a` has no sha256 of 64 hex digits'],
    [[entry('a', 'k', { expiresAtMs: Number.NaN })], 'api key `a` has a date that is none'],
    [[entry('a', 'k', { notBeforeMs: 1e300 })], 'api key `a` has a date that is none'],
    [
      [entry('a', 'k'), entry('b', 'k', { sha256: sha256Hex('k').toUpperCase() })],
      'api key `b` has the same sha256 as another key',
    ],
  ]
  for (const [keys, message] of rows) {
    assert.throws(
      () => createKeyRing(keys),
      (error: unknown) =>
        error instanceof GuardError &&
        error.code === 'GUARD_CONFIG_INVALID' &&
        error.message === message,
      message,
    )
  }
})

test('a digest in capitals is the same digest, and one id may have two keys', () => {
  const identify = createIdentify({
    failures,
    keys: createKeyRing([
      entry('a', 'k1', { sha256: sha256Hex('k1').toUpperCase() }),
      entry('a', 'k2'),
    ]),
    anonymous: false,
  })
  const [first, second] = ['k1', 'k2'].map((key) => ask(identify, ['X-API-Key', key]))
  assert.ok(first?.ok && second?.ok)
  assert.is(first.identity.binding, second.identity.binding)
  assert.is.not(first.identity.credentialId, second.identity.credentialId)
})

const replacements: readonly (readonly [
  what: string,
  after: readonly ApiKeyEntry[],
  reason: UnidentifiedReason | null,
])[] = [
  ['the same entry', [entry('alice', aliceKey)], null],
  ['others beside it', [entry('bob', bobKey), entry('alice', aliceKey)], null],
  ['another key of the same id', [entry('alice', bobKey)], 'credential-unknown'],
  ['no entry', [], 'credential-unknown'],
  ['disabled', [entry('alice', aliceKey, { disabled: true })], 'credential-disabled'],
  ['expired', [entry('alice', aliceKey, { expiresAtMs: now })], 'credential-expired'],
  ['not yet', [entry('alice', aliceKey, { notBeforeMs: now + 1 })], 'credential-not-yet-valid'],
  ['another id', [entry('bob', aliceKey)], 'credential-changed'],
  ['other roles', [entry('alice', aliceKey, { roles: ['dev'] })], 'credential-changed'],
  ['another tenant', [entry('alice', aliceKey, { tenant: 'acme' })], 'credential-changed'],
  ['other facts', [entry('alice', aliceKey, { claims: { level: 1 } })], 'credential-changed'],
  ['an end', [entry('alice', aliceKey, { expiresAtMs: now + 1 })], 'credential-changed'],
  ['a beginning that is over', [entry('alice', aliceKey, { notBeforeMs: now })], null],
]

for (const [what, after, reason] of replacements) {
  test(`whoever was let in by a key, once the keys are replaced: ${what}`, () => {
    const ring = createKeyRing([entry('alice', aliceKey)])
    const identified = ring.verify(aliceKey, now)
    assert.ok(identified.ok)
    assert.is(ring.withdrawn(identified.identity, now), null)
    ring.replace(after)
    assert.is(ring.withdrawn(identified.identity, now), reason)
  })
}

test('who was not let in by a key of the ring is none of its business', () => {
  const [ring, another] = [createKeyRing([]), createKeyRing([entry('alice', aliceKey)])]
  const identified = another.verify(aliceKey, now)
  assert.ok(identified.ok)
  assert.is(ring.withdrawn(identified.identity, now), null)
})

test.run()
