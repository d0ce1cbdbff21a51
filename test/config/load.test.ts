import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../src/config/load.js'
import { configWarnings } from '../../src/config/warnings.js'
import { folder, loadText, problemsOf, writeFile } from './support.js'

const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'

const stateHome = join(folder, 'state-home')
process.env['XDG_STATE_HOME'] = stateHome

/** A folder of the gateway's own is named by the policy's place. */
function placeOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 32)
}

const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()
  .trimEnd()

/** The defaults as operators rely on them: literals, so that none changes by accident. */
const defaults = {
  listen: {
    host: '127.0.0.1',
    port: 8080,
    publicUrl: null,
    allowedHosts: [],
    allowedOrigins: [],
    tls: null,
    trustedProxies: [],
    maxBodyBytes: 1_048_576,
    maxDepth: 64,
    maxMembers: 10_000,
    maxHeaderBytes: 16_384,
    maxHeaders: 100,
    maxConnections: 1024,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 30_000,
    drainTimeoutMs: 8_000,
  },
  admin: { host: '127.0.0.1', port: 9090, token: null },
  policy: {
    path: join(folder, 'policies'),
    verify: null,
    poll: {
      intervalMs: 60_000,
      longPollMs: 30_000,
      token: null,
      tokenFile: null,
      privateAddresses: false,
    },
    state: join(stateHome, 'mcp-guard', placeOf(join(folder, 'policies'))),
    budget: 1_000_000,
    timeZones: [],
  },
  catalogue: { maxAgeMs: 60_000 },
  upstreams: [
    {
      name: 'one',
      transport: 'http',
      url: 'http://10.0.0.1/mcp',
      path: '/mcp/one',
      labels: {},
      required: false,
      timeoutMs: 60_000,
      connectTimeoutMs: 5_000,
      maxConnections: 128,
      credential: null,
    },
  ],
  identity: {
    apiKeys: [],
    apiKeyFile: null,
    jwt: [],
    oauth: null,
    failures: { max: 20, perMs: 60_000 },
    clientCertificates: null,
    anonymous: false,
  },
  sessions: { keys: [] },
  audit: { file: '-' },
  limits: { default: [] },
  refusals: { deniedCall: 'result', denied: 'error', limitedCall: 'http', limited: 'http' },
}

test('upstreams alone are a whole configuration', () => {
  assert.equal(loadText(up), { ok: true, config: defaults, fileKeys: 0 })
})

