/**
 * What clients of OAuth are told: where the metadata is and what stands in it, the 401 that leads
 * there, and the 403 that names the scopes a denied request needs. Who came by other means, and whose
 * answer has no status of its own, gets the plain denial; 401 comes before 403.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { freePort } from '../support/free-port.js'
import { type Gateway, keyOf, type Sent, startGateway } from '../support/gateway.js'
import {
  brief,
  call,
  modern,
  notification,
  pinned,
  request,
  seenByCaller,
} from '../support/messages.js'
import { serveSse } from '../support/sse-client.js'
import { makeToken } from '../support/tokens.js'
import { startUpstream } from '../support/upstream.js'

const issuer = 'https://as.example'
const plainIssuer = 'https://plain.example'
const secret = 'a-secret-of-an-issuer-with-32-bytes-or-more'
/** Whatever names `more` or comes from a method of the list needs scopes; `none` is for nobody. */
const policy = {
  'main.rego': `package mcpguard.main

decision := {"allow": false, "reasons": ["needs-more"], "challenge": {"scopes": ["b", "c"], "listing": "show"}} if {
	_more
	not "c" in input.subject.scopes
} else := {"allow": false} if {
	contains(input.resource.id, "none")
} else := {"allow": true}

_more if contains(input.resource.id, "more")

_more if input.action.name in {"server/discover", "prompts/list", "notifications/progress", "session/close", "x/unknown"}

_more if {
	input.action.name == "stream/open"
	input.context.transport == "http"
}
`,
}

const upstream = await startUpstream()
const port = await freePort()
const authorizationServers = [{ issuer, secret }]
const oauth: JsonObject = { authorizationServers, scopes: ['a', 'b'] }
const gateway = await startGateway({
  upstreams: { up: upstream.url, other: upstream.url },
  policy,
  listen: { port, publicUrl: `HTTP://LocalHost:${port}/` },
  identity: { oauth, jwt: [{ issuer: plainIssuer, secret, audience: ['us'] }] },
})
const base = `http://localhost:${port}`
const single = await startGateway({
  upstreams: { up: { url: upstream.url, path: '/at/up' } },
  policy,
  listen: { publicUrl: 'https://gateway.example:8443/behind/' },
  identity: { oauth: { authorizationServers: [{ issuer, secret, audience: ['anywhere'] }] } },
})
const bare = await startGateway({ upstreams: { up: upstream.url }, policy })

test.before.each(() => {
  upstream.seen.length = 0
})

test.after(async () => {
  for (const one of [gateway, single, bare]) await one.close()
  await upstream.close()
})

function tokenOf(scope: string, more: object = {}): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    sub: 'alice',
    aud: `${base}/mcp/up`,
    exp: iat + 600,
    scope,
    ...more,
  }
  return makeToken({ header: { alg: 'HS256' }, claims, with: { secret } })
}

function by(token: string, sent: Sent): Sent {
  return { ...sent, as: null, headers: { authorization: `Bearer ${token}`, ...sent.headers } }
}

const metadata = `${base}/.well-known/oauth-protected-resource/mcp/up`

// ── Metadata ────────────────────────────────────────────────────────────────────────────────────

const wellKnown = '/.well-known/oauth-protected-resource'

function get(to: Gateway, path: string, more: Sent = {}): ReturnType<Gateway['send']> {
  const headers = { accept: null, 'mcp-protocol-version': '2025-11-25', ...more.headers }
  return to.send({ verb: 'GET', as: null, path, ...more, headers })
}

test('metadata: one document for each server, to be read from anywhere', async () => {
  for (const name of ['up', 'other']) {
    const answer = await get(gateway, `${wellKnown}/mcp/${name}`, {
      headers: { origin: 'https://anywhere.example' },
    })
    assert.is(answer.status, 200)
    assert.is(
      answer.body,
      `{"resource":"${base}/mcp/${name}","authorization_servers":["${issuer}"],"scopes_supported":["a","b"],"bearer_methods_supported":["header"]}`,
    )
    assert.is(answer.headers.get('content-type'), 'application/json')
    assert.is(answer.headers.get('access-control-allow-origin'), '*')
    assert.is(answer.headers.get('cache-control'), 'public, max-age=300')
  }
})

