/**
 * A right to listen does not outlive what granted it: streams are asked about again on every
 * activation, told when it changed what their caller sees, and end with the caller's credential.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DecisionPoint, UnidentifiedReason } from '../../src/domain.js'
import { anonymousIdentity } from '../../src/identity/subject.js'
import type { Back } from '../../src/proxy/back/back.js'
import { createPipeline } from '../../src/proxy/pipeline.js'
import type { Steps } from '../../src/proxy/steps.js'
import { createStreams } from '../../src/proxy/streams.js'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { inboundOf, stepsOf } from '../support/judged-rig.js'
import { modern, notification, openSession } from '../support/messages.js'
import { event, events, json, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, timeout: '30s' } },
  callers: { alice: [], bob: [] },
})

test.before.each(async () => {
  upstream.script = mcpServer()
  await activate(gateway, '')
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

async function activate(on: Gateway, more: string): Promise<void> {
  await writePolicy(on.policyFolder, { 'main.rego': `${rolePolicy['main.rego']}\n${more}\n` })
  const { ok, message } = await on.guard.reload()
  assert.ok(ok, message)
}

const subscription = 'io.modelcontextprotocol/subscriptionId'
const everything = { toolsListChanged: true, promptsListChanged: true }

/** `promised`: what the server acknowledges. */
async function listen(promised: object, as = 'alice') {
  upstream.script = (seen, response) => {
    if (seen.message.method === 'tools/list') {
      const tools = [{ name: 'open-tool' }, { name: 'other-tool' }]
      return json(response, result(seen.message.id, { resultType: 'complete', tools }))
    }
    const params = { notifications: promised, _meta: { [subscription]: 1 } }
    events(response, event(notification('notifications/subscriptions/acknowledged', params)))
  }
  const sent = modern('subscriptions/listen', { notifications: everything })
  const connection = await gateway.open({ ...sent, as })
  await connection.head()
  await connection.until('\n\n')
  return connection
}

const listTools = (as: string) => gateway.send({ ...modern('tools/list'), as })
const toolsChanged = event(
  notification('notifications/tools/list_changed', { _meta: { [subscription]: 1 } }),
)
const hideOther = '_denied if input.resource.id == "other-tool"'
const unrelated = '_denied if input.resource.id == "no-such-tool"'

async function closing(on: Gateway, method: string) {
  const { outcome, code, reasons, status } = await on.event(
    (one) => one.event === 'stream.closed' && one.method === method,
  )
  return { outcome, code, reasons, status }
}

test('a GET stream that a new policy denies ends, and that is on record', async () => {
  const session = await openSession(gateway)
  upstream.script = (seen, response) =>
    seen.verb === 'GET' ? events(response, ': open\n\n') : mcpServer()(seen, response)
  const headers = { 'mcp-session-id': session }
  const connection = await gateway.open({ verb: 'GET', headers })
  await connection.head()
  await connection.until(':\n\n')
  await activate(gateway, '_denied if input.action.name == "stream/open"')
  assert.is(await connection.body(), '', 'it ended, it was not broken off')
  assert.equal(await closing(gateway, 'stream/open'), {
    outcome: 'denied',
    code: null,
    reasons: ['denied-by-test'],
    status: 200,
  })
  assert.is((await gateway.send({ verb: 'GET', headers })).status, 405)
})

test('a stream that was being opened while the policy changed is asked about at once', async () => {
  let open: () => void = () => undefined
  upstream.script = (_, response) => {
    open = () => events(response, ': open\n\n')
  }
  const sent = modern('subscriptions/listen', { notifications: everything })
  const connection = await gateway.open(sent)
  await upstream.arrives(({ message }) => message.method === 'subscriptions/listen')
  await activate(gateway, '_denied if input.action.name == "subscriptions/listen"')
  open()
  await connection.head()
  const text = await connection.body()
  assert.match(text, '"resultType":"complete"')
  assert.is((await closing(gateway, 'subscriptions/listen')).outcome, 'denied')
})

test('an activation that changes what the caller sees is told, one that does not is not', async () => {
  await listTools('alice')
  const connection = await listen({ toolsListChanged: true })
  await activate(gateway, unrelated)
  await activate(gateway, hideOther)
  assert.is(await connection.until('\n\n'), toolsChanged)
  await listTools('alice')
  await activate(gateway, `${hideOther}\n${unrelated}`)
  await activate(gateway, '')
  assert.is(await connection.until('\n\n'), toolsChanged, 'once for the one that changes it')
  connection.close()
})