test('every key arrives, in the units and places of the Config', () => {
  process.env['MCP_GUARD_TEST_ARGUMENT'] = 'from the environment'
  const names = ['HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME']
  const inherited = Object.fromEntries(
    names.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  )
  writeFile('session.key', `${'s'.repeat(40)}\n`)
  writeFile('bundle.pub.pem', `${publicKey}\n`, 0o644)
  const loaded = loadText(`
listen:
  host: 0.0.0.0
  port: 1
  publicUrl: https://mcp.example.com/base/
  allowedHosts: [a.example]
  allowedOrigins: ["https://app.example:8443"]
  trustedProxies: [10.0.0.0/8, "::1"]
  maxBodyBytes: 2048
  maxDepth: 5
  maxMembers: 17
  maxHeaderBytes: 2000
  maxHeaders: 20
  maxConnections: 3
  headersTimeout: 250ms
  bodyTimeout: 2m
  drainTimeout: 0s
admin: { host: 10.0.0.1, port: 2, token: "${'t'.repeat(32)}" }
policy:
  path: ../rules
  verify: { key: "\${file:./bundle.pub.pem}", algorithm: ES384, keyId: k1, scope: prod }
  poll: { interval: 5s, longPoll: 0s, tokenFile: ./token, privateAddresses: true }
  state: ./kept
  budget: 20000
  timeZones: [Europe/Berlin, Asia/Kolkata]
catalogue: { maxAge: 5s }
upstreams:
  files:
    url: https://files.example/mcp
    path: /files
    labels: { env: prod }
    required: true
    timeout: 1h
    connectTimeout: 50ms
    maxConnections: 4
    credential: { header: { name: X-Token, value: "\${file:./session.key}" } }
  older: { url: "https://older.example/sse", transport: sse, idleTimeout: 5m, maxLineBytes: 65536 }
  local:
    command: ./server
    args: [--folder, "a b", "\${env:MCP_GUARD_TEST_ARGUMENT}"]
    env: { TOKEN: "\${file:./session.key}", PATH: /bin }
    cwd: servers
    maxChildren: 3
    idleTimeout: 1s
    maxLifetime: 1m
    maxLineBytes: 100000
identity:
  apiKeys:
    - id: alice
      sha256: ${'A1'.repeat(32)}
      kind: service
      roles: [r]
      groups: [g]
      scopes: ["s:1"]
      tenant: acme
      expires: 2027-01-01T00:00:00+01:00
      notBefore: 2026-01-01T00:00:00Z
      disabled: true
  clientCertificates:
    format: nginx
    entries: [ { uri: "spiffe://a", id: a, kind: user, roles: [r], groups: [g], scopes: [s], tenant: t } ]
    unlisted: dns
  anonymous: true
  anonymousBeyondLoopback: true
sessions: { keys: ["\${file:./session.key}"] }
audit: { file: ./audit.ndjson }
limits: { default: [ { name: n, tokens: 2.5, per: 31d, burst: 9, cost: 0 }, { name: m, tokens: 3, per: 1s } ] }
refusals: { deniedCall: http, denied: http, limitedCall: result, limited: error }
`)
  assert.equal(problemsOf(loaded), [])
  assert.equal(loaded.ok && loaded.config, {
    listen: {
      host: '0.0.0.0',
      port: 1,
      publicUrl: 'https://mcp.example.com/base',
      allowedHosts: ['a.example'],
      allowedOrigins: ['https://app.example:8443'],
      tls: null,
      trustedProxies: ['10.0.0.0/8', '::1'],
      maxBodyBytes: 2048,
      maxDepth: 5,
      maxMembers: 17,
      maxHeaderBytes: 2000,
      maxHeaders: 20,
      maxConnections: 3,
      headersTimeoutMs: 250,
      bodyTimeoutMs: 120_000,
      drainTimeoutMs: 0,
    },
    admin: { host: '10.0.0.1', port: 2, token: 't'.repeat(32) },
    policy: {
      path: resolve(folder, '../rules'),
      verify: { key: publicKey, algorithm: 'ES384', keyId: 'k1', scope: 'prod' },
      poll: {
        intervalMs: 5_000,
        longPollMs: 0,
        token: null,
        tokenFile: join(folder, 'token'),
        privateAddresses: true,
      },
      state: join(folder, 'kept', placeOf(resolve(folder, '../rules'))),
      budget: 20_000,
      timeZones: ['Europe/Berlin', 'Asia/Kolkata'],
    },
    catalogue: { maxAgeMs: 5_000 },
    upstreams: [
      {
        name: 'files',
        transport: 'http',
        url: 'https://files.example/mcp',
        path: '/files',
        labels: { env: 'prod' },
        required: true,
        timeoutMs: 3_600_000,
        connectTimeoutMs: 50,
        maxConnections: 4,
        credential: { kind: 'header', name: 'X-Token', value: 's'.repeat(40) },
      },
      {
        name: 'older',
        transport: 'sse',
        url: 'https://older.example/sse',
        path: '/mcp/older',
        labels: {},
        required: false,
        timeoutMs: 60_000,
        connectTimeoutMs: 5_000,
        maxConnections: 128,
        credential: null,
        idleTimeoutMs: 300_000,
        maxLineBytes: 65_536,
      },
      {
        name: 'local',
        transport: 'stdio',
        path: '/mcp/local',
        labels: {},
        required: false,
        timeoutMs: 60_000,
        command: './server',
        args: ['--folder', 'a b', 'from the environment'],
        env: { ...inherited, TOKEN: 's'.repeat(40), PATH: '/bin' },
        cwd: join(folder, 'servers'),
        maxChildren: 3,
        idleTimeoutMs: 1_000,
        maxLifetimeMs: 60_000,
        maxLineBytes: 100_000,
      },
    ],
    identity: {
      apiKeys: [
        {
          id: 'alice',
          sha256: 'a1'.repeat(32),
          kind: 'service',
          roles: ['r'],
          groups: ['g'],
          scopes: ['s:1'],
          tenant: 'acme',
          expiresAtMs: Date.UTC(2026, 11, 31, 23),
          notBeforeMs: Date.UTC(2026, 0, 1),
          disabled: true,
          claims: {},
        },
      ],
      clientCertificates: {
        format: 'nginx',
        entries: [
          {
            match: { name: 'uri', text: 'spiffe://a' },
            id: 'a',
            kind: 'user',
            roles: ['r'],
            groups: ['g'],
            scopes: ['s'],
            tenant: 't',
          },
        ],
        unlisted: 'dns',
      },
      apiKeyFile: null,
      jwt: [],
      oauth: null,
      failures: { max: 20, perMs: 60_000 },
      anonymous: true,
    },
    sessions: { keys: ['s'.repeat(40)] },
    audit: { file: join(folder, 'audit.ndjson') },
    limits: {
      default: [
        { name: 'n', tokens: 2.5, perMs: 2_678_400_000, burst: 9, cost: 0 },
        { name: 'm', tokens: 3, perMs: 1000, burst: 3, cost: 1 },
      ],
    },
    refusals: { deniedCall: 'http', denied: 'http', limitedCall: 'result', limited: 'error' },
  })
})

