/** `upstreams.<name>.credential`: what it becomes, what is refused, and that no value is shown. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../src/config/load.js'
import { formatConfigProblem } from '../../src/config/problem.js'
import { configWarnings } from '../../src/config/warnings.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-credential-'))
test.after(() => rmSync(folder, { recursive: true }))

function load(upstream: object, mode = 0o600) {
  const file = join(folder, 'guard.yaml')
  const text = JSON.stringify({ policy: { path: '.' }, upstreams: { one: upstream } })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return loadConfig({ file })
}

const url = 'https://mcp.example/mcp?a=b'
const client = {
  tokenUrl: 'https://as.example/token',
  clientId: 'guard',
  clientSecret: 'canary-secret',
}

for (const [what, credential, becomes] of [
  ['none', undefined, null],
  [
    'a header',
    { header: { name: 'Authorization', value: 'Bearer canary' } },
    { kind: 'header', name: 'Authorization', value: 'Bearer canary' },
  ],
  [
    'a client',
    { clientCredentials: client },
    {
      kind: 'client-credentials',
      ...client,
      privateAddresses: false,
      scopes: [],
      resource: 'https://mcp.example/mcp',
    },
  ],
  [
    'a client of another resource',
    { clientCredentials: { ...client, resource: 'urn:x', scopes: ['a'], privateAddresses: true } },
    {
      kind: 'client-credentials',
      ...client,
      privateAddresses: true,
      scopes: ['a'],
      resource: 'urn:x',
    },
  ],
  [
    'a client of no resource',
    { clientCredentials: { ...client, resource: '' } },
    {
      kind: 'client-credentials',
      ...client,
      privateAddresses: false,
      scopes: [],
      resource: null,
    },
  ],
] as const) {
  test(`what it becomes: ${what}`, () => {
    const loaded = load(credential === undefined ? { url } : { url, credential })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const [upstream] = loaded.config.upstreams
    assert.equal(upstream?.transport === 'http' && upstream.credential, becomes)
  })
}

const named = (name: string, value = 'canary') => ({ header: { name, value } })
for (const [what, upstream, told] of [
  ['empty', { url, credential: {} }, '/upstreams/one/credential: is empty; keep one of'],
  [
    'both',
    { url, credential: { ...named('X-A'), clientCredentials: client } },
    'has both "header" and "clientCredentials"',
  ],
  [
    'beside a command',
    { command: 'node', credential: named('X-A') },
    '/upstreams/one/credential: means nothing beside "command"',
  ],
  ['a misspelt key', { url, credential: { headers: {} } }, 'did you mean "header"?'],
  ...[
    'Host',
    'Cookie',
    'Proxy-Authorization',
    'Connection',
    'Transfer-Encoding',
    'Content-Length',
    'Mcp-Session-Id',
    'Mcp-Method',
    'Accept',
    'X-',
    'X-A b',
    'X-A\r\nHost',
    'AuthorizationX',
    '',
  ].map((name) => [
    `the header ${JSON.stringify(name)}`,
    { url, credential: named(name) },
    '/name',
  ]),
  ...['canary\r\nx-evil: 1', 'canary\u0000', ' canary', 'canaryé', ''].map((value) => [
    `the value ${JSON.stringify(value)}`,
    { url, credential: named('X-A', value) },
    '/upstreams/one/credential/header/value: has the wrong form',
  ]),
  [
    'a token endpoint without TLS',
    { url, credential: { clientCredentials: { ...client, tokenUrl: 'http://as.example/' } } },
    '/clientCredentials/tokenUrl: is http and not on this machine',
  ],
  [
    'a token endpoint with a password',
    { url, credential: { clientCredentials: { ...client, tokenUrl: 'https://a:canary@b/' } } },
    '/clientCredentials/tokenUrl: holds credentials',
  ],
  [
    'no secret',
    { url, credential: { clientCredentials: { ...client, clientSecret: undefined } } },
    '"clientSecret" is missing',
  ],
] as readonly (readonly [string, object, string])[]) {
  test(`refused: ${what}`, () => {
    const loaded = load(upstream)
    assert.not(loaded.ok)
    const problems = loaded.ok ? [] : loaded.problems.map(formatConfigProblem)
    assert.ok(
      problems.some((problem) => problem.includes(told)),
      problems.join('\n'),
    )
    assert.not.match(problems.join('\n'), 'canary')
  })
}

test('a file that others can read may not hold one, but may take it from elsewhere', () => {
  for (const [credential, pointer] of [
    [named('X-A'), '/upstreams/one/credential/header/value'],
    [{ clientCredentials: client }, '/upstreams/one/credential/clientCredentials/clientSecret'],
  ] as const) {
    const loaded = load({ url, credential }, 0o644)
    const problems = loaded.ok ? [] : loaded.problems.map(formatConfigProblem)
    assert.match(problems.join('\n'), `${pointer}: the file`)
    assert.not.match(problems.join('\n'), 'canary')
  }
  process.env['TEST_UPSTREAM_SECRET'] = 'canary'
  const value = '${env:TEST_UPSTREAM_SECRET}'
  assert.ok(load({ url, credential: named('X-A', value) }, 0o644).ok)
  delete process.env['TEST_UPSTREAM_SECRET']
})

test('one that goes over a network in plain http is warned of', () => {
  const warned = (upstream: object) => {
    const loaded = load(upstream)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    return configWarnings(loaded.config).some((line) => line.includes('in plain http'))
  }
  const credential = named('X-A')
  assert.ok(warned({ url: 'http://mcp.internal/mcp', credential }))
  assert.not(warned({ url: 'http://127.0.0.1:1/mcp', credential }))
  assert.not(warned({ url, credential }))
  assert.not(warned({ url: 'http://mcp.internal/mcp' }))
})

test.run()
