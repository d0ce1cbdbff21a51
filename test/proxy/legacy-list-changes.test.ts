/**
 * A legacy client that listens is told that an activation changed what it sees, of the lists whose
 * changes its server announces. What the server declared is in the session's id, so that any replica
 * tells it; the head of that answer waits for its first message, and nothing of it is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { initialize, notification, openSession, request } from '../support/messages.js'
import { event, events, json, result, type Script, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const sessions = { keys: ['a-key-of-both-'.repeat(4)] }
const upstreams = { up: upstream.url }
/** It alone serves its callers, and so it remembers what they were shown. */
const gateway = await startGateway({ upstreams })
const sharing = await startGateway({ upstreams, sessions })
const replica = await startGateway({ upstreams, sessions })

test.after(async () => {
  await Promise.all([gateway, sharing, replica].map((one) => one.close()))
  await upstream.close()
})

async function activate(more: string, on: Gateway = gateway): Promise<void> {
  const text = `${rolePolicy['main.rego']}\n${more}\n`
  await writePolicy(on.policyFolder, { 'main.rego': text })
  const { ok, message } = await on.guard.reload()
  assert.ok(ok, message)
}

interface Answering {
  readonly sse?: boolean
  /** Written before the answer to `initialize`. */
  readonly before?: string
  /** Names of the tools it lists. */
  readonly tools?: readonly string[]
}

const given = ['open-tool', 'other-tool']
let count = 0

/** A server of the older era; each session has an id of its own. */
function server(
  capabilities: object,
  { sse = false, before = '', tools = given }: Answering,
): Script {
  return (seen, response) => {
    const { id, method, params } = seen.message
    if (seen.verb === 'GET') return events(response, ': open\n\n')
    if (method === 'tools/list') {
      return json(response, result(id, { tools: tools.map((name) => ({ name })) }))
    }
    const protocolVersion = params?.['protocolVersion']
    const answer = result(id, { protocolVersion, capabilities, serverInfo: { name: 'up' } })
    count += 1
    response.setHeader('mcp-session-id', `session-${count}`)
    if (!sse) return json(response, answer)
    events(response, before, event(answer, 'id: 1\n'))
    response.end()
  }
}

/** A session that has listed its tools and listens; `begunOn`: the process that began it. */
async function listening(
  capabilities: object,
  answering: Answering = {},
  { on = gateway, begunOn = on }: { on?: Gateway; begunOn?: Gateway } = {},
) {
  upstream.script = server(capabilities, answering)
  const headers = { 'mcp-session-id': await openSession(begunOn) }
  await on.send({ headers, body: request('tools/list') })
  const stream = await on.open({ verb: 'GET', headers })
  await stream.head()
  await stream.until(':\n\n')
  return stream
}

const announcing = { tools: { listChanged: true }, prompts: {} }
const toolsChanged = event(notification('notifications/tools/list_changed'))
const promptsChanged = event(notification('notifications/prompts/list_changed'))
const primed = 'id: 0\nretry: 5\ndata: \n\n'
const hideOther = '_denied if input.resource.id == "other-tool"'
const unrelated = '_denied if input.resource.id == "no-such-tool"'
const noStreams = '_denied if input.action.name == "stream/open"'

test('who sees something else is told, as far as its server declared it', async () => {
  const told = [
    await listening(announcing),
    await listening(announcing, { sse: true }),
    await listening(announcing, { sse: true, before: primed }),
    await listening(announcing, { sse: true, before: ': wait\n\n' }),
  ]
  // The same caller in other sessions: what one was shown does not count for another.
  const unaffected = await listening(announcing, { tools: ['open-tool'] })
  const silent = await listening({ tools: { listChanged: 'true' }, prompts: {} })
  const prompts = await listening({ tools: {}, prompts: { listChanged: true } })
  const first = told.map((stream) => stream.until('\n\n'))
  await activate(unrelated)
  await sleep(100)
  for (const text of first) {
    assert.is(await Promise.race([text, 'nothing']), 'nothing', 'nothing has changed for them')
  }
  await activate(hideOther)
  for (const text of first) assert.is(await text, toolsChanged)
  assert.is(await prompts.until('\n\n'), promptsChanged, 'prompts were never listed')
  await activate(noStreams)
  for (const stream of [unaffected, silent]) assert.is(await stream.body(), '')
  assert.not.match(await prompts.body(), 'tools/list_changed')
})

test('where several processes serve a session, each tells of every change', async () => {
  const told = [
    await listening(announcing, {}, { on: sharing }),
    await listening(announcing, {}, { on: sharing, begunOn: replica }),
  ]
  const first = told.map((stream) => stream.until('\n\n'))
  await activate(unrelated, sharing)
  for (const text of first) assert.is(await text, toolsChanged)
  for (const stream of told) stream.close()
})

test('an answer that begins a session arrives whole, whatever comes before it', async () => {
  upstream.script = server(announcing, { sse: true, before: `: wait\n\n${primed}` })
  const answer = await gateway.send({ body: initialize })
  assert.is(answer.status, 200)
  assert.match(answer.headers.get('mcp-session-id') ?? '', /^[A-Za-z0-9_-]+$/)
  assert.match(
    answer.body,
    /^data: \nid: .+\nretry: 5\n\ndata: .*"listChanged":true.*\nid: .+\n\n$/,
  )
})

test('so does one that is interrupted before there is a message', async () => {
  upstream.script = (_, response) => {
    response.setHeader('mcp-session-id', 'interrupted')
    events(response, primed)
    response.end()
  }
  const answer = await gateway.send({ body: initialize })
  assert.match(answer.headers.get('mcp-session-id') ?? '', /^[A-Za-z0-9_-]+$/)
  assert.match(answer.body, /^data: \nid: .+\nretry: 5\n\n$/)
})

test('an answer too large to be held begins a session without a promise', async () => {
  upstream.script = (seen, response) => {
    response.setHeader('mcp-session-id', 'large')
    const instructions = 'x'.repeat(200_000)
    json(response, result(seen.message.id, { capabilities: announcing, instructions }))
  }
  const answer = await gateway.send({ body: initialize })
  assert.match(answer.headers.get('mcp-session-id') ?? '', /^[A-Za-z0-9_-]+$/)
  assert.is(JSON.parse(answer.body).result.instructions.length, 200_000)
})

test('a server that fails before it said anything is no session', async () => {
  upstream.script = (_, response) => {
    response.setHeader('mcp-session-id', 'broken')
    events(response, ': wait\n\n')
    setTimeout(() => response.destroy(), 20)
  }
  const answer = await gateway.send({ body: initialize })
  assert.is(answer.status, 502)
  assert.is(answer.headers.get('mcp-session-id'), undefined)
})

test.run()