test('metadata: HEAD and preflight', async () => {
  const open = await gateway.open({ verb: 'HEAD', as: null, path: `${wellKnown}/mcp/up` })
  const head = await open.head()
  open.close()
  assert.is(head?.status, 200)
  const preflight = await get(gateway, `${wellKnown}/mcp/up`, {
    verb: 'OPTIONS',
    headers: { origin: 'https://anywhere.example', 'access-control-request-method': 'GET' },
  })
  assert.is(preflight.status, 204)
  assert.is(preflight.headers.get('access-control-allow-origin'), '*')
  assert.is(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS')
  assert.is(preflight.headers.get('access-control-allow-headers'), '*')
})

test('metadata: a single server has its document at the root too, behind a path as well', async () => {
  const document =
    '{"resource":"https://gateway.example:8443/behind/at/up","authorization_servers":["https://as.example"],"bearer_methods_supported":["header"]}'
  for (const path of [wellKnown, `${wellKnown}/behind/at/up`]) {
    assert.is((await get(single, path)).body, document)
  }
  assert.is((await get(single, `${wellKnown}/at/up`)).status, 404)
})

const elsewhere: readonly (readonly [what: string, to: Gateway, path: string, sent: Sent])[] = [
  ['the root where there are two servers', gateway, wellKnown, {}],
  ['a slash at the end', gateway, `${wellKnown}/mcp/up/`, {}],
  ['a query', gateway, `${wellKnown}/mcp/up?x=1`, {}],
  ['a server that is not there', gateway, `${wellKnown}/mcp/down`, {}],
  ['an encoded path', gateway, `${wellKnown}/mcp/u%70`, {}],
  ['POST', gateway, `${wellKnown}/mcp/up`, { verb: 'POST', body: '{}' }],
  ['DELETE', gateway, `${wellKnown}/mcp/up`, { verb: 'DELETE' }],
  ['a gateway without OAuth', bare, `${wellKnown}/mcp/up`, {}],
]

for (const [what, to, path, sent] of elsewhere) {
  test(`metadata: nothing for ${what}`, async () => {
    const answer = await get(to, path, sent)
    assert.is(answer.status, 404)
    assert.is((await to.audit()).at(-1)?.code, 'route-unknown')
  })
}

test('metadata: the host has to be the gateway’s', async () => {
  const answer = await get(gateway, `${wellKnown}/mcp/up`, { headers: { host: 'evil.example' } })
  assert.is(answer.status, 403)
  assert.is((await gateway.audit()).at(-1)?.code, 'host-refused')
})

// ── 401 ─────────────────────────────────────────────────────────────────────────────────────────

const challenge = (error: string) =>
  `Bearer realm="mcp-guard", ${error}resource_metadata="${metadata}", scope="a b"`
const invalid = challenge('error="invalid_token", ')

const unidentified: readonly (readonly [
  what: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  code: string,
  challenge: string,
])[] = [
  ['nothing', {}, 'credential-missing', challenge('')],
  ['an unknown key', { authorization: 'Bearer mcp_x' }, 'credential-unknown', invalid],
  ['an unknown X-API-Key', { 'x-api-key': 'mcp_x' }, 'credential-unknown', invalid],
  ['another scheme', { authorization: 'Basic YTpi' }, 'credential-malformed', invalid],
  [
    'a token in the address of another server',
    { authorization: `Bearer ${tokenOf('a', { aud: `${base}/mcp/other` })}` },
    'token-audience',
    invalid,
  ],
  [
    'a token for the gateway as a whole',
    { authorization: `Bearer ${tokenOf('a', { aud: base })}` },
    'token-audience',
    invalid,
  ],
  [
    'a token that is over',
    { authorization: `Bearer ${tokenOf('a', { exp: 1_700_000_000 })}` },
    'credential-expired',
    invalid,
  ],
  [
    'a token of nobody',
    { authorization: `Bearer ${tokenOf('a', { iss: 'https://x.example' })}` },
    'token-issuer',
    invalid,
  ],
]

for (const [what, headers, code, wanted] of unidentified) {
  test(`401: ${what}, before what would be a 403`, async () => {
    const answer = await gateway.send({ as: null, headers, body: call('more-tool') })
    assert.equal(seenByCaller(answer), {
      status: 401,
      headers: {
        'content-type': 'application/json',
        'www-authenticate': wanted,
        connection: 'close',
      },
      body: '{"jsonrpc":"2.0","id":null,"error":{"code":1401,"message":"authentication required","data":{"requestId":"<id>"}}}',
    })
    assert.equal((await gateway.audit()).slice(-1).map(brief), [
      { event: 'refused', outcome: 'unauthenticated', code, status: 401, method: null },
    ])
    assert.is(upstream.seen.length, 0)
  })
}

test('401: a token in the query is none', async () => {
  const path = `/mcp/up?access_token=${tokenOf('a')}`
  assert.is((await gateway.send({ as: null, path, body: call('open-tool') })).status, 404)
})

test('401: a script of an allowed origin can read where to go', async () => {
  const answer = await gateway.send({ as: null, headers: { origin: base }, body: '{}' })
  assert.is(answer.headers.get('www-authenticate'), challenge(''))
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/)
})

test('401: without scopes in the configuration none are named', async () => {
  const answer = await single.send({ as: null, path: '/at/up', body: '{}' })
  const url = 'https://gateway.example:8443/.well-known/oauth-protected-resource/behind/at/up'
  assert.is(
    answer.headers.get('www-authenticate'),
    `Bearer realm="mcp-guard", resource_metadata="${url}"`,
  )
})

test('an audience of the configuration counts instead of the address', async () => {
  const sent = { path: '/at/up', body: call('open-tool') }
  const anywhere = tokenOf('a', { aud: 'anywhere' })
  assert.is((await single.send(by(anywhere, sent))).status, 200)
  const resource = tokenOf('a', { aud: 'https://gateway.example:8443/behind/at/up' })
  assert.is((await single.send(by(resource, sent))).status, 401)
})

