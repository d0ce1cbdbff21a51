/** Who a verified token says it is, as policy sees it: by JSON Pointers, typed, bounded, frozen. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../../src/domain.js'
import { parsePointer, valueAt } from '../../../src/identity/jwt/json-pointer.js'
import type { ClaimPointers } from '../../../src/identity/jwt/rules.js'
import { createSubjectOf } from '../../../src/identity/jwt/subject-claims.js'
import { claims, token } from './cases/making.js'
import { circumstances, idp, rules, verifierOf } from './issuers.js'

test('a token with everything is its subject', async () => {
  const text = token({
    jti: 'token-1',
    nonce: 'n',
    scope: 'mcp:tools mcp:admin',
    realm_access: { roles: ['dev', 'Domain Admins'] },
    groups: 'eng',
    tenant: 'acme',
    client_id: 'cursor',
    act: { sub: 'agent', act: { sub: 'service-a', iss: idp } },
    email: 'alice@example.com',
    amr: ['pwd', 'otp'],
  })
  const verified = await verifierOf([rules()]).verify(text, circumstances())
  assert.ok(verified.ok)
  const { subject, expiresAtMs, credentialId } = verified.identity
  assert.equal(subject, {
    id: 'alice',
    kind: 'user',
    issuer: idp,
    method: 'jwt',
    client_id: 'cursor',
    actors: ['agent', 'service-a'],
    roles: ['dev', 'Domain Admins'],
    groups: ['eng'],
    scopes: ['mcp:tools', 'mcp:admin'],
    tenant: 'acme',
    expires_at: new Date(claims.exp * 1000).toISOString(),
    claims: {
      scope: 'mcp:tools mcp:admin',
      realm_access: { roles: ['dev', 'Domain Admins'] },
      groups: 'eng',
      tenant: 'acme',
      client_id: 'cursor',
      act: { sub: 'agent', act: { sub: 'service-a', iss: idp } },
      email: 'alice@example.com',
      amr: ['pwd', 'otp'],
    },
  })
  assert.is(expiresAtMs, claims.exp * 1000)
  assert.match(credentialId, /^sha256:[0-9a-f]{12}$/)
  const frozen = [verified.identity, subject, subject.roles, subject.claims, subject.claims['act']]
  for (const part of frozen) assert.ok(Object.isFrozen(part))
})

test('a refreshed token is another credential of the same caller', async () => {
  const verifier = verifierOf([rules()])
  const one = await verifier.verify(token({ jti: '1' }), circumstances())
  const other = await verifier.verify(token({ jti: '2', scope: 'more' }), circumstances())
  assert.ok(one.ok && other.ok)
  assert.is(one.identity.binding, other.identity.binding)
  assert.is.not(one.identity.credentialId, other.identity.credentialId)
})

const pointers: ClaimPointers = {
  id: '/sub',
  roles: '/roles',
  groups: '/groups',
  scopes: '/scope',
  tenant: '/tenant',
  clientId: '/client_id',
  actors: '/act',
}

function subjectOf(more: JsonObject, change: Partial<ClaimPointers> = {}) {
  const read = createSubjectOf({
    issuer: idp,
    method: 'oauth',
    claims: { ...pointers, ...change },
  })
  return read({ sub: 'alice', ...more }, 0)
}

test('what is not there gives nothing, and nothing is guessed', () => {
  const bare = subjectOf({})
  assert.equal(bare, {
    id: 'alice',
    kind: 'user',
    issuer: idp,
    method: 'oauth',
    client_id: null,
    actors: [],
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: '1970-01-01T00:00:00.000Z',
    claims: {},
  })
  const unmapped = { roles: null, groups: null, scopes: null, tenant: null, actors: null }
  const claimed = { roles: ['admin'], groups: 1, scope: {}, tenant: 'x', act: 'x' }
  const none = subjectOf(claimed, unmapped)
  assert.equal(none, { ...bare, claims: claimed })
})

test('a program that has its own token is a service', () => {
  assert.is(subjectOf({ client_id: 'alice' })?.kind, 'service')
  assert.is(subjectOf({ client_id: 'Alice' })?.kind, 'user')
})

test('the id may be another claim, and then that one is required', () => {
  assert.is(subjectOf({ oid: 'o-1' }, { id: '/oid' })?.id, 'o-1')
  assert.is(subjectOf({}, { id: '/oid' }), null)
  assert.is(subjectOf({ user: { id: 'u' } }, { id: '/user/id' })?.id, 'u')
  assert.is(subjectOf({ user: 'u' }, { id: '/user/id' }), null)
})

test('names that objects have by themselves lead nowhere', () => {
  for (const id of ['/constructor/name', '/toString/name', '/hasOwnProperty', '/sub/length']) {
    assert.is(subjectOf({}, { id }), null, id)
  }
  const own = subjectOf({ constructor: { name: 'c' } }, { id: '/constructor/name' })
  assert.is(own?.id, 'c')
  assert.equal(Object.keys(own?.claims ?? {}), ['constructor'])
})

test('pointers as RFC 6901 has them', () => {
  // The document of its section 5, and what its strings lead to.
  const document: JsonObject = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  }
  const rows: [pointer: string, value: unknown][] = [
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
    ['/foo/2', undefined],
    ['/foo/-', undefined],
    ['/foo/00', undefined],
    ['/foo/-1', undefined],
    ['/foo/0.0', undefined],
    ['/foo/length', undefined],
    ['/foo/0/length', undefined],
    ['/m~01n', undefined],
    ['/nobody', undefined],
    ['/nobody/x', undefined],
  ]
  for (const [pointer, value] of rows) {
    const tokens = parsePointer(pointer)
    assert.ok(tokens, pointer)
    assert.equal(valueAt(document, tokens), value, pointer)
  }
  for (const text of ['', 'foo', '#/foo', '/~', '/a~2', 'a/b']) {
    assert.is(parsePointer(text), null, text)
  }
})

test.run()