test('nobody can change a Config', () => {
  const loaded = loadText(up)
  assert.ok(loaded.ok)
  const { config } = loaded
  const change = (target: object, key: string) => () => Object.assign(target, { [key]: 'changed' })
  for (const target of [config, config.listen, config.upstreams, config.upstreams[0] ?? {}]) {
    assert.throws(change(target, 'host'), /Cannot/)
  }
})

// ── The command line ────────────────────────────────────────────────────────────────────────────

test('without a file, the command line is enough', () => {
  const loaded = loadConfig({
    overrides: {
      policy: 'p',
      upstreams: [{ name: 'e', url: 'http://127.0.0.1:3001/mcp' }],
      listen: { host: 'localhost', port: 0 },
    },
  })
  assert.ok(loaded.ok)
  const { policy, upstreams, listen } = loaded.config
  assert.is(policy.path, resolve('p'))
  assert.equal([upstreams[0]?.name, upstreams[0]?.path], ['e', '/mcp/e'])
  assert.equal([listen.host, listen.port], ['localhost', 0])
  assert.equal(configWarnings(loaded.config), [
    'nobody is let in by identity: every call will be answered 401; make an API key with mcp-guard keygen, or set jwt, oauth, clientCertificates or anonymous',
  ])
})

test('without a file and without an upstream there is nothing to guard', () => {
  assert.equal(problemsOf(loadConfig({})), [
    '"upstreams" is missing; add it: the MCP servers behind the gateway, by name; at least 1, at most 256 (or use --upstream NAME=URL, or a command after --: -- COMMAND ARGS)',
  ])
})

test('the command line wins over the file, and only there', () => {
  const text =
    'upstreams: { one: { url: "http://10.0.0.1/", path: /one, required: true } }\npolicy: { path: x }'
  const overrides = {
    upstreams: [
      { name: 'one', url: 'http://10.0.0.2/' },
      { name: 'two', url: 'http://10.0.0.3/' },
    ],
  }
  const loaded = loadText(text, { overrides })
  assert.ok(loaded.ok)
  assert.equal(
    loaded.config.upstreams.map((upstream) => {
      const { name, path, required } = upstream
      return [name, upstream.transport === 'http' ? upstream.url : null, path, required]
    }),
    [
      ['one', 'http://10.0.0.2/', '/one', true],
      ['two', 'http://10.0.0.3/', '/mcp/two', false],
    ],
  )
  assert.is(loaded.config.policy.path, join(folder, 'x'))
})

test('a policy may be a URL, on the command line too, and has a folder of its own by it', () => {
  const url = 'https://bundles.example.com/b.tar.gz?x=1'
  const loaded = loadText(`${up}policy: { path: "HTTPS://bundles.example.com:443/b.tar.gz?x=1" }`)
  assert.is(loaded.ok && loaded.config.policy.path, url)
  assert.is(loaded.ok && loaded.config.policy.state, join(stateHome, 'mcp-guard', placeOf(url)))
  const local = loadText(up, { overrides: { policy: 'http://127.0.0.1:8181/b' } })
  assert.is(local.ok && local.config.policy.path, 'http://127.0.0.1:8181/b')
  const refused = loadText(`policy: { path: "${url}" }`)
  assert.is(!refused.ok && refused.policyPath, url)
})

test('revisions are kept below the home of the user where nothing else is said', () => {
  for (const unset of ['', 'relative']) {
    process.env['XDG_STATE_HOME'] = unset
    const loaded = loadText(up)
    const kept = join(homedir(), '.local', 'state', 'mcp-guard', placeOf(join(folder, 'policies')))
    assert.is(loaded.ok && loaded.config.policy.state, kept)
  }
  process.env['XDG_STATE_HOME'] = stateHome
})

