/**
 * Secrets of every kind are planted in the configuration and in what callers send, in every position;
 * the command is run through good and bad, and nothing that it says to anybody holds one of them: its
 * output, its log, the audit, the metrics, its answers, what servers are sent. Only where a secret is
 * meant to go it may be.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { startCli } from '../cli/support.js'
import { Canaries } from '../support/canaries.js'
import { makeAuthority } from '../support/certificates.js'
import { Connection } from '../support/connection.js'
import { freePort } from '../support/free-port.js'
import { requestBytes, type Sent, testCacheDir, writeFiles } from '../support/gateway.js'
import { call, initialize, modern, request } from '../support/messages.js'
import { answer, type Service, startService } from '../support/service.js'
import { makeToken } from '../support/tokens.js'
import { mcpServer, startUpstream, type Upstream } from '../support/upstream.js'

const canaries = new Canaries()
const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-canary-'))
const authority = makeAuthority(join(folder, 'pki'), 'ca')
const names = ['DNS.1 = localhost', 'IP.1 = 127.0.0.1']
const server = authority.issue('server', { usage: 'serverAuth', names })
const other = authority.issue('other', { usage: 'serverAuth', names })
for (const [name, { key }] of Object.entries({ server, other })) {
  for (const [index, line] of key.split('\n').entries()) {
    if (/^[A-Za-z0-9+/=]{20,}$/.test(line)) canaries.add(`${name}.key line ${index}`, line)
  }
}

// ── What is secret ──────────────────────────────────────────────────────────────────────────────

const keys = {
  good: canaries.plant('key', 'mcp_'),
  ofFile: canaries.plant('key of the file', 'mcp_'),
  expired: canaries.plant('expired key', 'mcp_'),
  disabled: canaries.plant('disabled key', 'mcp_'),
  early: canaries.plant('early key', 'mcp_'),
  unknown: canaries.plant('unknown key', 'mcp_'),
}
const jwtSecret = canaries.plant('secret of an issuer')
const introspectionSecret = canaries.plant('secret of introspection', 'p%ss ')
const clientSecret = canaries.plant('secret of client credentials')
const headerValue = canaries.plant('header of a server')
const adminToken = canaries.plant('admin token')
const sessionKey = canaries.plant('session key')
const fetched = canaries.plant('token that the gateway fetches')

const issuer = 'https://idp.example'
const asked = 'https://as.example'
const soon = Math.floor(Date.now() / 1000) + 600

function jwt(name: string, claims: object, secret = jwtSecret): string {
  const header = { alg: 'HS256', typ: 'JWT' }
  const all = { iss: issuer, sub: 'bob', aud: 'mcp', exp: soon, ...claims }
  const token = makeToken({ header, claims: all, with: { secret } })
  for (const [index, part] of token.split('.').entries()) {
    // The header is the same for all, and no secret.
    if (index > 0) canaries.add(`${name}, part ${index}`, part)
  }
  return token
}

const tokens = {
  good: jwt('token', { jti: 'good' }),
  expired: jwt('expired token', { exp: soon - 86_400 }),
  forged: jwt('forged token', {}, 'another-secret-with-enough-characters-1'),
  foreign: jwt('token of another', { iss: 'https://nobody.example' }),
  revoked: jwt('revoked token', { jti: 'dead' }),
  opaque: canaries.plant('opaque token'),
  inactive: canaries.plant('inactive token'),
  /** The endpoint fails and repeats what it was sent. */
  echoed: canaries.plant('token that is repeated'),
}

// ── Who is there ────────────────────────────────────────────────────────────────────────────────

let upstreams: Record<'plain' | 'fixed' | 'fetching' | 'failing', Upstream>
let authorization: Service
let endpoint: Service
let outputs: [where: string, text: string][] = []
const answers: string[] = []

