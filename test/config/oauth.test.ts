/** Authorization servers in the configuration: what is refused, in what words, and what comes of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../src/config/load.js'
import type { JsonObject } from '../../src/domain.js'
import { loadText, problemsOf, writeFile } from './support.js'

const issuer = 'https://as.example'
const introspection = { url: `${issuer}/introspect`, clientId: 'us', clientSecret: '$' }
const servers = '/identity/oauth/authorizationServers'
const secret = 'x'.repeat(32)

function textOf(
  authorizationServers: readonly unknown[],
  { publicUrl = 'https://gateway.example', jwt = [] as unknown[], scopes = [] as unknown[] } = {},
): string {
  return JSON.stringify({
    upstreams: { one: { url: 'http://10.0.0.1/mcp' } },
    ...(publicUrl === '' ? {} : { listen: { publicUrl } }),
    identity: { jwt, oauth: { authorizationServers, scopes } },
  })
}

const refused: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  [
    'no authorization server',
    textOf([]),
    [`${servers}: is empty; authorization servers whose access tokens are accepted as`],
  ],
  [
    'no publicUrl',
    textOf([{ issuer }], { publicUrl: '' }),
    [
      '/identity/oauth: needs listen.publicUrl, which tokens are made out to; set listen.publicUrl to the URL under which clients reach the gateway',
    ],
  ],
  [
    'a publicUrl without TLS',
    textOf([{ issuer }], { publicUrl: 'http://gateway.example' }),
    [
      '/listen/publicUrl: is http and not on this machine, so that tokens could be read on their way; use https with identity.oauth',
    ],
  ],
  [
    'an issuer without TLS',
    textOf([{ issuer: 'http://as.example' }]),
    [
      `${servers}/0/issuer: is http and not on this machine: whoever is on the way can change the answer; use https`,
    ],
  ],
  [
    'an issuer that is no URL',
    textOf([{ issuer: 'us', secret }]),
    [`${servers}/0/issuer: is not an https URL; write it like https://host/path`],
  ],
  [
    'neither discovery nor keys nor introspection',
    textOf([{ issuer, discovery: false }]),
    [`${servers}/0: has no keys; set exactly one of secret, jwks and discovery`],
  ],
  [
    'two ways to keys',
    textOf([{ issuer, discovery: true, jwks: './keys.json' }]),
    [`${servers}/0: has more than one way to its keys; set exactly one of`],
  ],
  [
    'a server twice',
    textOf([{ issuer }, { issuer }]),
    [`${servers}/1/issuer: repeats ${servers}/0/issuer; keep one of the two entries`],
  ],
  [
    'a server among the issuers of JWTs',
    textOf([{ issuer }], { jwt: [{ issuer, discovery: true, audience: ['us'] }] }),
    [`${servers}/0/issuer: repeats /identity/jwt/0/issuer; keep one of the two entries`],
  ],
  [
    'introspection twice',
    textOf([
      { issuer, introspection },
      { issuer: 'https://two.example', introspection },
    ]),
    [
      `${servers}/1/introspection: is a second place to ask, beside ${servers}/0; keep one: an opaque token does not say whose it is, and others must not see it`,
    ],
  ],
  [
    'introspection without TLS',
    textOf([{ issuer, introspection: { ...introspection, url: 'http://as.example/i' } }]),
    [`${servers}/0/introspection/url: is http and not on this machine`],
  ],
  [
    'introspection without a credential',
    textOf([{ issuer, introspection: { url: introspection.url } }]),
    [`${servers}/0/introspection: "clientId" is missing`, '"clientSecret" is missing'],
  ],
  [
    'what is of JWTs where all tokens are introspected',
    textOf([{ issuer, introspection, algorithms: ['ES256'], type: 'at+jwt' }]),
    [
      `${servers}/0/algorithms: means nothing where all tokens are introspected; remove it, or set discovery: true`,
      `${servers}/0/type: means nothing where all tokens are introspected`,
    ],
  ],
  [
    'introspection for an issuer of JWTs',
    textOf([{ issuer }], {
      jwt: [{ issuer: 'https://two.example', secret, audience: ['us'], introspection }],
    }),
    [
      '/identity/jwt/0/introspection: is for authorization servers only; move this entry to identity.oauth.authorizationServers',
    ],
  ],
  [
    'scopes that would end a header',
    textOf([{ issuer }], { scopes: ['a b', 'a"', 'a\\', 'a\n', ''] }),
    [0, 1, 2, 3, 4].map((index) => `/identity/oauth/scopes/${index}: has the wrong form`),
  ],
]

for (const [what, text, wanted] of refused) {
  test(`refuses ${what}`, () => {
    const problems = problemsOf(loadText(text.replaceAll('"$"', '"a secret"')))
    assert.is(problems.length, wanted.length, problems.join('\n'))
    for (const one of wanted) assert.ok(problems.join('\n').includes(one), problems.join('\n'))
  })
}

test('refuses a server at the place of the metadata', () => {
  const path = '/.well-known/oauth-protected-resource/x'
  const text = JSON.stringify({ upstreams: { one: { url: 'http://10.0.0.1/mcp', path } } })
  assert.match(problemsOf(loadText(text)).join(), /overlaps the place of the metadata of OAuth/)
})

const literal: readonly (readonly [server: JsonObject, at: string])[] = [
  [{ issuer, secret }, 'secret'],
  [
    { issuer, introspection: { ...introspection, clientSecret: 'literal' } },
    'introspection/clientSecret',
  ],
]

for (const [server, at] of literal) {
  test(`refuses a file that others can read, with ${at} in it`, () => {
    const file = writeFile('guard.yaml', textOf([server]), 0o644)
    const problems = problemsOf(loadConfig({ file }))
    assert.is(problems.length, 1)
    assert.ok(problems[0]?.includes(`${servers}/0/${at}: the file`), problems[0])
    assert.match(problems[0] ?? '', /is open to others \(mode 0644\)/)
    assert.ok(loadText(textOf([server])).ok)
  })
}

const ways: readonly (readonly [what: string, server: object, keys: unknown])[] = [
  ['nothing said', { issuer }, { from: 'discovery' }],
  ['discovery', { issuer, discovery: true }, { from: 'discovery' }],
  ['an address', { issuer, jwks: `${issuer}/keys` }, { from: 'url', url: `${issuer}/keys` }],
  ['introspection alone', { issuer, introspection }, null],
  [
    'introspection beside discovery',
    { issuer, introspection, discovery: true },
    { from: 'discovery' },
  ],
]

for (const [what, server, keys] of ways) {
  test(`keys: ${what}`, () => {
    const loaded = loadText(textOf([server]).replaceAll('"$"', '"a secret"'))
    assert.ok(loaded.ok, JSON.stringify(loaded))
    const [one] = loaded.config.identity.oauth?.authorizationServers ?? []
    assert.equal(one?.keys, keys)
    const asks = 'introspection' in server
    assert.equal(
      one?.introspection,
      asks ? { ...introspection, clientSecret: 'a secret', maxAgeMs: 30_000 } : null,
    )
  })
}

test('loopback is good enough for trying out', () => {
  const text = textOf([{ issuer: 'http://127.0.0.1:9' }], { publicUrl: 'http://localhost:8080' })
  assert.ok(loadText(text).ok)
})

test('without oauth there is none', () => {
  const loaded = loadText('upstreams: { one: { url: "http://10.0.0.1/mcp" } }')
  assert.ok(loaded.ok && loaded.config.identity.oauth === null)
})

test.run()
