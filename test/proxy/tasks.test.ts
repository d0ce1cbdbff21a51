/**
 * Tasks of both eras: their ids reach the client sealed, wherever a server names them, and come back
 * to the server as they were, in body and header. Another's task does not exist for anybody.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { relatedTask } from '../../src/mcp/id-places.js'
import { passAnswer } from '../support/answer-rig.js'
import { type Gateway, type Sent, startGateway } from '../support/gateway.js'
import {
  call,
  modern,
  notification,
  openSession,
  request,
  seenByCaller,
} from '../support/messages.js'
import {
  event,
  events,
  json,
  mcpServer,
  result,
  type Seen,
  startUpstream,
  upstreamSession,
} from '../support/upstream.js'

const upstream = await startUpstream()
const keys = ['a-key-of-both-replicas-'.repeat(2)]
const callers = { alice: [], bob: [], strict: ['deny:tasks/cancel'] }
const start = () => startGateway({ upstreams: { up: upstream.url }, callers, sessions: { keys } })
const gateway = await start()
const replica = await start()

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  for (const one of [gateway, replica]) await one.close()
  await upstream.close()
})

const own = 'task-ü-1'
const related = (taskId: unknown) => ({ _meta: { [relatedTask]: { taskId } } })

/** The server answers every request with this result. */
function answersWith(value: object): void {
  upstream.script = ({ message }, response) => {
    if (message.id === undefined || message.method === undefined) {
      return void response.writeHead(202).end()
    }
    json(response, result(message.id, value))
  }
}

interface Answered {
  readonly result?: JsonObject
  readonly error?: JsonObject
}

async function ask(sent: Sent, on: Gateway = gateway): Promise<Answered> {
  return JSON.parse((await on.send(sent)).body)
}

/** The task's id as alice gets it when her call becomes a task. */
async function created(as = 'alice'): Promise<string> {
  answersWith({ task: { taskId: own, status: 'working' } })
  const { result: got } = await ask({ as, body: call('open-tool', { task: {} }) })
  return (got as { task: { taskId: string } }).task.taskId
}

const sealed = await created()
const session = await beginSession()

/** Which the server has then given an id. */
async function beginSession(as = 'alice'): Promise<string> {
  upstream.script = mcpServer()
  return openSession(gateway, { as })
}

function last(): Seen {
  const seen = upstream.seen.at(-1)
  if (seen === undefined) throw new Error('nothing arrived')
  return seen
}

test('the id is sealed, and always as the same text', async () => {
  assert.match(sealed, /^[A-Za-z0-9_-]{100,}$/)
  assert.is(await created(), sealed)
  assert.is.not(await created('bob'), sealed)
})

// ── What a server says ──────────────────────────────────────────────────────────────────────────

const task = (taskId: string) => ({ taskId, status: 'working', ttl: null })
const results: readonly (readonly [what: string, method: string, of: (id: string) => object])[] = [
  ['a created task', 'tools/call', (id) => ({ task: task(id) })],
  ['one of 2026-07-28', 'tools/call', (id) => ({ resultType: 'task', ...task(id) })],
  ['a task', 'tasks/get', task],
  ['a cancelled task', 'tasks/cancel', task],
  ['a list', 'tasks/list', (id) => ({ tasks: [task(id), task(id)], nextCursor: own })],
  ['what came of a task', 'tasks/result', (id) => ({ content: [{ own }], ...related(id) })],
  ['a list of tools beside it', 'tools/list', (id) => ({ tools: [], ...related(id) })],
]
for (const [what, method, of] of results) {
  test(`result: ${what}`, async () => {
    answersWith(of(own))
    const params = method === 'tools/call' ? { name: 'open-tool' } : { taskId: sealed }
    const headers = { 'mcp-session-id': session }
    const answer = await gateway.send({ headers, body: request(method, params) })
    assert.is(answer.body, JSON.stringify(result(1, of(sealed))))
  })
}

for (const as of ['alice', 'bob']) {
  test(`without a session nobody can tell whose tasks are listed: not asked for, ${as}`, async () => {
    answersWith({ tasks: [task(own)] })
    upstream.seen.length = 0
    const answer = await gateway.send({ as, body: request('tasks/list') })
    assert.equal(seenByCaller(answer), {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"tasks are listed in a session only","data":{"requestId":"<id>"}}}',
    })
    assert.is(upstream.seen.length, 0)
    const event = (await gateway.audit()).at(-1)
    assert.equal([event?.outcome, event?.code], ['rejected', 'tasks-unowned'])
  })
}

