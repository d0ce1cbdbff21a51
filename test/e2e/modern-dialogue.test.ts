/**
 * What 2026-07-28 has beside single answers, by a real client through the gateway: progress on a
 * call's stream, a second round with input, a mirrored argument, change events on a listen stream.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { modern } from '../support/messages.js'
import { allowAll, shippedRules } from '../support/peer-items.js'
import { type Job, loud, type PeerServer, runClient, startModern } from '../support/peers.js'

interface Dialogue {
  readonly asked: readonly string[]
  readonly calls: Readonly<Record<'greet' | 'locate' | 'count', Called>>
  readonly progress: readonly object[]
  readonly changed: readonly (readonly [method: string, uri: string | null])[]
  readonly honoured: object
  readonly ended: string
  readonly denied: string
  readonly wire: readonly (readonly [asked: string, status: number, messages: readonly string[]])[]
}

interface Called {
  readonly content?: readonly { readonly text: string }[]
  /** Of the error, where there was no result. */
  readonly message?: string
}

const listen = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourceSubscriptions: ['notes://open/1'],
}
const refused = { resourceSubscriptions: ['notes://open/1', 'notes://secret/1'] }

let server: PeerServer
let open: Gateway
let ruled: Gateway
let dialogues: Map<string, Dialogue>

test.before(
  loud(async () => {
    server = await startModern()
    const upstreams = { modern: server.url }
    open = await startGateway({ upstreams, policy: allowAll })
    const callers = { reader: ['reader'], admin: ['admin'] }
    ruled = await startGateway({ upstreams, callers, policy: shippedRules() })
    const job = { sdk: 'v2', mode: 'modern', scenario: 'modernDialogue', listen, refused } as const
    const jobs: Job[] = [
      { ...job, name: 'direct', url: server.url, key: null },
      { ...job, name: 'open', url: `${open.url}/mcp/modern`, key: keyOf('alice') },
      { ...job, name: 'admin', url: `${ruled.url}/mcp/modern`, key: keyOf('admin') },
      { ...job, name: 'reader', url: `${ruled.url}/mcp/modern`, key: keyOf('reader') },
    ]
    dialogues = await runClient<Dialogue>(jobs)
  }),
)

test.after(async () => {
  await open?.close()
  await ruled?.close()
  await server?.stop()
})

function dialogueOf(name: string): Dialogue {
  const dialogue = dialogues.get(name)
  if (dialogue === undefined) throw new Error('there is no such dialogue')
  return dialogue
}

test('direct: all of it happens, or nothing is proved below', () => {
  const { asked, calls, progress, changed, denied } = dialogueOf('direct')
  assert.equal(asked, ['Who are you?'])
  assert.is(calls.greet.content?.[0]?.text, 'Hello, Ada! état="1"')
  assert.is(calls.locate.content?.[0]?.text, 'Zürich  =?base64?WsO8cmljaCA=?=')
  assert.is(progress.length, 3)
  assert.equal(changed, [
    ['notifications/prompts/list_changed', null],
    ['notifications/resources/updated', 'notes://open/1'],
    ['notifications/tools/list_changed', null],
  ])
  assert.is(denied, 'listens')
})

test('open: everything is as it is without a gateway, stream by stream', () => {
  const { wire, ...direct } = dialogueOf('direct')
  const { wire: through, ...rest } = dialogueOf('open')
  assert.equal(rest, direct)
  const withoutLists = (exchanges: Dialogue['wire']) =>
    exchanges.filter(([asked]) => asked !== 'tools/list')
  assert.equal(withoutLists(through), withoutLists(asPrivate(wire)))
})

/** A result that passed is this caller's: that much the gateway changes. */
function asPrivate(wire: Dialogue['wire']): Dialogue['wire'] {
  const text = JSON.stringify(wire)
  const scope = (value: string) => `\\"cacheScope\\":\\"${value}\\"`
  assert.ok(text.includes(scope('public')))
  return JSON.parse(text.replaceAll(scope('public'), scope('private')))
}

test('admin: may listen to everything and has the same dialogue', () => {
  const { wire: _direct, ...direct } = dialogueOf('direct')
  const { wire: _through, ...rest } = dialogueOf('admin')
  assert.equal(rest, direct)
})

test('reader: has the same dialogue but for what is refused', () => {
  const { wire: _direct, denied: _listens, asked: _who, ...direct } = dialogueOf('direct')
  const { wire: _through, denied: _refused, asked: _nobody, ...rest } = dialogueOf('reader')
  const { greet: _greeted, ...calls } = direct.calls
  const { greet: _unasked, ...guarded } = rest.calls
  assert.equal({ ...rest, calls: guarded }, { ...direct, calls })
})

test('reader: may call a tool, but its server may not ask the reader for input', async () => {
  const { asked, calls } = dialogueOf('reader')
  assert.equal(asked, [])
  assert.match(calls.greet.content?.[0]?.text ?? '', 'Denied by policy')
  const event = await ruled.event(
    ({ method, subject }) => method === 'elicitation/create' && subject?.id === 'reader',
  )
  assert.equal([event.direction, event.outcome], ['server', 'denied'])
})

test('reader: a listen that names a hidden resource is refused as a whole', async () => {
  const { denied } = dialogueOf('reader')
  assert.match(denied, /Denied by policy \(decision [^ ]+\)\. Retrying will not help\.$/)
  const event = await ruled.event(
    ({ method, outcome }) => method === 'subscriptions/listen' && outcome === 'denied',
  )
  assert.is(event.subject?.id, 'reader')
})

for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
  for (const params of [{}, { uri: 'notes://open/1' }]) {
    test(`${method} ${JSON.stringify(params)}: unknown, as to the server itself`, async () => {
      const answer = await open.send(modern(method, params, { 'mcp-name': null }))
      const direct = await fetch(server.url, {
        method: 'POST',
        headers: {
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
        },
        body: JSON.stringify(modern(method, params).body),
      })
      const expected = { status: 404, code: -32601 }
      assert.equal({ status: answer.status, code: codeOf(answer.body) }, expected)
      assert.equal({ status: direct.status, code: codeOf(await direct.text()) }, expected)
    })
  }
}

function codeOf(body: string): number {
  return JSON.parse(body).error.code
}

test.run()
