/**
 * A server's own requests: their ids reach the client sealed, and only what that client answers to
 * one of them reaches the server, under the server's id. Two gateways with one key serve alike.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, startGateway } from '../support/gateway.js'
import { call, notification, openSession, request, seenByCaller } from '../support/messages.js'
import { event, events, json, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const other = await startUpstream()
const keys = ['a-key-of-both-replicas-'.repeat(2)]
const start = () =>
  startGateway({
    upstreams: { up: upstream.url, other: other.url },
    callers: { alice: [], bob: [], strict: ['deny:roots/list', 'deny:response'] },
    sessions: { keys },
  })
const gateway = await start()
const replica = await start()

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
  sessions = 0
})
test.after(async () => {
  for (const one of [gateway, replica]) await one.close()
  await upstream.close()
  await other.close()
})

let sessions = 0

/** Every session has an id of its own; a call is answered with what is asked of the client first. */
function asks(...texts: readonly (string | object)[]): void {
  upstream.script = (seen, response) => {
    const { id, method } = seen.message
    if (method === 'initialize') {
      sessions += 1
      response.setHeader('mcp-session-id', `upstream-session-${sessions}`)
      return json(response, result(id, {}))
    }
    if (method !== 'tools/call') return mcpServer()(seen, response)
    events(response, ...texts.map((text) => event(text)), event(result(id, { content: [] })))
    response.end()
  }
}

interface Heard {
  readonly id?: string
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
}

/** The server's messages as the client gets them on the stream of its call. */
async function heardBy(session: string | null, on: Gateway = gateway, as = 'alice') {
  const headers = { 'mcp-session-id': session }
  const { body } = await on.send({ as, headers, body: call('open-tool') })
  const texts = body.split('\n\n').filter((text) => text.startsWith('data: '))
  const messages = texts.map((text): Heard => JSON.parse(text.slice(6)))
  return { texts, messages: messages.filter(({ method }) => method !== undefined) }
}

async function sealedId(session: string | null): Promise<string> {
  const { messages } = await heardBy(session)
  return messages[0]?.id ?? ''
}

const answers = (id: unknown) => ({ jsonrpc: '2.0', id, result: { roots: [] } })
const posted = () => upstream.seen.filter(({ body }) => body.includes('"roots":[]'))

const ids = ['"ask-1"', '"1"', '1', '0', '-3', '9007199254740991', '12345678901234567890', '1.0']
for (const id of [...ids, '"\\u00fc \\"\\\\ \\u0001"', '""', '"\ud83d\ude00"']) {
  test(`the id ${id} comes back as it was, by either replica`, async () => {
    const asked = (at: string) =>
      `{"jsonrpc":"2.0", "id" : ${at},"method":"roots/list","params":{"_meta":{"progressToken":5}}}`
    asks(asked(id))
    const session = await openSession(gateway)
    const { texts, messages } = await heardBy(session)
    const sealed = messages[0]?.id ?? ''
    assert.match(sealed, /^[A-Za-z0-9_-]{100,}$/)
    assert.is(texts[0], `data: ${asked(JSON.stringify(sealed))}`)
    assert.is((await heardBy(session, replica)).messages[0]?.id, sealed)
    for (const one of [gateway, replica]) {
      upstream.seen.length = 0
      const headers = { 'mcp-session-id': session }
      const answer = await one.send({ headers, body: answers(sealed) })
      assert.equal([answer.status, answer.body], [202, ''])
      const [sent] = posted()
      assert.equal(sent?.message, JSON.parse(`{"jsonrpc":"2.0","id":${id},"result":{"roots":[]}}`))
      // JSON.parse would not tell 1.0 from 1.
      const [, number = id] = /"id":([-.\d]+)/.exec(sent?.body ?? '') ?? []
      assert.is(number, id)
    }
  })
}

test('an error of the client’s goes back as well', async () => {
  asks(request('roots/list', undefined, 7))
  const session = await openSession(gateway)
  const error = { code: -1, message: 'no roots' }
  const body = { jsonrpc: '2.0', id: await sealedId(session), error }
  await gateway.send({ headers: { 'mcp-session-id': session }, body })
  assert.equal(upstream.seen.at(-1)?.message, { jsonrpc: '2.0', id: 7, error })
})

test('a cancellation names the request as its client knows it', async () => {
  for (const id of [7, '7']) {
    asks(
      request('roots/list', undefined, id),
      notification('notifications/cancelled', { requestId: id, reason: 'late' }),
      notification('notifications/progress', { progressToken: 7, progress: 1 }),
    )
    const { messages } = await heardBy(await openSession(gateway))
    const [asked, cancelled, progress] = messages
    assert.equal(cancelled?.params, { requestId: asked?.id, reason: 'late' })
    assert.equal(progress?.params, { progressToken: 7, progress: 1 })
  }
})

