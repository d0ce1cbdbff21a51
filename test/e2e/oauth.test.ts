/**
 * A gateway behind a real authorization server (OpenID Connect, PKCE, resource indicators, key
 * rotation, introspection): who comes with nothing finds the way to a token by what the gateway says,
 * the token lets in where it is made out to and nowhere else, and a policy's challenge says what
 * more to ask for.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Answer } from '../support/connection.js'
import type { PolicyFiles } from '../support/gateway.js'
import { brief, call, pinned } from '../support/messages.js'
import { discover, type Protected, resourceClient, startProtected } from '../support/oauth.js'
import { loud } from '../support/peers.js'
import { startUpstream, type Upstream } from '../support/upstream.js'

/** `write-tool` needs a scope, `closed-tool` is for nobody. */
const policy: PolicyFiles = {
  'main.rego': `package mcpguard.main

decision := {"allow": false, "reasons": ["closed"]} if {
	input.resource.id == "closed-tool"
} else := {"allow": false, "reasons": ["scope"], "challenge": {"scopes": ["files:write"], "listing": "show"}} if {
	input.resource.id == "write-tool"
	not "files:write" in input.subject.scopes
} else := {"allow": true, "reasons": [input.subject.method]}
`,
}

const scopes = ['mcp:tools', 'files:write']
let upstream: Upstream
let jwts: Protected
let opaque: Protected

test.before(
  loud(async () => {
    upstream = await startUpstream()
    const upstreams = { one: upstream.url, two: upstream.url }
    const common = { upstreams, policy, scopes, oauth: { scopes: ['mcp:tools'] } }
    jwts = await startProtected({ ...common, format: 'jwt' })
    opaque = await startProtected({
      ...common,
      format: 'opaque',
      server: (issuer) => ({
        introspection: {
          url: `${issuer}/token/introspection`,
          clientId: resourceClient.id,
          clientSecret: resourceClient.secret,
          maxAge: '1s',
        },
      }),
    })
  }),
)

test.after(async () => {
  await jwts?.close()
  await opaque?.close()
  await upstream?.close()
})

function use(
  { gateway }: Protected,
  token: string,
  { tool = 'open-tool', path = '/mcp/one' } = {},
): Promise<Answer> {
  return gateway.send({
    as: null,
    path,
    headers: { authorization: `Bearer ${token}` },
    body: call(tool),
  })
}

async function lastEvent({ gateway }: Protected): Promise<object> {
  const event = (await gateway.audit()).at(-1)
  return event === undefined ? {} : { ...brief(event), subject: event.subject }
}

test('who comes with nothing is led to the authorization server', async () => {
  const { url } = jwts.gateway
  const { challenge, resource, server } = await discover(`${url}/mcp/one`)
  const metadata = `${url}/.well-known/oauth-protected-resource/mcp/one`
  assert.is(
    challenge,
    `Bearer realm="mcp-guard", resource_metadata="${metadata}", scope="mcp:tools"`,
  )
  assert.equal(resource, {
    resource: `${url}/mcp/one`,
    authorization_servers: [jwts.issuer],
    scopes_supported: ['mcp:tools'],
    bearer_methods_supported: ['header'],
  })
  assert.is(server['issuer'], jwts.issuer)
})