test('with one the server is asked in that session, and another’s is none', async () => {
  answersWith({ tasks: [] })
  const listed = await gateway.send({
    headers: { 'mcp-session-id': session },
    body: request('tasks/list'),
  })
  assert.is(listed.status, 200)
  assert.is(last().headers.get('mcp-session-id'), upstreamSession)
  const foreign = await gateway.send({
    as: 'bob',
    headers: { 'mcp-session-id': session },
    body: request('tasks/list'),
  })
  assert.is(foreign.status, 404)
})

test('what a method that nobody knows calls a task is its own', async () => {
  const open = await startGateway({
    upstreams: { up: upstream.url },
    policy: { 'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n' },
  })
  answersWith({ taskId: 'a', task: { taskId: 'b' }, tasks: [{ taskId: 'c' }] })
  const { result: got } = await ask({ body: request('vendor/do', { taskId: 'd' }) }, open)
  assert.equal(got, { taskId: 'a', task: { taskId: 'b' }, tasks: [{ taskId: 'c' }] })
  assert.equal(last().message.params, { taskId: 'd' })
  await open.close()
})

const said: readonly (readonly [what: string, of: (id: string) => object])[] = [
  ['status', (id) => notification('notifications/tasks/status', task(id))],
  ['task', (id) => notification('notifications/tasks', { ...task(id), result: { own } })],
  [
    'acknowledgement',
    (id) =>
      notification('notifications/subscriptions/acknowledged', {
        notifications: { taskIds: [id] },
      }),
  ],
  ['progress', (id) => notification('notifications/progress', { progress: 1, ...related(id) })],
]
for (const [what, of] of said) {
  test(`notification: ${what}`, async () => {
    upstream.script = ({ message }, response) => {
      events(response, event(of(own)), event(result(message.id, {})))
      response.end()
    }
    const { body } = await gateway.send({ body: call('open-tool') })
    assert.is(body, event(of(sealed)) + event(result(1, {})))
  })
}

test('a server’s request belongs to a task of its own, unless it asks for the client’s', async () => {
  upstream.script = ({ message }, response) => {
    events(
      response,
      event(request('roots/list', related(own), 'a')),
      event(request('tasks/get', { taskId: 'client-1' }, 'b')),
      event(request('tasks/result', { taskId: 'client-1', ...related('client-1') }, 'c')),
      event(result(message.id, {})),
    )
    response.end()
  }
  const { body } = await gateway.send({ body: call('open-tool') })
  const params = body
    .split('\n\n')
    .filter((text) => text.includes('"method"'))
    .map((text) => JSON.parse(text.slice(6)).params)
  assert.equal(params, [
    related(sealed),
    { taskId: 'client-1' },
    { taskId: 'client-1', ...related('client-1') },
  ])
})

// ── What a client says ──────────────────────────────────────────────────────────────────────────

const asked: readonly (readonly [method: string, of: (id: string) => Record<string, unknown>])[] = [
  ['tasks/get', (taskId) => ({ taskId })],
  ['tasks/result', (taskId) => ({ taskId })],
  ['tasks/cancel', (taskId) => ({ taskId })],
  ['tasks/update', (taskId) => ({ taskId, inputResponses: {} })],
  [
    'tools/call',
    (taskId) => ({ name: 'open-tool', arguments: { taskId: 'x' }, ...related(taskId) }),
  ],
  [
    'subscriptions/listen',
    (id) => ({ notifications: { taskIds: [id, id], toolsListChanged: true } }),
  ],
]

/** As either era sends it, the id in the header where the newer one has it there. */
function forms(method: string, params: Record<string, unknown>): Sent[] {
  const { taskId } = params
  const named = method === 'tasks/get' || method === 'tasks/update' || method === 'tasks/cancel'
  const mirrored = named && typeof taskId === 'string' ? { 'mcp-name': taskId } : {}
  const newer = modern(method, params, mirrored)
  // The test's own `modern` sets `_meta`; a related task goes beside it.
  const { _meta: meta } = params
  const body = newer.body as { params: { _meta: object } }
  if (meta !== undefined) Object.assign(body.params._meta, meta)
  return method === 'subscriptions/listen' || method === 'tasks/update'
    ? [newer]
    : [{ body: request(method, params) }, ...(method === 'tasks/result' ? [] : [newer])]
}

