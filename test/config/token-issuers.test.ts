/** Issuers of tokens in the configuration: what arrives of them, and every mistake with its fix. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../src/config/load.js'
import { folder, loadText, problemsOf, writeFile } from './support.js'

const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'
const secret = 's'.repeat(32)

function load(...entries: string[]) {
  return loadText(`${up}identity:\n  jwt:\n${entries.map((entry) => `    - ${entry}\n`).join('')}`)
}

const plain = 'issuer: "https://idp.example", audience: [mcp]'

test('an entry with its defaults', () => {
  writeFile('keys.json', '{"keys":[]}')
  const loaded = load(`{ ${plain}, jwks: ./keys.json }`)
  assert.ok(loaded.ok)
  assert.equal(loaded.config.identity.jwt, [
    {
      issuer: 'https://idp.example',
      keys: { from: 'file', path: join(folder, 'keys.json') },
      algorithms: [],
      audience: ['mcp'],
      type: null,
      leewayMs: 30_000,
      jwksMaxAgeMs: 600_000,
      jwksMaxStaleMs: 3_600_000,
      privateAddresses: false,
      claims: {
        id: '/sub',
        roles: null,
        groups: null,
        scopes: '/scope',
        tenant: null,
        clientId: '/client_id',
        actors: '/act',
      },
      revoked: [],
    },
  ])
})

test('every key arrives', () => {
  writeFile('jwt.secret', `${'k'.repeat(64)}\n`)
  const loaded = load(
    `{ ${plain}, discovery: true, privateAddresses: true, jwksMaxAge: 1m, jwksMaxStale: 2m }`,
    '{ issuer: b, audience: [x, y], jwks: "https://b.example/jwks", type: at+jwt, leeway: 0s, algorithms: [ES256, EdDSA] }',
    '{ issuer: c, audience: [x], secret: "${file:./jwt.secret}", algorithms: [HS512], claims: { id: /a~1b, roles: /r/0, groups: /g, scopes: /s, tenant: /t, clientId: /c, actors: /x }, revoked: [{ jti: t-1 }, { sub: bob }, { before: "2026-01-01T00:00:00Z" }, { sub: eve, before: "2026-01-01T01:00:00+01:00" }] }',
  )
  assert.equal(problemsOf(loaded), [])
  assert.ok(loaded.ok)
  const [first, second, third] = loaded.config.identity.jwt
  assert.equal(first?.keys, { from: 'discovery' })
  assert.equal(
    [first?.privateAddresses, first?.jwksMaxAgeMs, first?.jwksMaxStaleMs],
    [true, 60_000, 120_000],
  )
  assert.equal(second?.keys, { from: 'url', url: 'https://b.example/jwks' })
  assert.equal(
    [second?.audience, second?.type, second?.leewayMs, second?.algorithms],
    [['x', 'y'], 'at+jwt', 0, ['ES256', 'EdDSA']],
  )
  assert.equal(third?.keys, { from: 'secret', secret: 'k'.repeat(64) })
  const before = Date.UTC(2026, 0, 1)
  assert.equal(third?.revoked, [
    { jti: 't-1' },
    { sub: 'bob', issuedBeforeMs: null },
    { sub: null, issuedBeforeMs: before },
    { sub: 'eve', issuedBeforeMs: before },
  ])
  assert.equal(third?.claims, {
    id: '/a~1b',
    roles: '/r/0',
    groups: '/g',
    scopes: '/s',
    tenant: '/t',
    clientId: '/c',
    actors: '/x',
  })
})

/** One entry, and what the operator reads behind the place of the entry. */
const refused: readonly (readonly [entry: string, ...problems: string[]])[] = [
  [
    '{ audience: [mcp], jwks: k.json }',
    ': "issuer" is missing; add it: exactly the `iss` of its tokens, 1 to 512 characters without spaces; `subject.issuer` in policies',
  ],
  ...['mcp-guard', 'anonymous', 'client-certificates'].map((name) => {
    const problem = `/issuer: "${name}" is what the gateway calls itself as an issuer; let whoever makes the tokens name another issuer`
    return [`{ issuer: ${name}, audience: [mcp], jwks: k.json }`, problem] as const
  }),
  [`{ ${plain} }`, ': has no keys; set exactly one of secret, jwks and discovery'],
  [
    `{ ${plain}, jwks: k.json, discovery: true }`,
    ': has more than one way to its keys; set exactly one of secret, jwks and discovery',
  ],
  [
    `{ ${plain}, jwks: k.json, secret: ${secret} }`,
    ': has more than one way to its keys; set exactly one of secret, jwks and discovery',
  ],
  [
    '{ issuer: a, jwks: k.json }',
    '/audience: names no audience; set audience to what this issuer makes tokens for this gateway out to',
  ],
  [
    `{ ${plain}, secret: "${'s'.repeat(31)}" }`,
    '/secret: must have at least 32 characters; secret that signs its tokens (HS256, HS384, HS512), 32 to 512 printable characters without spaces, whose bytes are used as they are; take it from `${env:NAME}` or `${file:./path}`',
  ],
  [
    `{ ${plain}, secret: ${secret}, algorithms: [HS256, HS512] }`,
    '/algorithms/1: HS512 needs a secret of at least 64 bytes; set a longer secret, or remove it',
  ],
  [
    `{ ${plain}, secret: ${secret}, algorithms: [RS256] }`,
    '/algorithms/0: RS256 is for public keys, and this issuer has a secret; remove it, or set jwks instead of secret',
  ],
  [
    `{ ${plain}, jwks: k.json, algorithms: [ES256, HS256] }`,
    '/algorithms/1: HS256 is for secrets, and this issuer has public keys; remove it: a public key must never be a secret',
  ],
  [
    `{ ${plain}, jwks: k.json, algorithms: [none] }`,
    '/algorithms/0: must be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519; one JWS algorithm',
  ],
  [
    `{ ${plain}, jwks: "http://idp.example/keys" }`,
    '/jwks: is http and not on this machine: whoever is on the way can change the answer; use https',
  ],
  [
    `{ ${plain}, jwks: "https://me:pw@idp.example/keys" }`,
    '/jwks: holds credentials; remove user and password; they would be logged and shown',
  ],
  [
    `{ ${plain}, jwks: "ftp://idp.example/keys" }`,
    '/jwks: is not an https URL; write it like https://host/path',
  ],
  [
    '{ issuer: "urn:idp", audience: [a], discovery: true }',
    '/issuer: is not an https URL, so nothing can be discovered there; name the keys with jwks instead of discovery',
  ],
  [
    `{ ${plain}, jwks: k.json, leeway: 6m }`,
    '/leeway: must be a duration between 0s and 5m, such as 250ms, 5s, 10m or 24h; how far the clocks may differ for `nbf` and `iat`, 0s to 5m',
  ],
  [
    `{ ${plain}, jwks: k.json, jwksMaxAge: 2h }`,
    '/jwksMaxStale: is less than jwksMaxAge; raise it, or lower jwksMaxAge',
  ],
  [
    `{ ${plain}, jwks: k.json, revoked: [{}] }`,
    '/revoked/0: revokes nothing; set jti alone, or sub or before or both',
  ],
  [
    `{ ${plain}, jwks: k.json, revoked: [{ jti: a, sub: b }] }`,
    '/revoked/0: has "jti" and another key; set jti alone, or sub or before or both',
  ],
]

