/** Whoever guesses from one address is refused unread for a while; nobody else is. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identification, Identity, UnidentifiedReason } from '../../src/domain.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { anonymousIdentity } from '../../src/identity/subject.js'
import type { TokenVerifier } from '../../src/identity/verifiers.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { presented } from '../support/presented.js'

const refused = (reason: UnidentifiedReason) => ({ ok: false, reason }) as const

test('the address waits for the rest of the window, then starts afresh', () => {
  const failures = createFailures({ max: 3, perMs: 1000 })
  const wrong = refused('credential-unknown')
  for (const nowMs of [100, 200, 300]) {
    assert.is(failures.refusal('10.0.0.1', nowMs), null)
    assert.is(failures.counted('10.0.0.1', wrong, nowMs), wrong)
  }
  const limited = { ok: false, reason: 'failures-limited', retryAfterMs: 700 }
  assert.equal(failures.refusal('10.0.0.1', 400), limited)
  assert.equal(failures.counted('10.0.0.1', wrong, 400), limited)
  assert.is(failures.refusal('10.0.0.2', 400), null)
  assert.equal(failures.refusal('10.0.0.1', 1099), { ...limited, retryAfterMs: 1 })
  assert.is(failures.refusal('10.0.0.1', 1100), null)
  assert.is(failures.counted('10.0.0.1', wrong, 1100), wrong)
})

const same: readonly (readonly [string, string])[] = [
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['fe80::1%eth0', 'fe80::2%eth0'],
]
const different: readonly (readonly [string, string])[] = [
  ['2001:db8:1:2::1', '2001:db8:1:3::1'],
  ['10.0.0.1', '10.0.0.2'],
]
for (const [pairs, are] of [
  [same, true],
  [different, false],
] as const) {
  for (const [one, other] of pairs) {
    test(`${one} and ${other} are ${are ? 'one address' : 'two'}`, () => {
      const failures = createFailures({ max: 1, perMs: 1000 })
      failures.counted(one, refused('token-signature'), 0)
      assert.is(failures.refusal(other, 0) !== null, are)
    })
  }
}

test('what is no guess does not count, nor does a caller without a network', () => {
  const failures = createFailures({ max: 1, perMs: 1000 })
  for (const reason of [
    'credential-missing',
    'credential-expired',
    'credential-disabled',
  ] as const) {
    failures.counted('10.0.0.1', refused(reason), 0)
  }
  failures.counted('', refused('credential-unknown'), 0)
  assert.equal([failures.refusal('10.0.0.1', 0), failures.refusal('', 0)], [null, null])
})

test('of opaque tokens that nobody vouches for, ten count as one', () => {
  const failures = createFailures({ max: 2, perMs: 1000 })
  const inactive = refused('token-inactive')
  for (let n = 0; n < 10; n += 1) {
    assert.is(failures.counted('10.0.0.1', inactive, 0), inactive)
  }
  failures.counted('10.0.0.1', refused('credential-unknown'), 0)
  assert.is(failures.counted('10.0.0.1', inactive, 0).reason, 'failures-limited')
  assert.ok(failures.refusal('10.0.0.1', 999))
})

test('many addresses take bounded room: the oldest is forgotten', () => {
  const failures = createFailures({ max: 1, perMs: 1_000_000 })
  const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
  for (let n = 0; n <= 50_000; n += 1) {
    failures.counted(address(n), refused('credential-unknown'), n)
  }
  assert.is(failures.refusal(address(0), 50_001), null)
  assert.ok(failures.refusal(address(1), 50_001))
  assert.ok(failures.refusal(address(50_000), 50_001))
})

const key = 'mcp_right'
const entry = {
  ...{ id: 'alice', sha256: sha256Hex(key), kind: 'user' as const, roles: [], groups: [] },
  ...{ scopes: [], tenant: null, claims: {}, expiresAtMs: null, notBeforeMs: null },
  disabled: false,
}
let worked = 0
const identity: Identity = anonymousIdentity()
/** Knows one token at once and has to work for any other. */
const tokens: TokenVerifier = {
  owns: (text) => text.startsWith('token'),
  verify(text, { refusesWork }) {
    if (text === 'token-known') return { ok: true, identity, bound: false }
    const limited = refusesWork()
    if (limited !== null) return limited
    worked += 1
    return Promise.resolve(refused('token-signature'))
  },
}

test('no work for whoever guesses, while a key and a known token go on from the same address', async () => {
  const failures = createFailures({ max: 5, perMs: 60_000 })
  const identify = createIdentify({
    ...{ keys: createKeyRing([entry]), tokens: [tokens], failures, anonymous: false },
  })
  const ask = async (text: string, address = '10.0.0.1') => {
    const headers = ['authorization', `Bearer ${text}`]
    const identified: Identification = await identify(presented(headers, { address }), 0)
    return identified.ok ? 'in' : identified.reason
  }
  const answers: string[] = []
  for (let n = 0; n < 8; n += 1) answers.push(await ask(`token-${n}`))
  assert.equal(answers, [
    ...Array.from({ length: 5 }, () => 'token-signature'),
    ...Array.from({ length: 3 }, () => 'failures-limited'),
  ])
  assert.is(worked, 5)
  assert.equal(await Promise.all([ask(key), ask('token-known'), ask('mcp_wrong')]), [
    'in',
    'in',
    'failures-limited',
  ])
  assert.is(await ask('token-9', '10.0.0.2'), 'token-signature')
})

test.run()