test.before(async () => {
  const honest = mcpServer()
  const [plain, fixed, fetching, failing] = [
    await startUpstream(honest),
    await startUpstream(honest),
    await startUpstream(honest),
    await startUpstream((_, response) => void response.writeHead(500).end('broken')),
  ]
  upstreams = { plain, fixed, fetching, failing }
  authorization = await startService(({ body }, response) => {
    const token = new URLSearchParams(body).get('token')
    if (token === tokens.echoed)
      return answer(
        { error: body },
        'application/json',
        500,
      )({ verb: '', path: '', headers: {}, body }, response)
    const active = token === tokens.opaque
    const aud = `${publicUrl}/mcp/plain`
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(active ? { active, sub: 'carol', aud, exp: soon } : { active }))
  })
  endpoint = await startService(
    answer({ access_token: fetched, token_type: 'Bearer', expires_in: 3600 }),
  )
})

test.after(async () => {
  for (const upstream of Object.values(upstreams)) await upstream.close()
  await authorization.down()
  await endpoint.down()
  rmSync(folder, { recursive: true })
})

const publicUrl = 'https://gateway.example'
const entry = (id: string, key: string, more: JsonObject = {}) => ({
  ...{ id, sha256: sha256Hex(key), ...more },
})

async function configure(listen: JsonObject): Promise<string> {
  const { plain, fixed, fetching, failing } = upstreams
  const keyFile = join(folder, 'keys.yaml')
  writeFileSync(keyFile, JSON.stringify({ apiKeys: [entry('file', keys.ofFile)] }), { mode: 0o600 })
  const clientCredentials = {
    tokenUrl: `${endpoint.url}/token`,
    clientId: 'guard',
    clientSecret: '${env:CLIENT_SECRET}',
  }
  const introspection = {
    url: `${authorization.url}/introspect`,
    clientId: 'guard',
    clientSecret: introspectionSecret,
  }
  const { configFile } = await writeFiles(folder, {
    upstreams: {
      plain: plain.url,
      fixed: { url: fixed.url, credential: { header: { name: 'X-Api-Key', value: headerValue } } },
      fetching: { url: fetching.url, credential: { clientCredentials } },
      failing: failing.url,
      down: `http://127.0.0.1:${await freePort()}/mcp`,
    },
    callers: {},
    listen: { publicUrl, ...listen },
    admin: { token: adminToken },
    sessions: { keys: [sessionKey] },
    identity: {
      failures: { max: 100_000 },
      apiKeyFile: keyFile,
      apiKeys: [
        entry('alice', keys.good),
        entry('late', keys.expired, { expires: '2020-01-01T00:00:00Z' }),
        entry('off', keys.disabled, { disabled: true }),
        entry('early', keys.early, { notBefore: '2199-01-01T00:00:00Z' }),
      ],
      jwt: [{ issuer, secret: jwtSecret, audience: ['mcp'], revoked: [{ jti: 'dead' }] }],
      oauth: { authorizationServers: [{ issuer: asked, introspection }] },
    },
  })
  return configFile
}

const variables = { XDG_CACHE_HOME: dirname(testCacheDir), CLIENT_SECRET: clientSecret }

// ── Everything that callers do ──────────────────────────────────────────────────────────────────

/** A credential in all positions where one may stand, and where none belongs. */
function positions(secret: string): Sent[] {
  const headers: NonNullable<Sent['headers']>[] = [
    { authorization: `Bearer ${secret}` },
    { authorization: `bearer   ${secret}` },
    { 'x-api-key': secret },
    { authorization: secret },
    { authorization: `Bearer ${secret} ` },
    { authorization: `Bearer ${secret} more` },
    { authorization: `Bearer ${secret}`, 'x-api-key': secret },
    { authorization: [`Bearer ${secret}`, `Bearer ${secret}`] },
    { authorization: `Basic ${Buffer.from(`user:${secret}`).toString('base64')}` },
    { authorization: `DPoP ${secret}`, 'proxy-authorization': `Bearer ${secret}` },
    { cookie: `session=${secret}`, 'x-forwarded-access-token': secret },
    { 'mcp-session-id': secret, 'last-event-id': secret },
    { authorization: `Bearer ${secret}`, host: `${secret}.example` },
    { authorization: `Bearer ${secret}`, origin: `https://${secret}.example` },
    { 'x-forwarded-client-cert': `Subject="CN=${secret}"`, 'x-client-cert': secret },
  ]
  return [
    ...headers.map((one) => ({ headers: one, body: call('open-tool') })),
    { path: `/mcp/plain?key=${secret}&access_token=${secret}`, body: call('open-tool') },
    { path: `/${secret}`, body: call('open-tool') },
    { path: `/mcp/plain/messages?session=${secret.slice(0, 22)}`, body: call('open-tool') },
    { path: `/.well-known/oauth-protected-resource/${secret}`, verb: 'GET' },
  ]
}