// ── 403 ─────────────────────────────────────────────────────────────────────────────────────────

const more = (scopes: string) =>
  `Bearer realm="mcp-guard", error="insufficient_scope", resource_metadata="${metadata}", scope="${scopes}"`
const denied = '"message":"Denied by policy (decision <id>). Retrying will not help."'

const asked: readonly (readonly [what: string, sent: Sent])[] = [
  ['a call', { body: call('more-tool') }],
  ['a call that asks for a task', { body: call('more-tool', { task: {} }) }],
  ['another request', { body: request('prompts/list') }],
  ['reading a resource', { body: request('resources/read', { uri: 'file:///more' }) }],
  ['a modern call', modern('tools/call', { name: 'more-tool', arguments: {} })],
  ['discovery', modern('server/discover')],
]

for (const [what, sent] of asked) {
  test(`403 with the scopes that it takes: ${what}`, async () => {
    const answer = await gateway.send(by(tokenOf('a'), sent))
    assert.equal(seenByCaller(answer), {
      status: 403,
      headers: { 'content-type': 'application/json', 'www-authenticate': more('a b c') },
      body: `{"jsonrpc":"2.0","id":1,"error":{"code":1403,${denied},"data":{"decisionId":"<id>"}}}`,
    })
    const event = (await gateway.audit()).at(-1)
    assert.is(event?.outcome, 'denied')
    assert.is(event?.status, 403)
    assert.equal(event?.reasons, ['needs-more'])
    assert.is(upstream.seen.length, 0)
  })
}

const held: readonly (readonly [held: string, named: string])[] = [
  ['', 'b c'],
  ['b', 'b c'],
  ['z a b', 'z a b c'],
  ['a offline_access', 'a b c'],
  [Array.from({ length: 600 }, (_, index) => `scope-${index}`).join(' '), 'b c'],
]

for (const [scope, named] of held) {
  test(`403: a token with "${scope.slice(0, 20)}" is told "${named}"`, async () => {
    const answer = await gateway.send(by(tokenOf(scope), { body: call('more-tool') }))
    assert.is(answer.headers.get('www-authenticate'), more(named))
  })
}

test('a token with the scope gets through', async () => {
  const answer = await gateway.send(by(tokenOf('c'), { body: call('more-tool') }))
  assert.is(answer.status, 200)
  assert.is(upstream.seen.length, 1)
})

const plain: readonly (readonly [what: string, sent: Sent, status: number])[] = [
  ['denied without a challenge', by(tokenOf('a'), { body: call('none-tool') }), 200],
  ['an API key', { body: call('more-tool') }, 200],
  [
    'a plain JWT',
    by(tokenOf('a', { iss: plainIssuer, aud: 'us' }), { body: call('more-tool') }),
    200,
  ],
  ['a notification', by(tokenOf('a'), { body: notification('notifications/progress') }), 202],
  ['a stream', by(tokenOf('a'), { verb: 'GET' }), 405],
  ['the end of a session', by(tokenOf('a'), { verb: 'DELETE' }), 403],
  ['a method that nobody knows', by(tokenOf('a'), { body: request('x/unknown') }), 200],
]

for (const [what, sent, status] of plain) {
  test(`the plain denial: ${what}`, async () => {
    const answer = await gateway.send(sent)
    assert.is(answer.status, status)
    assert.is(answer.headers.get('www-authenticate'), undefined)
    assert.is((await gateway.audit()).at(-1)?.outcome, 'denied')
  })
}

const result = (id: number) =>
  `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"Denied by policy (decision <id>). Retrying will not help."}],"isError":true}}`

test('the plain denial: an element of a batch', async () => {
  const body = [call('more-tool', {}, 1), call('open-tool', {}, 2)]
  const headers = { 'mcp-protocol-version': '2025-03-26' }
  const answer = await gateway.send(by(tokenOf('a'), { headers, body }))
  assert.is(answer.status, 200)
  assert.is(answer.headers.get('www-authenticate'), undefined)
  assert.ok(pinned(answer.body).includes(result(1)), answer.body)
})

test('the plain denial: a call over HTTP+SSE', async () => {
  const token = tokenOf('a')
  const rig = await serveSse({
    ...gateway,
    open: (sent) => gateway.open(by(token, sent)),
    send: (sent) => gateway.send(by(token, sent)),
  })
  await rig.send(call('more-tool', {}, 7))
  assert.is(pinned(JSON.stringify(await rig.receives(7))), result(7))
  rig.close()
})

test('nothing of a token is in the audit or the log', async () => {
  const texts = JSON.stringify([await gateway.audit(), await single.audit(), gateway.logged])
  assert.not.ok(texts.includes('eyJ'))
  assert.not.ok(texts.includes(secret))
  assert.not.ok(texts.includes(keyOf('alice')))
})

test.run()
