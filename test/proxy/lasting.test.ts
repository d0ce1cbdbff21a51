/** A stream without an end by itself: who is asked when, and what waits for a half-sent message. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DecisionPoint, Question } from '../../src/domain.js'
import { ownMessage } from '../../src/mcp/json-rpc.js'
import { createLastSeen, seenKey } from '../../src/proxy/last-seen.js'
import { Lasting } from '../../src/proxy/lasting.js'
import { createStreams } from '../../src/proxy/streams.js'

const circumstances = {
  nowMs: 0,
  ip: '127.0.0.1',
  transport: 'http',
  era: 'modern',
  protocolVersion: '2026-07-28',
  client: null,
  session: null,
  requestId: 'r',
} as const
const subject = {
  id: 'alice',
  kind: 'user',
  issuer: 'i',
  method: 'api-key',
  client_id: null,
  actors: [],
  roles: [],
  groups: [],
  scopes: [],
  tenant: null,
  expires_at: null,
  claims: {},
} as const
const promise = ownMessage({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: { notifications: { toolsListChanged: true } },
})

function pointThat(allow: boolean, revision = 'r'): DecisionPoint {
  const decision = allow
    ? ({ allow: true, reasons: [], limits: null } as const)
    : ({ allow: false, reasons: [], challenge: null } as const)
  return {
    revision,
    readsDefinitions: false,
    judge: () => ({ decisionId: 'd', revision: 'r', decision }),
    visible: async (_question, _kind, ids) => ids.map(() => allow),
  }
}

function rig(
  expiresAtMs: number | null = null,
  { id = 7, announced = 0 }: { id?: number | null; announced?: number } = {},
) {
  const told: string[] = []
  const state = { decisionPoint: pointThat(true), isPartial: false }
  const streams = createStreams(
    () => 0,
    () => null,
  )
  const lastSeen = createLastSeen()
  const question: Question = {
    identity: {
      subject: { ...subject, actors: [], roles: [], groups: [], scopes: [] },
      binding: 'b',
      expiresAtMs,
      credentialId: 'c',
    },
    server: { name: 's', labels: {} },
    definitions: null,
    direction: 'client',
    kind: 'request',
    method: 'subscriptions/listen',
    params: {},
    circumstances,
  }
  const lasting = new Lasting({
    steps: { streams, lastSeen },
    id,
    announced,
    ask: () => ({ question, decisionPoint: state.decisionPoint }),
    isPartial: () => state.isPartial,
    send: (message) => told.push(JSON.parse(Buffer.from(message).toString()).method),
    denied: () => told.push('denied'),
    expired: () => told.push('expired'),
    failed: ({ code, message }) => told.push(`failed: ${code} ${message}`),
  })
  const show = (revision: string) =>
    lastSeen.page(seenKey(question, 'tools'), {
      first: true,
      revision,
      names: ['x'],
      shown: [true],
    })
  return { told, state, streams, lasting, show }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
const changed = 'notifications/tools/list_changed'

test('opened under another policy than it was judged by: asked at once', () => {
  const { told, state, lasting } = rig()
  const judgedBy = state.decisionPoint
  state.decisionPoint = pointThat(false)
  lasting.opened(judgedBy)
  assert.equal(told, ['denied'])
})

test('opened under the policy that judged it: not asked again', () => {
  const { told, state, lasting } = rig()
  state.decisionPoint = pointThat(false)
  lasting.opened(state.decisionPoint)
  assert.equal(told, [])
})

test('a change is not announced inside a message that is half sent, but right behind it', async () => {
  const { told, state, streams, lasting } = rig()
  lasting.opened(state.decisionPoint)
  lasting.heard(promise)
  state.isPartial = true
  await streams.reconsider()
  await turn()
  assert.equal(told, [])
  state.isPartial = false
  lasting.whole()
  lasting.whole()
  assert.equal(told, [changed])
})

test('what is over is told nothing, whatever was under way', async () => {
  const { told, state, streams, lasting } = rig()
  lasting.opened(state.decisionPoint)
  lasting.heard(promise)
  const asking = streams.reconsider()
  lasting.over()
  await asking
  await turn()
  lasting.whole()
  lasting.reconsider()
  lasting.expire('credential-expired')
  await turn()
  assert.equal(told, [])
})

test('a credential that was dead before the stream opened ends it', async () => {
  const { told, state, lasting } = rig(-1)
  lasting.opened(state.decisionPoint)
  await turn()
  assert.equal(told, ['expired'])
})

test('the stream of a legacy session is told what its server said that it announces', async () => {
  const legacy = rig(null, { id: null, announced: 0b001 })
  legacy.lasting.opened(legacy.state.decisionPoint)
  legacy.lasting.heard(promise)
  await legacy.streams.reconsider()
  await turn()
  assert.equal(legacy.told, [changed])
  const silent = rig(null, { id: null, announced: 0 })
  silent.lasting.opened(silent.state.decisionPoint)
  silent.lasting.heard(promise)
  await silent.streams.reconsider()
  await turn()
  assert.equal(silent.told, [], 'an acknowledgement is none of the older era')
})

test('what another client of the same caller was shown since is not what this one was', async () => {
  const { told, state, streams, lasting, show } = rig()
  lasting.opened(state.decisionPoint)
  lasting.heard(promise)
  show('r')
  state.decisionPoint = pointThat(true, 'r2')
  await streams.reconsider()
  assert.equal(told, [], 'nothing has changed for it')
  state.decisionPoint = pointThat(true, 'r3')
  show('r3')
  await streams.reconsider()
  assert.equal(told, [changed], 'what it was shown before is not known any more')
  await streams.reconsider()
  assert.equal(told, [changed], 'once')
})

const undecided = 'failed: GUARD_INTERNAL whether a stream may go on could not be decided: broken'
const broken = () => {
  throw new Error('broken')
}

test('a policy that throws when it is asked again ends the stream, at any time', async () => {
  const { told, state, streams, lasting } = rig()
  lasting.opened(state.decisionPoint)
  state.decisionPoint = { ...pointThat(true), judge: broken }
  await streams.reconsider()
  assert.equal(told, [undecided])
  const opening = rig()
  const judgedBy = opening.state.decisionPoint
  opening.state.decisionPoint = { ...pointThat(true), judge: broken }
  opening.lasting.opened(judgedBy)
  assert.equal(opening.told, [undecided])
})

test('so does one that rejects when it is asked what is seen', async () => {
  const { told, state, streams, lasting, show } = rig()
  lasting.opened(state.decisionPoint)
  lasting.heard(promise)
  show('r')
  state.decisionPoint = { ...pointThat(true), visible: async () => broken() }
  await streams.reconsider()
  await turn()
  assert.equal(told, [undecided])
})

test('what fails after it is over is told nothing', async () => {
  const { told, state, lasting } = rig()
  lasting.opened(state.decisionPoint)
  lasting.over()
  lasting.fail(new Error('late'))
  assert.equal(told, [])
})

test.run()