test('who has never listed is told of every activation; what was not promised is not told', async () => {
  const stranger = await listen({ toolsListChanged: true }, 'bob')
  await activate(gateway, unrelated)
  assert.is(await stranger.until('\n\n'), toolsChanged)
  stranger.close()
  const unpromised = await listen({ promptsListChanged: false }, 'bob')
  await activate(gateway, hideOther)
  await sleep(100)
  await activate(gateway, '_denied if input.action.name == "subscriptions/listen"')
  assert.not.match(await unpromised.body(), 'list_changed')
})

/** What a stream brings after its server has promised everything so often, and policy changed. */
async function afterPromises(times: number): Promise<string> {
  upstream.script = (_, response) => {
    const params = { notifications: everything, _meta: { [subscription]: 1 } }
    const promise = event(notification('notifications/subscriptions/acknowledged', params))
    events(response, `${promise.repeat(times)}: that is all\n\n`)
  }
  const sent = modern('subscriptions/listen', { notifications: everything })
  const connection = await gateway.open({ ...sent, as: 'bob' })
  await connection.head()
  await connection.until(':\n\n')
  await activate(gateway, unrelated)
  await sleep(100)
  await activate(gateway, '_denied if input.action.name == "subscriptions/listen"')
  return connection.body()
}

test('what a server promises a thousand times is told once for each activation', async () => {
  const told = (await afterPromises(1000)).split(toolsChanged).length - 1
  // The folder is watched too, so that one change may be activated more than once.
  assert.ok(told >= 1 && told < 10, `${told}`)
})

test('a promise that policy keeps from the caller is none', async () => {
  const denied = '_denied if input.action.name == "notifications/subscriptions/acknowledged"'
  await activate(gateway, denied)
  assert.not.match(await afterPromises(1), 'list_changed')
})

test('a stream ends with the credential it was opened with', async () => {
  const expires = new Date(Date.now() + 1500).toISOString()
  const expiring = await startGateway({
    upstreams: { up: upstream.url },
    entries: { alice: { expires } },
  })
  const session = await openSession(expiring)
  upstream.script = (seen, response) =>
    seen.verb === 'GET' ? events(response, ': open\n\n') : mcpServer()(seen, response)
  const headers = { 'mcp-session-id': session }
  const connection = await expiring.open({ verb: 'GET', headers })
  await connection.head()
  assert.is(await connection.body(), ':\n\n')
  assert.ok(Date.now() >= Date.parse(expires))
  const { outcome, code } = await closing(expiring, 'stream/open')
  assert.equal([outcome, code], ['unauthenticated', 'credential-expired'])
  await expiring.close()
})

const deaf = {
  reconsider: () => undefined,
  announce: () => Promise.resolve(),
  expire: () => undefined,
  fail: () => undefined,
}

test('an expiry further away than a timer can wait is not taken for now', async () => {
  let expired = false
  const streams = createStreams(Date.now, () => null)
  const stream = {
    ...deaf,
    expire: () => {
      expired = true
    },
  }
  const remove = streams.add(stream, until(Date.now() + 2 ** 32))
  await sleep(20)
  assert.not.ok(expired)
  remove()
})

const until = (expiresAtMs: number | null) => ({ ...anonymousIdentity(), expiresAtMs })

test('a stream that cannot be asked about ends, and those behind it are asked', async () => {
  const told: string[] = []
  const streams = createStreams(Date.now, () => null)
  const broken = () => {
    throw new Error('broken')
  }
  const fail = (thrown: unknown) => told.push(`first ${thrown}`)
  streams.add({ ...deaf, reconsider: broken, fail: (thrown) => void fail(thrown) }, until(null))
  streams.add({ ...deaf, reconsider: () => void told.push('second asked') }, until(null))
  await streams.reconsider()
  assert.equal(told, ['first Error: broken', 'second asked'])
})

test('a stream whose end throws when its credential expires does not end the process', async () => {
  const told: string[] = []
  const expire = () => {
    throw new Error('broken')
  }
  const streams = createStreams(Date.now, () => null)
  streams.add(
    { ...deaf, expire, fail: (thrown) => void told.push(String(thrown)) },
    until(Date.now()),
  )
  await sleep(30)
  assert.equal(told, ['Error: broken'])
})

