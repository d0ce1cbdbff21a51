/**
 * Two processes with one key behind one address that gives each request to the next: a session, the
 * server's own requests and tasks in both directions, and what 2026-07-28 has instead, are for real
 * clients as they are without. The conformance suite on the same way: test/long.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { withoutVarying } from '../support/peer-survey.js'
import {
  type Job,
  loud,
  type PeerServer,
  runClient,
  startEverything,
  startModern,
} from '../support/peers.js'
import { type Replicas, shares, startReplicas } from '../support/replicas.js'

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

interface ModernDialogue {
  readonly wire: unknown
  readonly [more: string]: unknown
}

let legacy: PeerServer
let modern: PeerServer
let replicas: Replicas
let done: Map<string, unknown>

test.before(
  loud(async () => {
    legacy = await startEverything()
    modern = await startModern()
    const upstreams = { legacy: legacy.url, modern: modern.url }
    replicas = await startReplicas({ upstreams, policy: allowAll })
    const all = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourceSubscriptions: ['notes://open/1'],
    }
    const jobs = (how: string, url: (of: string) => string, key: string | null): Job[] => {
      const [to, toModern] = [
        { url: url('legacy'), key },
        { url: url('modern'), key },
      ]
      const rounds = { scenario: 'modernDialogue', listen: all, refused: all } as const
      return [
        { name: `v1 ${how}`, sdk: 'v1', scenario: 'legacyDialogue', ...to },
        { name: `v2 ${how}`, sdk: 'v2', mode: 'legacy', scenario: 'legacyDialogue', ...to },
        { name: `tasks ${how}`, sdk: 'v1', scenario: 'legacyTasks', ...to },
        { name: `modern ${how}`, sdk: 'v2', mode: 'modern', ...rounds, ...toModern },
      ]
    }
    const direct = new Map(Object.entries({ legacy: legacy.url, modern: modern.url }))
    const both = await Promise.all([
      runClient<unknown>(jobs('direct', (of) => direct.get(of) ?? '', null)),
      runClient<unknown>(jobs('replicas', (of) => `${replicas.url}/mcp/${of}`, keyOf('alice'))),
    ])
    done = new Map(both.flatMap((results) => [...results]))
  }),
)

test.after(async () => {
  await replicas?.close()
  await modern?.stop()
  await legacy?.stop()
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

test('2026-07-28: rounds of input, progress, and a stream of changes', () => {
  const { wire: _direct, ...direct } = done.get('modern direct') as ModernDialogue
  const { wire: _through, ...through } = done.get('modern replicas') as ModernDialogue
  assert.equal(through, direct)
  assert.equal(through['asked'], ['Who are you?'])
})

test('both processes had a part in it, and refused nothing', async () => {
  assert.ok(Math.min(...(await shares(replicas))) > 20)
  const events = (await Promise.all(replicas.each.map((replica) => replica.audit()))).flat()
  const codes = events.map(({ code }) => code).filter((code) => code !== null)
  // A client of 2026-07-28 ends its listening by closing the stream, and says so beside it.
  assert.equal(codes, ['cancel-ignored'])
})

test.run()
