/**
 * Two gateways with one key behind one address that sends each request to the next: a session, the
 * server's own requests and tasks in both directions are for real clients as they are without.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { withoutVarying } from '../support/peer-survey.js'
import { type Job, loud, type PeerServer, runClient, startEverything } from '../support/peers.js'
import { type RoundRobin, startRoundRobin } from '../support/round-robin.js'

interface Dialogue {
  readonly heard: { readonly requests: readonly { readonly method: string }[] }
  readonly calls: Readonly<Record<string, string>>
  readonly ended: object
}

interface Tasks {
  readonly task: string
  readonly known: string
  readonly listed: readonly string[]
  readonly related: readonly string[]
  readonly heard: readonly string[]
  readonly own: readonly string[]
  readonly sampled: string
}

const key = 'a-key-of-both-replicas-'.repeat(2)
let server: PeerServer
let replicas: Gateway[] = []
let address: RoundRobin
let done: Map<string, unknown>

test.before(
  loud(async () => {
    server = await startEverything()
    const options = {
      upstreams: { everything: server.url },
      policy: allowAll,
      sessions: { keys: [key] },
    }
    replicas = [await startGateway(options), await startGateway(options)]
    address = await startRoundRobin(replicas.map(({ url }) => url))
    const jobs = (how: string, to: { url: string; key: string | null }): Job[] => [
      { name: `v1 ${how}`, sdk: 'v1', scenario: 'legacyDialogue', ...to },
      { name: `v2 ${how}`, sdk: 'v2', mode: 'legacy', scenario: 'legacyDialogue', ...to },
      { name: `tasks ${how}`, sdk: 'v1', scenario: 'legacyTasks', ...to },
    ]
    const guarded = { url: `${address.url}/mcp/everything`, key: keyOf('alice') }
    const both = await Promise.all([
      runClient<unknown>(jobs('direct', { url: server.url, key: null })),
      runClient<unknown>(jobs('replicas', guarded)),
    ])
    done = new Map(both.flatMap((results) => [...results]))
  }),
)

test.after(async () => {
  await address?.close()
  for (const replica of replicas) await replica.close()
  await server?.stop()
})

for (const client of ['v1', 'v2']) {
  test(`${client}: the server asks, whichever gateway gets the answer`, () => {
    const seen = (how: string) => {
      const { heard, calls, ended } = done.get(`${client} ${how}`) as Dialogue
      const asked = [...new Set(heard.requests.map(({ method }) => method))].sort()
      return { asked, ended, calls: withoutVarying(JSON.stringify(calls)) }
    }
    assert.equal(seen('replicas'), seen('direct'))
    assert.equal(seen('replicas').asked, [
      'elicitation/create',
      'roots/list',
      'sampling/createMessage',
    ])
  })
}

test('a task of the server: asked for, waited for, listed, and it asks its client', () => {
  const direct = done.get('tasks direct') as Tasks
  const guarded = done.get('tasks replicas') as Tasks
  assert.equal(direct.heard.slice(0, 2), ['taskCreated', 'working'])
  assert.match(direct.heard.at(-1) ?? '', 'Research Report')
  assert.equal(guarded.heard, direct.heard)
  assert.match(guarded.task, /^[\w-]{100,}$/)
  assert.is(guarded.known, guarded.task)
  assert.ok(guarded.listed.includes(guarded.task))
  assert.equal(guarded.related, [guarded.task])
})

test('a task of the client: the server asks for it by the client’s own id', () => {
  for (const how of ['direct', 'replicas']) {
    const { own, sampled } = done.get(`tasks ${how}`) as Tasks
    assert.is(own.length, 1)
    assert.match(sampled, '[COMPLETED]')
    assert.match(sampled, `Task created: ${own[0]}`)
    assert.match(sampled, '"text": "sampled"')
  }
})

test('both gateways had a part in it, and refused nothing', async () => {
  assert.ok(Math.min(...address.served) > 20, address.served.join())
  for (const replica of replicas) {
    const codes = (await replica.audit()).map(({ code }) => code).filter((code) => code !== null)
    assert.equal(codes, [])
  }
})

test.run()
