/**
 * A session of the older era through the gateway, by real clients: the server's own requests reach
 * the client and are answered where policy allows them, and are refused to the server where it does
 * not; progress, logs and updates arrive on their streams; DELETE ends the session.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent } from '../../src/domain.js'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { openSession, request } from '../support/messages.js'
import { allowAll, shippedRules } from '../support/peer-items.js'
import { withoutVarying } from '../support/peer-survey.js'
import { type Job, loud, type PeerServer, runClient, startEverything } from '../support/peers.js'

interface Dialogue {
  readonly heard: {
    readonly requests: readonly { readonly method: string; readonly params?: unknown }[]
    readonly logs: readonly string[]
    readonly updated: readonly string[]
    readonly progress: readonly object[]
  }
  readonly calls: Readonly<Record<'sampling' | 'elicitation' | 'roots' | 'progress', string>>
  readonly ended: { readonly status: number; readonly sessionId: string | null }
  readonly wire: readonly (readonly [asked: string, status: number])[]
}

const clients = [
  { name: 'v1', sdk: 'v1' },
  { name: 'v2', sdk: 'v2', mode: 'legacy' },
] as const
const uri = 'demo://resource/dynamic/text/1'
const calledBack = ['elicitation/create', 'roots/list', 'sampling/createMessage']

let server: PeerServer
let open: Gateway
let ruled: Gateway
let dialogues: Map<string, Dialogue>

test.before(
  loud(async () => {
    server = await startEverything()
    const upstreams = { everything: server.url }
    open = await startGateway({ upstreams, policy: allowAll })
    const callers = { reader: ['reader'], admin: ['admin'] }
    ruled = await startGateway({ upstreams, callers, policy: shippedRules() })
    const jobs = clients.flatMap(({ name, ...client }): Job[] => {
      const job = { ...client, scenario: 'legacyDialogue' } as const
      const at = (gateway: Gateway) => `${gateway.url}/mcp/everything`
      return [
        { ...job, name: `${name} direct`, url: server.url, key: null },
        { ...job, name: `${name} open`, url: at(open), key: keyOf('alice') },
        { ...job, name: `${name} admin`, url: at(ruled), key: keyOf('admin') },
        { ...job, name: `${name} reader`, url: at(ruled), key: keyOf('reader') },
      ]
    })
    dialogues = await runClient<Dialogue>(jobs)
  }),
)

test.after(async () => {
  await open?.close()
  await ruled?.close()
  await server?.stop()
})

function dialogueOf(client: string, how: string): Dialogue {
  const dialogue = dialogues.get(`${client} ${how}`)
  if (dialogue === undefined) throw new Error('there is no such dialogue')
  return dialogue
}

/**
 * Streams and answers to the server start and end beside the requests, in no order of their own; and
 * a server that wants the roots at a time of its own may ask for them twice.
 */
function unordered(dialogue: Dialogue): unknown {
  const { heard, wire } = dialogue
  const once = (items: readonly unknown[]) => [...new Set(items.map(comparable))].sort()
  const { requests, logs, updated, progress } = heard
  const sorted = {
    requests: once(requests),
    logs: once(logs),
    updated: once(updated),
    progress,
  }
  return { ...dialogue, heard: sorted, calls: comparable(dialogue.calls), wire: once(wire) }
}

function comparable(value: unknown): string {
  return withoutVarying(JSON.stringify(value))
}

for (const { name } of clients) {
  test(`${name}, direct: all of it happens, or nothing is proved below`, () => {
    const { heard, calls, ended } = dialogueOf(name, 'direct')
    assert.equal([...new Set(heard.requests.map(({ method }) => method))].sort(), calledBack)
    assert.equal([...new Set(heard.updated)], [uri])
    assert.equal(heard.progress.length, 3)
    assert.match(heard.logs.join(), 'Received Subscribe Resource request')
    assert.match(calls.sampling, '"text": "sampled"')
    assert.equal(ended, { status: 200, sessionId: null })
  })

  for (const how of ['open', 'admin']) {
    test(`${name}, ${how}: a session is as it is without a gateway`, () => {
      assert.equal(unordered(dialogueOf(name, how)), unordered(dialogueOf(name, 'direct')))
    })
  }

  test(`${name}, reader: the server is refused, the client hears nothing of it`, () => {
    const { heard, calls, ended } = dialogueOf(name, 'reader')
    assert.equal(heard.requests, [])
    assert.match(calls.sampling, 'refused by the gateway')
    assert.match(calls.elicitation, 'refused by the gateway')
    assert.match(calls.roots, 'no roots are currently configured')
    assert.equal(ended, { status: 200, sessionId: null })
  })

  test(`${name}, reader: progress, logs and updates arrive as without a gateway`, () => {
    const direct = dialogueOf(name, 'direct')
    const { heard, calls } = dialogueOf(name, 'reader')
    assert.equal(heard.progress, direct.heard.progress)
    assert.is(calls.progress, direct.calls.progress)
    assert.equal([...new Set(heard.updated)], [uri])
    assert.match(heard.logs.join(), `Received Subscribe Resource request for URI: ${uri}`)
  })
}

test('each refused request of the server is on record', async () => {
  const refused = (await ruled.audit()).filter(
    ({ direction, outcome }) => direction === 'server' && outcome === 'denied',
  )
  const seen = (event: AuditEvent) => `${event.method} to ${event.subject?.id}`
  const expected = calledBack.map((method) => `${method} to reader`)
  assert.equal([...new Set(refused.map(seen))].sort(), expected)
})

test('after DELETE the session is unknown', async () => {
  const session = { 'mcp-session-id': await openSession(open) }
  const ping = { headers: session, body: request('ping') }
  assert.is((await open.send(ping)).status, 200)
  assert.is((await open.send({ verb: 'DELETE', headers: session })).status, 200)
  assert.is((await open.send(ping)).status, 404)
  assert.is((await open.send({ verb: 'GET', headers: session })).status, 404)
  assert.is((await open.send({ verb: 'DELETE', headers: session })).status, 404)
})

test.run()