for (const kind of ['jwt', 'opaque'] as const) {
  const protectedBy = () => (kind === 'jwt' ? jwts : opaque)

  test(`${kind}: a token lets in where it is made out to, and nowhere else`, async () => {
    const asked = { upstream: 'one', scope: 'mcp:tools' }
    const token = await protectedBy().signIn('alice', asked)
    assert.is(token.split('.').length, kind === 'jwt' ? 3 : 1)
    const own = await use(protectedBy(), token)
    assert.is(own.status, 200, own.body)
    assert.equal(await lastEvent(protectedBy()), {
      event: 'message',
      outcome: 'forwarded',
      code: null,
      status: 200,
      method: 'tools/call',
      subject: { id: 'alice', issuer: protectedBy().issuer, tenant: null, method: 'oauth' },
    })
    const other = await use(protectedBy(), token, { path: '/mcp/two' })
    const { url } = protectedBy().gateway
    assert.is(other.status, 401)
    assert.is(
      other.headers.get('www-authenticate'),
      `Bearer realm="mcp-guard", error="invalid_token", resource_metadata="${url}/.well-known/oauth-protected-resource/mcp/two", scope="mcp:tools"`,
    )
    assert.equal(await lastEvent(protectedBy()), {
      event: 'refused',
      outcome: 'unauthenticated',
      code: 'token-audience',
      status: 401,
      method: null,
      subject: null,
    })
  })

  test(`${kind}: a challenge names all scopes; a token with them gets through`, async () => {
    const little = await protectedBy().signIn('bob', { upstream: 'one', scope: 'mcp:tools' })
    const denied = await use(protectedBy(), little, { tool: 'write-tool' })
    const { url } = protectedBy().gateway
    assert.is(denied.status, 403)
    assert.is(
      denied.headers.get('www-authenticate'),
      `Bearer realm="mcp-guard", error="insufficient_scope", resource_metadata="${url}/.well-known/oauth-protected-resource/mcp/one", scope="mcp:tools files:write"`,
    )
    assert.is(
      pinned(denied.body),
      '{"jsonrpc":"2.0","id":1,"error":{"code":1403,"message":"Denied by policy (decision <id>). Retrying will not help.","data":{"decisionId":"<id>"}}}',
    )
    const scope = /scope="([^"]+)"/.exec(denied.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    const more = await protectedBy().signIn('bob', { upstream: 'one', scope })
    assert.is((await use(protectedBy(), more, { tool: 'write-tool' })).status, 200)
    const closed = await use(protectedBy(), more, { tool: 'closed-tool' })
    assert.is(closed.status, 200)
    assert.is(closed.headers.get('www-authenticate'), undefined)
  })

  test(`${kind}: the token never reaches the server behind, the audit or the log`, async () => {
    const token = await protectedBy().signIn('carol', { upstream: 'one', scope: 'mcp:tools' })
    upstream.seen.length = 0
    assert.is((await use(protectedBy(), token)).status, 200)
    assert.is(upstream.seen.length, 1)
    const seen = JSON.stringify(upstream.seen.map(({ rawHeaders, body }) => [rawHeaders, body]))
    const { gateway } = protectedBy()
    for (const text of [seen, JSON.stringify(await gateway.audit()), gateway.logged.join()]) {
      assert.not.ok(text.includes(token))
    }
  })
}

test('jwt: after a rotation new tokens are good, and old ones as long as their key is', async () => {
  const asked = { upstream: 'one', scope: 'mcp:tools' }
  const before = await jwts.signIn('alice', asked)
  await jwts.rotate(true)
  const after = await jwts.signIn('alice', asked)
  assert.is((await use(jwts, before)).status, 200)
  // The keys were loaded less than 30 s ago, so that one more key is not looked for.
  assert.is((await use(jwts, after)).status, 401)
})

test('opaque: a revoked token is dead when its answer is old', async () => {
  const asked = { upstream: 'one', scope: 'mcp:tools' }
  const token = await opaque.signIn('alice', asked)
  assert.is((await use(opaque, token)).status, 200)
  await opaque.revoke(token)
  await new Promise((resolve) => setTimeout(resolve, 1050))
  const answer = await use(opaque, token)
  assert.is(answer.status, 401)
  assert.is((await opaque.gateway.audit()).at(-1)?.code, 'token-inactive')
})

test('opaque: an unknown text is nobody, and so is a JWT that nobody has keys for', async () => {
  for (const [text, code] of [
    ['made-up', 'token-inactive'],
    ['eyJhbGciOiJub25lIn0.e30.', 'credential-unknown'],
  ] as const) {
    assert.is((await use(opaque, text)).status, 401)
    assert.is((await opaque.gateway.audit()).at(-1)?.code, code)
  }
})

test.run()