test('the stream of a client ends on record where policy cannot be asked again', async () => {
  const recorded: string[] = []
  const logged: string[] = []
  let isBroken = false
  const point: DecisionPoint = {
    revision: 'r',
    readsDefinitions: false,
    judge() {
      if (isBroken) throw new Error('broken')
      const decision = { allow: true as const, reasons: [], limits: [] }
      return { decisionId: 'd', revision: 'r', decision }
    },
    visible: async (_, __, ids) => ids.map(() => true),
  }
  const back: Back = {
    open(_, sink) {
      void sink.head({ status: 200, framing: 'sse', headers: new Map() })
      return { abort: () => recorded.push('server is left') }
    },
    answers: async () => true,
    close: async () => undefined,
  }
  const steps: Steps = {
    ...stepsOf(point, new Map([['http', back]])),
    observer: {
      log: (level, text) => void logged.push(`${level} ${text}`),
      outcome: ({ event: what, outcome, code }) => void recorded.push(`${what} ${outcome} ${code}`),
    },
  }
  const rawHeaders = ['host', 'localhost', 'accept', 'text/event-stream']
  const get = { verb: 'GET', target: '/mcp/http', rawHeaders, bytes: new Uint8Array() }
  await createPipeline(steps)(inboundOf(get, { over: () => recorded.push('client is told') }))
  isBroken = true
  await steps.streams.reconsider()
  await steps.streams.reconsider()
  assert.equal(recorded, [
    'stream.opened forwarded null',
    'server is left',
    'stream.closed failed GUARD_INTERNAL',
    'client is told',
  ])
  assert.equal(logged, [
    'error GUARD_INTERNAL: whether a stream may go on could not be decided: broken',
  ])
})

test('streams of credentials that were taken back end, with the reason; the others do not', async () => {
  const told: string[] = []
  const gone = until(null)
  let reason: UnidentifiedReason | null = null
  const streams = createStreams(Date.now, (identity) => (identity === gone ? reason : null))
  const add = (name: string, identity = until(null)) =>
    streams.add({ ...deaf, expire: (why) => void told.push(`${name} ${why}`) }, identity)
  add('one', gone)
  add('other')
  const remove = add('closed', gone)
  await streams.recheck()
  assert.equal(told, [])
  reason = 'credential-disabled'
  remove()
  await streams.recheck()
  assert.equal(told, ['one credential-disabled'])
})

test('a stream that opens after its credential was taken back ends at once', async () => {
  const told: string[] = []
  const streams = createStreams(Date.now, () => 'credential-unknown')
  streams.add({ ...deaf, expire: (why) => void told.push(why) }, until(null))
  assert.equal(told, [], 'not before it knows how to end')
  await sleep(20)
  assert.equal(told, ['credential-unknown'])
})

test('a stream whose credential cannot be asked about ends', async () => {
  const told: string[] = []
  let isBroken = false
  const streams = createStreams(Date.now, () => {
    if (isBroken) throw new Error('broken')
    return null
  })
  streams.add({ ...deaf, fail: (thrown) => void told.push(String(thrown)) }, until(null))
  isBroken = true
  await streams.recheck()
  assert.equal(told, ['Error: broken'])
})

test('streams are asked about in turns, and those that ended meanwhile are not', async () => {
  const asked: number[] = []
  const streams = createStreams(Date.now, () => null)
  const removers = Array.from({ length: 50 }, (_, n) =>
    streams.add({ ...deaf, reconsider: () => void asked.push(n) }, until(null)),
  )
  const all = streams.reconsider()
  assert.is(asked.length, 20, 'the rest waits for its turn')
  removers[30]?.()
  await all
  assert.equal(asked.length, 49)
  assert.not.ok(asked.includes(30))
})

test('nobody is told of changes before all are asked whether they may listen, and one at a time', async () => {
  const order: string[] = []
  const streams = createStreams(Date.now, () => null)
  let telling = 0
  for (const name of ['first', 'second']) {
    const announce = async () => {
      telling += 1
      order.push(`${name} is told, ${telling} at a time`)
      await sleep(5)
      telling -= 1
    }
    streams.add(
      { ...deaf, reconsider: () => void order.push(`${name} is asked`), announce },
      until(null),
    )
  }
  await streams.reconsider()
  assert.equal(order, [
    'first is asked',
    'second is asked',
    'first is told, 1 at a time',
    'second is told, 1 at a time',
  ])
})

test.run()
