/**
 * Clients of both SDKs find their way through a protected gateway by themselves: refused, they
 * discover, register or are known, log in with PKCE and call; and where a call needs more scope they
 * are told which, get it and repeat the call. Nobody does anything by hand.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import type { PolicyFiles } from '../support/gateway.js'
import { clientId, type Protected, redirectUri, startProtected } from '../support/oauth.js'
import { type Job, loud, type PeerServer, runClient, startModern } from '../support/peers.js'

/** `add` needs a scope and is listed all the same, `count` is for nobody. */
const policy: PolicyFiles = {
  'main.rego': `package mcpguard.main

decision := {"allow": false, "challenge": {"scopes": ["files:write"], "listing": "show"}} if {
	input.resource.id == "add"
	not "files:write" in input.subject.scopes
} else := {"allow": false} if {
	input.resource.id == "count"
} else := {"allow": true}
`,
}

interface Done {
  readonly asked: readonly { readonly scope: string; readonly resource: string }[]
  readonly registered: boolean
  readonly scope: string | null
  readonly listed: readonly string[]
  readonly results: JsonObject
  readonly statuses: readonly (readonly [string, number])[]
}

let server: PeerServer
let guarded: Protected
let done: Map<string, Done>

const known: JsonObject = { client_id: clientId, redirect_uris: [redirectUri] }

test.before(
  loud(async () => {
    server = await startModern()
    guarded = await startProtected({
      upstreams: { one: server.url },
      policy,
      format: 'jwt',
      scopes: ['mcp:tools', 'files:write'],
      oauth: { scopes: ['mcp:tools'] },
    })
    const url = `${guarded.gateway.url}/mcp/one`
    const tools = [
      { name: 'echo', arguments: { message: 'hello' } },
      { name: 'add', arguments: { a: 1, b: 2 } },
      { name: 'count', arguments: { to: 1 } },
    ]
    const job = { scenario: 'oauth', url, key: null, tools, login: 'alice' } as const
    const jobs: readonly Job[] = [
      { ...job, name: 'v2 modern', sdk: 'v2', mode: 'modern', client: known },
      { ...job, name: 'v2 legacy', sdk: 'v2', mode: 'legacy', client: known },
      { ...job, name: 'v1', sdk: 'v1', client: known },
      { ...job, name: 'v2, registered', sdk: 'v2', mode: 'auto', tools: tools.slice(0, 1) },
    ]
    done = await runClient<Done>(jobs)
  }),
)

test.after(async () => {
  await guarded?.close()
  await server?.stop()
})

interface Row {
  readonly name: string
  readonly first: string
  /** Of the call that is refused for want of scope, the one time that it is. */
  readonly stepsUp: boolean
}

const rows: readonly Row[] = [
  { name: 'v2 modern', first: 'server/discover', stepsUp: true },
  { name: 'v2 legacy', first: 'initialize', stepsUp: true },
  { name: 'v1', first: 'initialize', stepsUp: true },
  { name: 'v2, registered', first: 'server/discover', stepsUp: false },
]

for (const { name, first, stepsUp } of rows) {
  test(`${name}: logs in once${stepsUp ? ', and once more for more scope' : ''}`, () => {
    const { asked, scope, statuses, registered } = doneBy(name)
    const resource = `${guarded.gateway.url}/mcp/one`
    const more = { scope: 'mcp:tools files:write', resource }
    assert.equal(asked, [{ scope: 'mcp:tools', resource }, ...(stepsUp ? [more] : [])])
    assert.is(scope, stepsUp ? 'mcp:tools files:write' : 'mcp:tools')
    assert.is(registered, name.endsWith('registered'))
    assert.equal(statuses.slice(0, 2), [
      [first, 401],
      [first, 200],
    ])
    const refused = statuses.slice(1).filter(([, status]) => status === 401 || status === 403)
    assert.equal(refused, stepsUp ? [['tools/call', 403]] : [])
  })

  test(`${name}: the calls work, what is denied for good is`, () => {
    const { results, listed } = doneBy(name)
    assert.equal(results['echo'], { text: 'hello', isError: false })
    assert.ok(listed.includes('add'))
    assert.not.ok(listed.includes('count'))
    if (!stepsUp) return
    assert.equal(results['add'], { text: '3', isError: false })
    assert.match(JSON.stringify(results['count']), /Denied by policy.*"isError":true/)
  })
}

test('whoever called is on record with the way it was identified', async () => {
  const events = await guarded.gateway.audit()
  const called = events.filter(({ method }) => method === 'tools/call')
  assert.ok(called.length > 8)
  for (const { subject } of called) {
    assert.equal(subject, { id: 'alice', issuer: guarded.issuer, tenant: null, method: 'oauth' })
  }
})

function doneBy(name: string): Done {
  const one = done.get(name)
  if (one === undefined) throw new Error(`${name} did nothing`)
  return one
}

test.run()