const withoutEnvelope = (params: Seen['message']['params']) => {
  const text = JSON.stringify(params, (name, value) =>
    name.startsWith('io.modelcontextprotocol/') && name !== relatedTask ? undefined : value,
  )
  return JSON.parse(text.replace(/,?"_meta":\{\}/, ''))
}

for (const [method, of] of asked) {
  for (const [index, sent] of forms(method, of(sealed)).entries()) {
    test(`${method}, form ${index}: the server gets its own id, by either replica`, async () => {
      answersWith({})
      for (const on of [gateway, replica]) {
        const answer = await on.send(sent)
        assert.is(answer.status, 200)
        assert.is(JSON.parse(answer.body).error, undefined)
        assert.equal(withoutEnvelope(last().message.params), of(own))
        const name = last().headers.get('mcp-name')
        if (sent.headers?.['mcp-name'] === sealed) {
          assert.is(name, `=?base64?${Buffer.from(own).toString('base64')}?=`)
        } else assert.is.not(name, sealed)
      }
    })
  }

  for (const [what, as, id, code] of [
    ['another’s', 'bob', sealed, 'task-foreign'],
    ['the server’s own', 'alice', own, 'task-unknown'],
    ['one that nobody sealed', 'alice', 'A'.repeat(200), 'task-unknown'],
  ] as const) {
    for (const [index, sent] of forms(method, of(id)).entries()) {
      test(`${method}, form ${index}, ${what}: there is no such task`, async () => {
        answersWith({})
        const earlier = (await gateway.audit()).length
        const encoded = id === own ? `=?base64?${Buffer.from(own).toString('base64')}?=` : id
        const headers = { ...sent.headers }
        if (headers['mcp-name'] === id) headers['mcp-name'] = encoded
        const answer = await gateway.send({ ...sent, as, headers })
        assert.equal(seenByCaller(answer), {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"task not found","data":{"requestId":"<id>"}}}',
        })
        assert.equal(upstream.seen, [])
        const recorded = (await gateway.audit()).slice(earlier)
        assert.equal(
          recorded.map((one) => [one.event, one.outcome, one.method, one.code]),
          [['message', 'rejected', method, code]],
        )
      })
    }
  }
}

for (const odd of [
  { TaskId: own },
  { taskId: sealed, taskid: own },
  { taskId: 1 },
  { taskId: null },
]) {
  test(`a related task by ${Object.keys(odd)} that two servers read differently: refused`, async () => {
    const params = { name: 'open-tool', _meta: { [relatedTask]: odd } }
    const { error } = await ask({ body: request('tools/call', params) })
    assert.is(error?.['code'], -32602)
    assert.equal(upstream.seen, [])
  })
}

test('header and body have to say the same before either is opened', async () => {
  const answer = await gateway.send(modern('tasks/get', { taskId: sealed }, { 'mcp-name': own }))
  assert.is(answer.status, 400)
  assert.is((await gateway.audit()).at(-1)?.code, 'header-mismatch')
})

test('policy and audit know the task by the server’s id', async () => {
  answersWith({})
  const body = request('tasks/cancel', { taskId: await created('strict') })
  const { error } = await ask({ as: 'strict', body })
  assert.is(error?.['code'], 1403)
  const denied = (await gateway.audit()).at(-1)
  assert.equal([denied?.outcome, denied?.resource], ['denied', { type: 'task', id: own }])
})

test('a task outlives its session', async () => {
  const session = await openSession(gateway)
  answersWith({})
  const headers = { 'mcp-session-id': session }
  await gateway.send({ headers, body: request('tasks/get', { taskId: sealed }) })
  assert.equal(last().message.params, { taskId: own })
})

// ── Tasks of the client's own ───────────────────────────────────────────────────────────────────

