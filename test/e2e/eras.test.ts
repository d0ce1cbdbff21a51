/**
 * A client that speaks both eras never takes the gateway for a server of the older one because
 * something was denied, limited, unauthenticated or out of order: it never falls back to
 * `initialize`. Of a server that is of the older era it learns so, as without a gateway.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, rolePolicy, startGateway } from '../support/gateway.js'
import {
  type Job,
  loud,
  type PeerServer,
  runClient,
  startEverything,
  startModern,
} from '../support/peers.js'

interface Negotiation {
  readonly era?: string
  readonly tools?: number
  readonly error?: { readonly code: string | number | null }
  /** Each request over HTTP and its status. */
  readonly asked: readonly (readonly [method: string, status: number])[]
}

interface Row {
  readonly name: string
  readonly caller: string
  /** Roles of the caller, see `rolePolicy`; null: the gateway does not know the key. */
  readonly roles: readonly string[] | null
  readonly upstream?: 'everything' | 'modern' | 'down'
  readonly mode?: 'auto' | 'modern'
  /** How often it connects; the last time counts. */
  readonly times?: number
  readonly outcome: Negotiation
}

const discovered = ['server/discover', 200] as const

const rows: readonly Row[] = [
  {
    name: 'discovery is denied',
    caller: 'no-discovery',
    roles: ['deny:server/discover'],
    outcome: {
      error: { code: 'CLIENT_HTTP_FORBIDDEN' },
      asked: [['server/discover', 403]],
    },
  },
  {
    name: 'discovery is limited',
    caller: 'seldom',
    roles: ['limit:server/discover'],
    times: 2,
    outcome: {
      error: { code: 'ERA_NEGOTIATION_FAILED' },
      asked: [['server/discover', 503]],
    },
  },
  {
    name: 'the key is unknown',
    caller: 'stranger',
    roles: null,
    outcome: {
      error: { code: 'CLIENT_HTTP_AUTHENTICATION' },
      asked: [['server/discover', 401]],
    },
  },
  {
    name: 'the server is down',
    caller: 'alice',
    roles: [],
    upstream: 'down',
    outcome: {
      error: { code: 'ERA_NEGOTIATION_FAILED' },
      asked: [['server/discover', 502]],
    },
  },
  {
    name: 'lists are denied',
    caller: 'no-lists',
    roles: ['deny:tools/list'],
    outcome: {
      error: { code: 1403 },
      asked: [discovered, ['tools/list', 200]],
    },
  },
  {
    name: 'lists are limited',
    caller: 'seldom-lists',
    roles: ['limit:tools/list'],
    outcome: {
      error: { code: 'CLIENT_HTTP_NOT_IMPLEMENTED' },
      asked: [discovered, ['tools/list', 200], ['tools/list', 429]],
    },
  },
  {
    name: 'nothing is wrong',
    caller: 'alice',
    roles: [],
    outcome: {
      era: 'modern',
      tools: 8,
      asked: [discovered, ['tools/list', 200], ['tools/list', 200], ['tools/list', 200]],
    },
  },
  {
    name: 'the server is of the older era',
    caller: 'alice',
    roles: [],
    upstream: 'everything',
    outcome: {
      era: 'legacy',
      tools: 13,
      asked: [
        ['server/discover', 400],
        ['initialize', 200],
        ['notifications/initialized', 202],
        ['GET', 200],
        ['tools/list', 200],
      ],
    },
  },
  {
    name: 'the server is of the older era and its stream is denied',
    caller: 'no-stream',
    roles: ['deny:stream/open'],
    upstream: 'everything',
    outcome: {
      era: 'legacy',
      tools: 13,
      asked: [
        ['server/discover', 400],
        ['initialize', 200],
        ['notifications/initialized', 202],
        ['GET', 405],
        ['tools/list', 200],
      ],
    },
  },
  {
    name: 'the server is of the older era and the client of the newer only',
    caller: 'alice',
    roles: [],
    upstream: 'everything',
    mode: 'modern',
    outcome: {
      error: { code: 'ERA_NEGOTIATION_FAILED' },
      asked: [['server/discover', 400]],
    },
  },
]

let everything: PeerServer
let modern: PeerServer
let gateway: Gateway
let negotiations: Map<string, Negotiation>

test.before(
  loud(async () => {
    ;[everything, modern] = await Promise.all([startEverything(), startModern()])
    const known = rows.flatMap(({ caller, roles }) => (roles === null ? [] : [[caller, roles]]))
    gateway = await startGateway({
      // Port 9 of the loopback: nobody listens there.
      upstreams: { everything: everything.url, modern: modern.url, down: 'http://127.0.0.1:9/mcp' },
      callers: Object.fromEntries(known),
      policy: { 'main.rego': slowly(rolePolicy['main.rego'] ?? '') },
    })
    const jobs = rows.flatMap(({ name, caller, upstream = 'modern', mode = 'auto', times = 1 }) => {
      const url = `${gateway.url}/mcp/${upstream}`
      const job: Job = { name, sdk: 'v2', mode, scenario: 'negotiation', url, key: keyOf(caller) }
      return Array.from({ length: times }, () => job)
    })
    negotiations = await runClient<Negotiation>(jobs)
  }),
)

test.after(async () => {
  await gateway?.close()
  await everything?.stop()
  await modern?.stop()
})

/** So that a bucket does not fill again while a busy machine starts a client. */
function slowly(policy: string): string {
  const slow = policy.replace('"per": "10s"', '"per": "1h"')
  assert.is.not(slow, policy)
  return slow
}

for (const { name, outcome } of rows) {
  test(`${name}: ${outcome.era ?? outcome.error?.code}`, () => {
    const { error, ...rest } = negotiations.get(name) ?? { asked: [] }
    const brief = error === undefined ? {} : { error: { code: error.code } }
    assert.equal(unordered({ ...rest, ...brief }), unordered(outcome))
  })
}

/** The standalone stream is opened beside the next request. */
function unordered(negotiation: Negotiation): object {
  return { ...negotiation, asked: negotiation.asked.map(String).sort() }
}

test('without a gateway the same clients come to the same of the same servers', async () => {
  const direct = await runClient<Negotiation>(
    rows
      .filter(({ outcome, upstream }) => outcome.era !== undefined || upstream === 'everything')
      .filter(({ caller }) => caller === 'alice')
      .map(({ name, upstream, mode = 'auto' }) => {
        const { url } = upstream === 'everything' ? everything : modern
        return { name, sdk: 'v2', mode, scenario: 'negotiation', url, key: null }
      }),
  )
  assert.is(direct.size, 3)
  for (const [name, outcome] of direct) {
    const through = negotiations.get(name) ?? { asked: [] }
    assert.equal(unordered(outcome), unordered(through), name)
  }
})

test.run()