test('each mistake is told with its place and what puts it right', () => {
  for (const [entry, ...problems] of refused) {
    const told = problems.map((problem) => `guard.yaml:4: /identity/jwt/0${problem}`)
    assert.equal(problemsOf(load(entry)), told, entry)
  }
})

test('a pointer that is none', () => {
  for (const pointer of ['sub', '', '#/sub', '/a~2']) {
    const told = problemsOf(load(`{ ${plain}, jwks: k.json, claims: { id: "${pointer}" } }`))
    assert.is(told.length, 1, pointer)
    assert.match(
      told[0] ?? '',
      /^guard\.yaml:4: \/identity\/jwt\/0\/claims\/id: has the wrong form/,
    )
  }
})

test('an issuer is there once', () => {
  const entry = `{ ${plain}, jwks: k.json }`
  assert.equal(problemsOf(load(entry, '{ issuer: b, audience: [a], jwks: k.json }', entry)), [
    'guard.yaml:6: /identity/jwt/2/issuer: repeats /identity/jwt/0/issuer; keep one of the two entries',
  ])
})

test('a secret that is written out needs a file closed to others, and is in no message', () => {
  const written = 'x7'.repeat(15)
  for (const [secret, mode, told] of [
    [`${written}x7`, 0o600, []],
    [`${written}x7`, 0o644, [/^\S+:4: \/identity\/jwt\/0\/secret: the file .* holds a secret/]],
    ['${env:MCP_GUARD_TEST_JWT_SECRET}', 0o644, []],
    [written, 0o600, [/^\S+:4: \/identity\/jwt\/0\/secret: must have at least 32 characters/]],
  ] as const) {
    process.env['MCP_GUARD_TEST_JWT_SECRET'] = 's'.repeat(32)
    const text = `${up}identity:\n  jwt:\n    - { ${plain}, secret: "${secret}" }\n`
    const problems = problemsOf(loadConfig({ file: writeFile('other.yaml', text, mode) }))
    assert.is(problems.length, told.length, problems.join())
    for (const [index, pattern] of told.entries()) assert.match(problems[index] ?? '', pattern)
    assert.not.ok(problems.join().includes(written))
  }
})

test.run()