test('what a client says of its own tasks passes as it is', async () => {
  upstream.script = ({ message }, response) => {
    if (message.method !== 'tools/call') return void response.writeHead(202).end()
    events(response, event(request('sampling/createMessage', { task: {} }, 's')))
    response.end(event(result(message.id, {})))
  }
  const { body } = await gateway.send({ body: call('open-tool') })
  const { id } = JSON.parse(body.slice(6, body.indexOf('\n\n')))
  const mine = [
    { jsonrpc: '2.0', id, result: { task: task('client-1') } },
    { jsonrpc: '2.0', id, result: { role: 'user', ...related('client-1') } },
    { jsonrpc: '2.0', id, result: { tasks: [task('client-1')] } },
    notification('notifications/tasks/status', task('client-1')),
    notification('notifications/progress', { progress: 1, ...related('client-1') }),
  ]
  for (const message of mine) {
    const answer = await gateway.send({ body: message })
    assert.equal([answer.status, answer.body], [202, ''])
    const expected = 'id' in message ? { ...message, id: 's' } : message
    assert.equal(last().message, expected)
  }
  const answered = { jsonrpc: '2.0', id, result: { role: 'user', ...related(sealed) } }
  await gateway.send({ body: answered })
  assert.equal(last().message, { ...answered, id: 's', result: { role: 'user', ...related(own) } })
})

test('a notification that belongs to another’s task: 400', async () => {
  const message = notification('notifications/progress', { progress: 1, ...related(sealed) })
  const answer = await gateway.send({ as: 'bob', body: message })
  assert.is(answer.status, 400)
  assert.is((await gateway.audit()).at(-1)?.code, 'task-foreign')
  assert.equal(upstream.seen, [])
})

// ── Large results ───────────────────────────────────────────────────────────────────────────────

const ids = {
  era: 'legacy',
  tasksInResult: true,
  sealRequest: () => null,
  sealTask: ({ text }: { text: string }) => (text.length > 1024 ? null : `sealed-${text.length}`),
} as const

function large(id: string): string {
  const padding = 'x'.repeat(100_000)
  const message = { jsonrpc: '2.0', id: 1, result: { first: padding, ...related(id), padding } }
  return JSON.stringify(message)
}

async function pass(text: string, cuts: readonly number[], sse: boolean) {
  const whole = Buffer.from(sse ? `data: ${text}\n\n` : text)
  const edges = [0, ...cuts, whole.length]
  const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge))
  const headers = { 'content-type': sse ? 'text/event-stream' : 'application/json' }
  const answer = { status: 200, headers, chunks }
  return passAnswer(answer, { expected: { type: 'own', id: 1 }, allowed: () => true, ids })
}

test('an id in a result that streams is replaced, wherever its bytes are cut', async () => {
  const text = large('the-"task"')
  const at = text.indexOf('"the-')
  const expected = large('sealed-10')
  for (const sse of [false, true]) {
    const from = at - 3 + (sse ? 6 : 0)
    for (let cut = from; cut < from + 25; cut++) {
      const view = await pass(text, [70_000, cut, cut + 1, cut + 4], sse)
      const body = Buffer.from(view.body).toString()
      assert.is(body, sse ? `data: ${expected}\n\n` : expected, `cut at ${cut}`)
      assert.ok(!view.broken)
    }
    const view = await pass(
      text,
      Array.from({ length: 40 }, (_, index) => 66_000 + index * 3_000),
      sse,
    )
    assert.ok(Buffer.from(view.body).toString().includes(expected))
  }
})

test('an id that cannot be sealed breaks off a result that streams', async () => {
  for (const length of [1025, 9_000, 80_000]) {
    const view = await pass(large('y'.repeat(length)), [70_000, 90_000, 101_000, 105_000], false)
    assert.ok(view.broken)
    assert.is(view.failed, 'an id over the size limit')
    assert.not.ok(Buffer.from(view.body).toString().includes('yyyy'))
  }
})

test('and of a result that does not: 502, or left out of a stream', async () => {
  const text = JSON.stringify(result(1, { task: { taskId: 'y'.repeat(1025) } }))
  const alone = await pass(text, [], false)
  assert.equal([alone.status, alone.failed], [502, 'an id over the size limit'])
  const streamed = await pass(text, [], true)
  assert.equal(streamed.dropped, ['an id over the size limit'])
})

test.run()