test('a client’s own cancellation names its own request', async () => {
  const session = await openSession(gateway)
  const body = notification('notifications/cancelled', { requestId: 1 })
  const answer = await gateway.send({ headers: { 'mcp-session-id': session }, body })
  assert.is(answer.status, 202)
  assert.equal(upstream.seen.at(-1)?.message, body)
})

test('a denied request is answered under the server’s own id', async () => {
  for (const id of ['"ask"', '3', '12345678901234567890']) {
    asks(`{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`)
    const session = await openSession(gateway, { as: 'strict' })
    const { messages } = await heardBy(session, gateway, 'strict')
    assert.equal(messages, [])
    const refusal = await upstream.arrives(({ message }) => message.error !== undefined)
    assert.match(refusal.body, `"id":${id},`)
    upstream.seen.length = 0
  }
})

test('without sessions an answer still finds its server', async () => {
  asks(request('ping', undefined, 'p'))
  const sealed = await sealedId(null)
  const answer = await replica.send({ body: answers(sealed) })
  assert.is(answer.status, 202)
  assert.equal(posted().at(-1)?.message, answers('p'))
})

test('what is asked while the session begins belongs to it', async () => {
  upstream.script = (seen, response) => {
    if (seen.message.method !== 'initialize') return mcpServer()(seen, response)
    response.setHeader('mcp-session-id', 'upstream-session-early')
    events(response, event(request('ping', undefined, 'early')), event(result(1, {})))
    response.end()
  }
  const begun = await gateway.send({
    body: request('initialize', { protocolVersion: '2025-11-25', capabilities: {} }),
  })
  const sealed = JSON.parse(begun.body.slice(6, begun.body.indexOf('\n\n'))).id
  const headers = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
  assert.is((await gateway.send({ headers, body: answers(sealed) })).status, 202)
  assert.equal(posted().at(-1)?.message, answers('early'))
})

const refusedBody =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the response answers no request","data":{"requestId":"<id>"}}}'

async function isRefused(
  sent: Parameters<Gateway['send']>[0],
  code: string,
  on: Gateway = gateway,
): Promise<void> {
  const earlier = (await on.audit()).length
  const answer = await on.send(sent)
  assert.equal(seenByCaller(answer), {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: refusedBody,
  })
  assert.equal(posted(), [])
  const recorded = (await on.audit()).slice(earlier)
  assert.equal(
    recorded.map((one) => [one.event, one.outcome, one.kind, one.code, one.status]),
    [['message', 'rejected', 'response', code, 400]],
  )
}

for (const id of ['ask-1', 1, 0, '', 'A'.repeat(200), 'A'.repeat(4096)]) {
  test(`a response to nothing, ${String(id).slice(0, 10)}: 400, nothing is forwarded`, async () => {
    const session = await openSession(gateway)
    await isRefused(
      { headers: { 'mcp-session-id': session }, body: answers(id) },
      'response-unknown',
    )
  })
}

test('another principal’s, another session’s, another server’s: 400', async () => {
  asks(request('roots/list', undefined, 7))
  const mine = await openSession(gateway)
  const second = await openSession(gateway)
  const theirs = await openSession(gateway, { as: 'bob' })
  const body = answers(await sealedId(mine))
  const within = (session: string | null) => ({ 'mcp-session-id': session })
  await isRefused({ as: 'bob', headers: within(theirs), body }, 'response-foreign')
  await isRefused({ as: 'bob', headers: within(theirs), body }, 'response-foreign', replica)
  await isRefused({ headers: within(second), body }, 'response-foreign')
  await isRefused({ headers: within(null), body }, 'response-foreign')
  await isRefused({ path: '/mcp/other', headers: within(null), body }, 'response-unknown')
  assert.is((await gateway.send({ headers: within(mine), body })).status, 202)
})

test('a response that policy denies: 202, nothing is forwarded', async () => {
  asks(request('sampling/createMessage', {}, 7))
  const session = await openSession(gateway, { as: 'strict' })
  const { messages } = await heardBy(session, gateway, 'strict')
  const body = answers(messages[0]?.id)
  const answer = await gateway.send({
    as: 'strict',
    headers: { 'mcp-session-id': session },
    body,
  })
  assert.equal([answer.status, answer.body, posted().length], [202, '', 0])
  assert.is(answer.headers.get('content-length'), '0')
  const last = (await gateway.audit()).at(-1)
  assert.equal([last?.outcome, last?.kind, last?.status], ['denied', 'response', 202])
})