/** What a caller with that credential may do. */
function uses(secret: string): Sent[] {
  const headers = { authorization: `Bearer ${secret}` }
  const listen = modern('subscriptions/listen', { notifications: {} })
  return [
    ...['plain', 'fixed', 'fetching', 'failing', 'down'].flatMap((name) => [
      { path: `/mcp/${name}`, headers, body: call('open-tool') },
      { path: `/mcp/${name}`, headers, body: initialize },
    ]),
    { headers, body: request('tools/list') },
    { headers, body: [call('open-tool'), request('tools/list', {}, 2)] },
    { headers, body: 'no json' },
    { headers, verb: 'DELETE' },
    { headers, verb: 'OPTIONS' },
    { ...listen, headers: { ...listen.headers, ...headers } },
  ]
}

function streams(secret: string): Sent[] {
  const headers = { authorization: `Bearer ${secret}` }
  return [
    { verb: 'GET', headers },
    { verb: 'GET', path: '/mcp/plain/sse', headers },
  ]
}

async function send(url: string, sent: Sent, isEndless = false): Promise<void> {
  const connection = await Connection.open(url)
  connection.send(requestBytes({ path: '/mcp/plain', as: null, ...sent }, new URL(url).host))
  const head = await connection.head()
  answers.push(`${head?.status} ${JSON.stringify([...(head?.headers ?? [])])}`)
  const isStream = head?.headers.get('content-type') === 'text/event-stream'
  if (isEndless && isStream) answers.push((await connection.piece())?.toString() ?? '')
  else answers.push(await connection.body().catch(() => ''))
  connection.close()
}

async function admin(url: string, path: string, token: string | null): Promise<string> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const got = await fetch(`${url}${path}`, { headers })
  return `${got.status} ${JSON.stringify([...got.headers])} ${await got.text()}`
}

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────

test('a gateway through good and bad', async () => {
  const configFile = await configure({})
  const run = startCli(['run', '--config', configFile], '', variables)
  const [, url = '', adminUrl = ''] = await run.until(
    /"listening".*?"url":"([^"]+)".*?"adminUrl":"([^"]+)"/,
  )
  const secrets = [...Object.values(keys), ...Object.values(tokens)]
  for (const secret of secrets) {
    for (const sent of positions(secret)) await send(url, sent)
  }
  const admitted = [keys.good, keys.ofFile, tokens.good, tokens.opaque]
  for (const secret of admitted) {
    for (const sent of uses(secret)) await send(url, sent)
    for (const sent of streams(secret)) await send(url, sent, true)
  }
  for (const secret of secrets.slice(2, 6)) {
    for (const sent of streams(secret)) await send(url, sent, true)
  }
  const unreadable = await Connection.open(url)
  unreadable.send(`POST /mcp/plain HTTP/7.3\r\nauthorization: Bearer ${keys.unknown}\r\n\r\n`)
  await unreadable.closed()
  for (const path of ['/metrics', '/health', '/ready', '/nothing']) {
    for (const token of [adminToken, keys.unknown, null]) {
      outputs.push([`admin ${path}`, await admin(adminUrl, path, token)])
    }
  }
  const { status } = await fetch(`${adminUrl}/metrics`, {
    headers: { authorization: `Bearer ${adminToken}` },
  })
  assert.is(status, 200)
  run.child.kill('SIGHUP')
  await run.until(/SIGHUP: /)
  run.child.kill('SIGTERM')
  const ended = await run.ended
  assert.is(ended.code, 0, ended.stderr)
  const audit = readFileSync(join(folder, 'audit.ndjson'), 'utf8')
  outputs.push(['standard output', ended.stdout], ['standard error', ended.stderr])
  outputs.push(['the audit', audit], ['answers', answers.join('\n')])
  wasThorough(audit)
})

