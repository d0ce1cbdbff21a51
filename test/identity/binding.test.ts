import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Subject } from '../../src/domain.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { bindingOf } from '../../src/identity/subject.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { presented } from '../support/presented.js'

const failures = createFailures({ max: 1_000_000, perMs: 60_000 })

const base: Subject = {
  id: 'alice',
  kind: 'user',
  issuer: 'https://idp.example',
  method: 'jwt',
  client_id: null,
  actors: [],
  roles: [],
  groups: [],
  scopes: [],
  tenant: null,
  expires_at: null,
  claims: {},
}

test('who differs in any part of the identity is bound differently, delimiters included', () => {
  const others: Partial<Subject>[] = [
    {},
    { id: 'Alice' },
    { id: 'alice,-' },
    { id: 'alice@example.com' },
    { id: 'alice', issuer: 'https://idp.example/' },
    { tenant: '' },
    { tenant: '-' },
    { tenant: 'acme' },
    { client_id: '' },
    { client_id: 'acme' },
    { tenant: 'acme', client_id: 'acme' },
    { tenant: 'a,1:b' },
    { tenant: 'a', client_id: 'b' },
    { actors: [''] },
    { actors: ['a', 'b'] },
    { actors: ['b', 'a'] },
    { actors: ['a,1:b'] },
    { actors: ['ab'] },
    { client_id: 'a', actors: ['b'] },
    { issuer: 'https://idp.example5', id: 'alice' },
    { issuer: 'https://idp.example,5:alice', id: '' },
  ]
  const bindings = others.map((other) => bindingOf({ ...base, ...other }))
  assert.is(new Set(bindings).size, others.length)
  for (const binding of bindings) assert.match(binding, /^[A-Za-z0-9_-]{43}$/)
})

test('a refreshed credential keeps the binding', () => {
  const refreshed: Subject = {
    ...base,
    roles: ['admin'],
    groups: ['g'],
    scopes: ['s'],
    expires_at: '2027-01-01T00:00:00Z',
    claims: { jti: 'x' },
  }
  assert.is(bindingOf(refreshed), bindingOf(base))
})

test('a key whose id is anonymous is not the anonymous caller', async () => {
  const identify = createIdentify({
    anonymous: true,
    failures,
    keys: createKeyRing([
      {
        id: 'anonymous',
        sha256: sha256Hex('k'),
        roles: [],
        groups: [],
        scopes: [],
        tenant: null,
        claims: {},
        kind: 'user',
        expiresAtMs: null,
        notBeforeMs: null,
        disabled: false,
      },
    ]),
  })
  const [keyed, anonymous] = await Promise.all([
    identify(presented(['X-API-Key', 'k']), 0),
    identify(presented([]), 0),
  ])
  assert.ok(keyed?.ok && anonymous?.ok)
  assert.is.not(keyed.identity.binding, anonymous.identity.binding)
})

test.run()