test('a problem of the command line names its option', () => {
  const overrides = {
    policy: 'ftp://x/y',
    upstreams: [
      { name: 'one', url: '${env:HOME}' },
      { name: '__proto__', url: 'http://10.0.0.1/' },
    ],
    listen: { host: '127.0.0.1', port: 70_000 },
  }
  assert.equal(problemsOf(loadText(up, { overrides })), [
    '--listen: /listen/port: must be at least 0 and at most 65535; TCP port, 0 to 65535; 0 takes any free port',
    '--upstream: /upstreams/__proto__: "__proto__" is not a usable name; use 1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
    '--policy: /policy/path: is not an https URL; write it like https://host/path',
    '--upstream: /upstreams/one/url: is not an http or https URL; write http://host:port/path',
  ])
})

test('a refused configuration still says where the policy is, when that is known', () => {
  const known = loadText('policy: { path: rules }')
  assert.is(!known.ok && known.policyPath, join(folder, 'rules'))
  const unknown = loadText('policy: { path: 1 }')
  assert.is(!unknown.ok && unknown.policyPath, null)
})

// ── References and files ────────────────────────────────────────────────────────────────────────

test('a reference alone is a number or a truth value where one is wanted', () => {
  process.env['MCP_GUARD_TEST_PORT'] = '8081'
  process.env['MCP_GUARD_TEST_YES'] = 'true'
  process.env['MCP_GUARD_TEST_ID'] = '42'
  const text = (port: string) => `${up}listen: { port: "${port}" }
identity:
  anonymous: "\${env:MCP_GUARD_TEST_YES}"
  apiKeys: [ { id: "\${env:MCP_GUARD_TEST_ID}", sha256: "${'0'.repeat(64)}" } ]`
  const loaded = loadText(text('${env:MCP_GUARD_TEST_PORT}'))
  assert.ok(loaded.ok)
  assert.is(loaded.config.listen.port, 8081)
  assert.is(loaded.config.identity.anonymous, true)
  assert.is(loaded.config.identity.apiKeys[0]?.id, '42')
  for (const written of ['8081', '${env:MCP_GUARD_TEST_YES}', '1${env:MCP_GUARD_TEST_PORT}']) {
    assert.match(problemsOf(loadText(text(written))).join(), /port: must be a whole number/)
  }
})

test('a variable that is not set or empty is a problem, and the only one of its value', () => {
  process.env['MCP_GUARD_TEST_EMPTY'] = ''
  const text = `${up}admin: { token: "\${env:MCP_GUARD_TEST_EMPTY}" }\naudit: { file: "\${env:MCP_GUARD_TEST_UNSET}" }`
  assert.equal(problemsOf(loadText(text)), [
    'guard.yaml:2: /admin/token: the environment variable "MCP_GUARD_TEST_EMPTY" is empty; set it, or remove the reference',
    'guard.yaml:3: /audit/file: the environment variable "MCP_GUARD_TEST_UNSET" is not set; set it, or remove the reference',
  ])
})

test('a file gives its text without one trailing newline', () => {
  for (const [written, read] of [
    ['k', 'k'],
    ['k\n', 'k'],
    ['k\r\n', 'k'],
    ['k\n\n', 'k\n'],
  ] as const) {
    writeFile('session.key', 's'.repeat(32) + written)
    const loaded = loadText(`${up}sessions: { keys: ["\${file:session.key}"] }`)
    assert.is(loaded.ok && loaded.config.sessions.keys[0], 's'.repeat(32) + read)
  }
})

test('a file that cannot be used is a problem', () => {
  mkdirSync(join(folder, 'dir'))
  writeFile('empty', '\n')
  writeFile('binary', Uint8Array.of(0xff, 0xfe))
  writeFile('large', 'x'.repeat(64 * 1024 + 1))
  const keys = ['none', 'dir', 'empty', 'binary', 'large'].map((name) => `"\${file:${name}}"`)
  assert.equal(problemsOf(loadText(`${up}sessions: { keys: [${keys.join(', ')}] }`)), [
    'guard.yaml:2: /sessions/keys/0: the file "none" does not exist; name a readable file, relative to the configuration file',
    'guard.yaml:2: /sessions/keys/1: the file "dir" is not a regular file; name a readable file, relative to the configuration file',
    'guard.yaml:2: /sessions/keys/2: the file "empty" is empty; write the value into it',
    'guard.yaml:2: /sessions/keys/3: the file "binary" is not valid UTF-8; name a readable file, relative to the configuration file',
    'guard.yaml:2: /sessions/keys/4: the file "large" is larger than 65536 bytes; name a readable file, relative to the configuration file',
  ])
})

