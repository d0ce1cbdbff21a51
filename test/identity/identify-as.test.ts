/** Who a client without headers is: looked at again for each message, refused at once where hopeless. */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { type ApiKeyEntry, createKeyRing } from '../../src/identity/api-key.js'
import { identifyAs } from '../../src/identity/identify-as.js'
import { presented } from '../support/presented.js'

const key = 'a-key-text-with-enough-characters'

function entry(more: Partial<ApiKeyEntry> = {}): ApiKeyEntry {
  return {
    id: 'alice',
    sha256: createHash('sha256').update(key).digest('hex'),
    roles: ['dev'],
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

const other = { sha256: 'b'.repeat(64) }
const keysOf = (...apiKeys: ApiKeyEntry[]) => ({
  keys: createKeyRing(apiKeys),
  anonymous: false,
})

test('an entry by its name and the same entry by its key are one principal', async () => {
  const byName = await identifyAs(keysOf(entry()), { by: 'entry', id: 'alice' })(presented([]), 0)
  const byKey = await identifyAs(keysOf(entry()), { by: 'key', text: key })(presented([]), 0)
  assert.ok(byName.ok && byKey.ok)
  assert.equal(byName, byKey)
})

test('headers say nothing', async () => {
  const identify = identifyAs(keysOf(entry(), entry({ ...other, id: 'bob' })), {
    by: 'entry',
    id: 'bob',
  })
  const identified = await identify(presented(['authorization', `Bearer ${key}`]), 0)
  assert.is(identified.ok && identified.identity.subject.id, 'bob')
})

const unusable: readonly (readonly [reason: string, more: Partial<ApiKeyEntry>])[] = [
  ['credential-expired', { expiresAtMs: 1000 }],
  ['credential-not-yet-valid', { notBeforeMs: 9000 }],
  ['credential-disabled', { disabled: true }],
]

for (const [reason, more] of unusable) {
  test(`${reason}: refused now, whichever way it is named`, async () => {
    for (const claim of [
      { by: 'entry', id: 'alice' },
      { by: 'key', text: key },
    ] as const) {
      const identify = identifyAs(keysOf(entry(more)), claim)
      assert.equal(await identify(presented([]), 5000), { ok: false, reason })
    }
  })
}

test('what expires while the client is there is refused from then on', async () => {
  const identify = identifyAs(keysOf(entry({ expiresAtMs: 1000 })), { by: 'entry', id: 'alice' })
  assert.is((await identify(presented([]), 999)).ok, true)
  assert.is((await identify(presented([]), 1000)).ok, false)
})

test('of several entries of a name the first that is good now counts', async () => {
  const old = entry({ expiresAtMs: 1000, roles: ['old'] })
  const identify = identifyAs(keysOf(old, entry({ ...other, roles: ['new'] })), {
    by: 'entry',
    id: 'alice',
  })
  const roles = async (nowMs: number) => {
    const identified = await identify(presented([]), nowMs)
    return identified.ok ? identified.identity.subject.roles : null
  }
  assert.equal([await roles(0), await roles(2000)], [['old'], ['new']])
})

const hopeless = [
  [{ by: 'entry', id: 'bob' }, 'no entry of identity.apiKeys has the id `bob`'],
  [{ by: 'key', text: 'another-key' }, 'the key is none of identity.apiKeys'],
  [{ by: 'key', text: 'two words' }, 'the key is none of identity.apiKeys'],
  [{ by: 'nobody' }, 'nobody is let in without a credential'],
] as const

for (const [claim, message] of hopeless) {
  test(`refused at the start: ${JSON.stringify(claim)}`, () => {
    try {
      identifyAs(keysOf(entry()), claim)
      assert.unreachable()
    } catch (thrown) {
      assert.instance(thrown, GuardError)
      assert.equal(
        [(thrown as GuardError).code, (thrown as GuardError).message],
        ['GUARD_CONFIG_INVALID', message],
      )
    }
  })
}

test('nobody in particular, where that is allowed', async () => {
  const options = { keys: createKeyRing([entry()]), anonymous: true }
  const identified = await identifyAs(options, { by: 'nobody' })(presented([]), 0)
  assert.is(identified.ok && identified.identity.subject.kind, 'anonymous')
})

test.run()