/** A gateway that refuses everything for one reason would say nothing, too. */
function wasThorough(audit: string): void {
  const events = audit.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const codes = new Set(events.map(({ code, outcome }) => `${outcome} ${code}`))
  const expected = [
    ...['missing', 'malformed', 'doubled', 'unknown', 'expired', 'disabled', 'not-yet-valid'].map(
      (reason) => `unauthenticated credential-${reason}`,
    ),
    ...['signature', 'issuer', 'revoked', 'inactive'].map(
      (reason) => `unauthenticated token-${reason}`,
    ),
    ...['host-refused', 'origin-refused', 'route-unknown', 'http-malformed', 'json-syntax'].map(
      (code) => `rejected ${code}`,
    ),
    'failed GUARD_IDENTITY_UNAVAILABLE',
    'failed GUARD_UPSTREAM_UNREACHABLE',
    'forwarded null',
  ]
  for (const one of expected) assert.ok(codes.has(one), `${one} of ${[...codes].join(', ')}`)
  const callers = new Set(events.map(({ subject }) => subject?.id))
  for (const id of ['alice', 'file', 'bob', 'carol']) assert.ok(callers.has(id), id)
}

test('nothing that it said holds a secret', () => {
  assert.ok(outputs.length > 10)
  for (const [where, text] of outputs)
    assert.equal(canaries.in(text), [], `${where}: ${text.slice(0, 400)}`)
})

test('servers get their own credential and nobody else’s', () => {
  const may = {
    plain: [],
    fixed: ['header of a server'],
    fetching: ['token that the gateway fetches'],
    failing: [],
  }
  for (const [name, allowed] of Object.entries(may)) {
    const { seen } = upstreams[name as keyof typeof may]
    assert.ok(seen.length > 0, name)
    for (const { rawHeaders, body } of seen) {
      assert.equal(canaries.in(`${rawHeaders.join('\n')}\n${body}`, allowed), [], name)
    }
    const all = seen.map(({ rawHeaders }) => rawHeaders.join('\n')).join('\n')
    for (const secret of allowed) assert.ok(canaries.in(all).includes(secret), `${name}: ${secret}`)
  }
})

test('who is asked about tokens sees those that only it can read, and its own secret', () => {
  const may = [
    'opaque token',
    'inactive token',
    'token that is repeated',
    'secret of introspection',
  ]
  const shown = authorization.asked.map(
    ({ headers, body }) => `${JSON.stringify(headers)}\n${body}`,
  )
  assert.ok(shown.length > 0)
  for (const text of shown) assert.equal(canaries.in(text, may), [])
  for (const { headers, body } of endpoint.asked) {
    const text = `${JSON.stringify(headers)}\n${body}`
    assert.equal(canaries.in(text, ['secret of client credentials']), [])
  }
  assert.ok(endpoint.asked.length > 0)
})

test('with TLS: the listener, its files that do not fit, and what validate says of them', async () => {
  outputs = []
  const junk = join(folder, 'junk.pem')
  writeFileSync(junk, `-----BEGIN PRIVATE KEY-----\n${canaries.plant('junk.key')}\n`, {
    mode: 0o600,
  })
  for (const key of [server.keyFile, other.keyFile, junk]) {
    const configFile = await configure({ tls: { cert: server.certFile, key } })
    for (const command of ['validate', 'run']) {
      if (command === 'run' && key === server.keyFile) continue
      const { code, stdout, stderr } = await startCli(
        [command, '--config', configFile],
        '',
        variables,
      ).ended
      assert.is(code, key === server.keyFile ? 0 : 1, stderr)
      outputs.push([`${command} ${key}`, stdout + stderr])
    }
  }
  for (const [where, text] of outputs) assert.equal(canaries.in(text), [], `${where}: ${text}`)
})

test('the search finds what is there', () => {
  const found = (text: string) => canaries.in(text)
  assert.equal(found(`x ${keys.good} x`), ['key'])
  const basic = Buffer.from(`guard:${introspectionSecret}`).toString('base64')
  assert.equal(found(`Basic ${basic}`), ['secret of introspection'])
  assert.equal(found(encodeURIComponent(introspectionSecret)), ['secret of introspection'])
  assert.equal(found('x'), [])
})

test.run()