test('a configuration that cannot be read is a problem', () => {
  const fix = 'give --config a YAML file that this user can read'
  const missing = join(folder, 'missing.yaml')
  assert.equal(problemsOf(loadConfig({ file: missing })), [`${missing}: does not exist; ${fix}`])
  assert.equal(problemsOf(loadConfig({ file: folder })), [
    `${folder}: is not a regular file; ${fix}`,
  ])
  const large = `${up}#${'x'.repeat(1024 * 1024)}`
  assert.equal(problemsOf(loadText(large)), [`guard.yaml: is larger than 1048576 bytes; ${fix}`])
})

if (process.platform !== 'win32') {
  test('a secret that others may read is a problem, also through a link', () => {
    for (const mode of [0o640, 0o604, 0o620, 0o644]) {
      writeFile('open.key', 's'.repeat(32), mode)
      const text = mode.toString(8).padStart(4, '0')
      assert.equal(problemsOf(loadText(`${up}sessions: { keys: ["\${file:open.key}"] }`)), [
        `guard.yaml:2: /sessions/keys/0: the file "open.key" holds a secret and is open to others (mode ${text}); run: chmod 600 open.key`,
      ])
    }
    symlinkSync('open.key', join(folder, 'link.key'))
    const linked = loadText(`${up}sessions: { keys: ["\${file:link.key}"] }`)
    assert.match(problemsOf(linked).join(), /"link\.key" holds a secret and is open to others/)
  })

  test('a named pipe is refused at once', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    assert.match(
      problemsOf(loadConfig({ file: join(folder, 'pipe') })).join(),
      'is not a regular file',
    )
  })

  test('a configuration that others may read may not hold a secret itself', () => {
    const secret = 's'.repeat(32)
    const load = (text: string, mode: number) =>
      problemsOf(loadConfig({ file: writeFile('guard.yaml', `${up}${text}`, mode) }))
    for (const [text, pointer] of [
      [`sessions: { keys: ["${secret}"] }`, '/sessions/keys/0'],
      [`admin: { token: "${secret}" }`, '/admin/token'],
      [`admin: { token: "x\${env:MCP_GUARD_TEST_SECRET}" }`, '/admin/token'],
    ] as const) {
      process.env['MCP_GUARD_TEST_SECRET'] = secret
      assert.match(load(text, 0o644).join(), `guard.yaml:2: ${pointer}: the file `)
      assert.match(load(text, 0o644).join(), 'open to others (mode 0644); run: chmod 600')
      assert.equal(load(text, 0o600), [])
    }
    assert.equal(load('admin: { token: "${env:MCP_GUARD_TEST_SECRET}" }', 0o644), [])
    const given = (variables: string) => {
      const text = `upstreams: { a: { command: x, env: { ${variables} } } }`
      return problemsOf(loadConfig({ file: writeFile('guard.yaml', text, 0o644) })).join()
    }
    assert.match(given(`API_TOKEN: ${secret}`), '/upstreams/a/env/API_TOKEN: the file ')
    assert.is(given('API_TOKEN: "${env:MCP_GUARD_TEST_SECRET}", MODE: plain'), '')
    assert.equal(load('', 0o644), [])
  })
}

// ── Warnings ────────────────────────────────────────────────────────────────────────────────────

test('warns when a wildcard address is reachable under no name', () => {
  const key = `identity: { apiKeys: [ { id: a, sha256: "${'a'.repeat(64)}" } ] }\n`
  const warningsOf = (listen: string) => {
    const loaded = loadText(`${up}${key}listen: ${listen}`)
    return loaded.ok ? configWarnings(loaded.config) : null
  }
  assert.equal(warningsOf('{ host: 0.0.0.0 }'), [
    'only localhost and the listening address are accepted in the Host header: to be reached from elsewhere, set listen.publicUrl or listen.allowedHosts',
  ])
  assert.equal(warningsOf('{ host: 0.0.0.0, allowedHosts: [a] }'), [])
  assert.equal(warningsOf('{ host: "::", publicUrl: "https://a" }'), [])
  assert.equal(warningsOf('{}'), [])
})

test.run()