test('an id over 1 KiB: the request is left out and recorded', async () => {
  asks(request('roots/list', undefined, 'x'.repeat(1024)), request('ping', undefined, 'short'))
  assert.is((await heardBy(null)).messages.length, 2)
  asks(request('roots/list', undefined, 'x'.repeat(1025)), request('ping', undefined, 'short'))
  const earlier = (await gateway.audit()).length
  const { messages } = await heardBy(null)
  assert.equal(
    messages.map(({ method }) => method),
    ['ping'],
  )
  const recorded = (await gateway.audit()).slice(earlier)
  assert.equal(
    [recorded[0]?.event, recorded[0]?.code],
    ['dropped', 'an-unreadable-request-or-notification'],
  )
})

test('a long id in a cancellation: the same', async () => {
  const earlier = (await gateway.audit()).length
  asks(notification('notifications/cancelled', { requestId: 'x'.repeat(1025) }))
  assert.equal((await heardBy(null)).messages, [])
  const [dropped] = (await gateway.audit()).slice(earlier)
  assert.equal([dropped?.event, dropped?.code], ['dropped', 'an-id-over-the-size-limit'])
})

// ── Sessions: what belongs to another ───────────────────────────────────────────────────────────

test('a second initialize goes to the session it names, whose server answers', async () => {
  const session = await openSession(gateway)
  const error = { code: -32600, message: 'Invalid Request: Server already initialized' }
  upstream.script = (seen, response) =>
    json(response, { jsonrpc: '2.0', id: seen.message.id, error }, 400)
  const earlier = (await gateway.audit()).length
  const headers = { 'mcp-session-id': session }
  const body = request('initialize', { protocolVersion: '2025-11-25', capabilities: {} })
  const answer = await gateway.send({ headers, body })
  assert.is(answer.status, 400)
  assert.is(answer.body, JSON.stringify({ jsonrpc: '2.0', id: 1, error }))
  assert.match(upstream.seen.at(-1)?.headers.get('mcp-session-id') ?? '', 'upstream-session')
  const recorded = (await gateway.audit()).slice(earlier)
  assert.equal(
    recorded.map((one) => [one.event, one.outcome, one.status]),
    [['message', 'forwarded', 400]],
  )
})

test('another’s session cannot be initialised again, nor its calls cancelled: 404', async () => {
  const session = await openSession(gateway)
  upstream.seen.length = 0
  const headers = { 'mcp-session-id': session }
  for (const body of [
    request('initialize', { protocolVersion: '2025-11-25', capabilities: {} }),
    notification('notifications/cancelled', { requestId: 1 }),
  ]) {
    const answer = await gateway.send({ as: 'bob', headers, body })
    assert.is(answer.status, 404)
    assert.is((await gateway.audit()).at(-1)?.code, 'session-foreign')
  }
  assert.equal(upstream.seen, [])
})

test('a cancellation reaches only the session of its sender', async () => {
  asks()
  const sent = []
  for (const as of ['alice', 'bob']) {
    const session = await openSession(gateway, { as })
    const body = notification('notifications/cancelled', { requestId: 1 })
    const answer = await gateway.send({ as, headers: { 'mcp-session-id': session }, body })
    assert.equal([answer.status, answer.body], [202, ''])
    sent.push(upstream.seen.at(-1)?.headers.get('mcp-session-id'))
  }
  assert.equal(sent, ['upstream-session-1', 'upstream-session-2'])
})

test('a modern cancellation that is posted: 202, nobody’s request is touched', async () => {
  upstream.seen.length = 0
  const earlier = (await gateway.audit()).length
  const answer = await gateway.send({
    headers: { 'mcp-protocol-version': '2026-07-28' },
    body: notification('notifications/cancelled', { requestId: 1 }),
  })
  assert.equal([answer.status, answer.body], [202, ''])
  assert.equal(upstream.seen, [])
  const recorded = (await gateway.audit()).slice(earlier)
  assert.equal(
    recorded.map((one) => [one.event, one.outcome, one.code, one.status]),
    [['refused', 'rejected', 'cancel-ignored', 202]],
  )
})

test('a server that forgot a session says so in its own way: 400 stays 400', async () => {
  const session = await openSession(gateway)
  const error = { code: -32000, message: 'Bad Request: No valid session ID provided' }
  upstream.script = (_, response) => json(response, { jsonrpc: '2.0', id: null, error }, 400)
  const headers = { 'mcp-session-id': session }
  const answer = await gateway.send({ headers, body: call('open-tool') })
  assert.equal([answer.status, JSON.parse(answer.body).error], [400, error])
})

test.run()
