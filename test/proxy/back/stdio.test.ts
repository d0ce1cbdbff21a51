/**
 * A server on standard input and output behind the gateway: what it does wrong costs its own caller
 * one error and nobody else anything; what it hears, sees and is given is what the configuration
 * says; and nothing of it is left when it, its session or the gateway is over.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../../src/domain.js'
import { startGateway } from '../../support/gateway.js'
import {
  initialize,
  notification,
  openSession,
  request,
  seenByCaller,
} from '../../support/messages.js'
import {
  isAlive,
  ownChildren,
  stdioServer,
  stdioSession,
  textOf,
  until,
} from '../../support/stdio.js'

process.env['MCP_GUARD_TEST_SECRET'] = 'of the gateway'
const env = { GIVEN: 'to the server' }
const gateway = await startGateway({
  upstreams: {
    server: stdioServer(['one', '$HOME', '; ls'], {
      env,
      cwd: tmpdir(),
      maxLineBytes: 65_536 * 16,
    }),
    brief: stdioServer([], { timeout: '300ms' }),
    idle: stdioServer([], { idleTimeout: '1s' }),
    failing: stdioServer(['exit']),
    absent: { command: '/nowhere/at-all' },
    deaf: stdioServer(['deaf']),
    many: stdioServer(['many']),
  },
  callers: { alice: [], bob: [] },
})
test.after(() => gateway.close())

const alice = () => stdioSession(gateway, '/mcp/server')

const unreachable =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway cannot be reached","data":{"requestId":"<id>"}}}'

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────

test('a process for each session', async () => {
  const one = await alice()
  const other = await alice()
  const pids = await Promise.all(
    [one, other, one].map((session, id) => session.call('pid', {}, id)),
  )
  const [first, second, third] = pids.map(textOf)
  assert.is(first, third)
  assert.is.not(first, second)
})

test('without a session id 400, with an unknown one 404, as another 404', async () => {
  const { headers } = await alice()
  const body = request('tools/list')
  const missing = await gateway.send({ path: '/mcp/server', body })
  assert.equal(seenByCaller(missing), {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"the session id is missing"}}',
  })
  assert.is((await gateway.send({ path: '/mcp/server', verb: 'GET' })).status, 400)
  assert.is((await gateway.send({ path: '/mcp/idle', headers, body })).status, 404)
  assert.is((await gateway.send({ path: '/mcp/server', as: 'bob', headers, body })).status, 404)
})

test('a second initialize: 400', async () => {
  const { headers } = await alice()
  const answer = await gateway.send({ path: '/mcp/server', headers, body: initialize })
  assert.equal(
    [answer.status, JSON.parse(answer.body).error],
    [400, { code: -32600, message: 'the session is initialised already' }],
  )
})

test('a notification: 202', async () => {
  const { headers } = await alice()
  const body = notification('notifications/initialized')
  const answer = await gateway.send({ path: '/mcp/server', headers, body })
  assert.equal([answer.status, answer.body], [202, ''])
})

test('an initialize that the server refuses begins no session', async () => {
  const before = ownChildren().length
  const params = {
    protocolVersion: 'none',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  }
  const answer = await gateway.send({ path: '/mcp/server', body: request('initialize', params) })
  assert.is(answer.status, 200)
  assert.is(JSON.parse(answer.body).error.message, 'no')
  assert.is(answer.headers.get('mcp-session-id'), undefined)
  await until(() => ownChildren().length <= before, 'its process has ended')
})

test('DELETE ends the process; afterwards 404', async () => {
  const session = await alice()
  const pid = Number(textOf(await session.call('pid')))
  const path = '/mcp/server'
  assert.is((await gateway.send({ path, verb: 'DELETE', headers: session.headers })).status, 200)
  assert.is((await session.call('pid')).status, 404)
  await until(() => !isAlive(pid), 'the process has ended')
})

test('a session in which nothing happens ends; one with an open stream does not', async () => {
  const path = '/mcp/idle'
  const quiet = await stdioSession(gateway, path)
  const listening = await stdioSession(gateway, path)
  const stream = await gateway.open({ path, verb: 'GET', headers: listening.headers })
  assert.is((await stream.head())?.status, 200)
  const pid = Number(textOf(await quiet.call('pid')))
  await until(() => !isAlive(pid), 'the process has ended')
  assert.is((await quiet.call('pid')).status, 404)
  assert.is((await listening.call('pid')).status, 200)
  stream.close()
})

test('a second GET: 409', async () => {
  const { headers } = await alice()
  const path = '/mcp/server'
  const stream = await gateway.open({ path, verb: 'GET', headers })
  assert.is((await stream.head())?.status, 200)
  assert.is((await gateway.send({ path, verb: 'GET', headers })).status, 409)
  stream.close()
  await gateway.event((event) => event.event === 'stream.closed')
  const again = await gateway.open({ path, verb: 'GET', headers })
  assert.is((await again.head())?.status, 200)
  again.close()
})

// ── Messages ────────────────────────────────────────────────────────────────────────────────────

test('progress and a server’s request come on the stream of the call', async () => {
  const session = await alice()
  const body = request('tools/call', { name: 'progress', _meta: { progressToken: 5 } })
  const answer = await gateway.send({ path: '/mcp/server', headers: session.headers, body })
  assert.is(answer.headers.get('content-type'), 'text/event-stream')
  const methods = answer.body
    .trim()
    .split('\n\n')
    .map((event) => JSON.parse(event.slice(6)).method)
  assert.equal(methods, ['notifications/progress', 'notifications/progress', undefined])

  const asking = await gateway.open({
    path: '/mcp/server',
    headers: session.headers,
    body: request('tools/call', { name: 'ask' }, 2),
  })
  await asking.head()
  const asked = JSON.parse((await asking.until('\n\n')).slice(6))
  assert.is(asked.method, 'roots/list')
  const reply = { jsonrpc: '2.0', id: asked.id, result: { roots: [] } }
  const sent = await gateway.send({ path: '/mcp/server', headers: session.headers, body: reply })
  assert.is(sent.status, 202)
  assert.match(await asking.until('\n\n'), '"text":"{\\"roots\\":[]}"')
  asking.close()
})

test('what is said to nobody waits for a stream, the newest 256 messages of it', async () => {
  const { headers, call } = await alice()
  const path = '/mcp/server'
  await call('announce', { count: 300 })
  // Told at most once a second.
  let dropped = 0
  while (dropped < 300 - 256) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const told = (await gateway.audit()).filter(({ code }) => code === 'nobody-listens')
    dropped = told.reduce((sum, event) => sum + event.dropped, 0)
  }
  assert.is(dropped, 300 - 256)
  const stream = await gateway.open({ path, verb: 'GET', headers })
  await stream.head()
  for (let data = 300 - 256; data < 300; data += 1) {
    assert.match(await stream.until('\n\n'), `"data":${data}`)
  }
  stream.close()
})

test('an id in flight is refused, the first is answered', async () => {
  const session = await alice()
  const first = session.call('slow', { ms: 200 }, 'same')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const second = await session.call('echo', {}, 'same')
  assert.equal(
    [second.status, JSON.parse(second.body).error],
    [400, { code: -32600, message: 'a request with this id is in progress' }],
  )
  assert.is(textOf(await first), '{"ms":200}')
})

test('a large result passes whole', async () => {
  const session = await alice()
  assert.is(textOf(await session.call('long', { bytes: 900_000 })).length, 900_000)
})

interface Misbehaviour {
  readonly what: string
  readonly tool: string
  readonly status: number
  readonly text: string
  /** Code and count of each event about what was dropped. */
  readonly dropped: readonly (readonly [code: string, count: number])[]
}

const misbehaviours: readonly Misbehaviour[] = [
  {
    what: 'noise between messages',
    tool: 'noise',
    status: 200,
    text: 'heard',
    dropped: [
      ['not-a-message', 1],
      ['not-a-message', 4],
    ],
  },
  {
    what: 'two answers',
    tool: 'twice',
    status: 200,
    text: 'first',
    dropped: [['a-response-to-no-request', 1]],
  },
  {
    what: 'answers to strangers',
    tool: 'stranger',
    status: 200,
    text: 'mine',
    dropped: [
      ['a-response-to-no-request', 1],
      ['a-response-to-no-request', 1],
    ],
  },
  {
    what: 'an ambiguous answer',
    tool: 'doubled',
    status: 502,
    text: 'gave an answer that cannot be passed on',
    dropped: [],
  },
]

test('what a server says wrong: one event, the caller’s answer, and the next call is answered', async () => {
  const upstreams = Object.fromEntries(misbehaviours.map(({ tool }) => [tool, stdioServer()]))
  const own = await startGateway({ upstreams })
  for (const { what, tool, status, text } of misbehaviours) {
    const session = await stdioSession(own, `/mcp/${tool}`)
    const answer = await session.call(tool)
    assert.is(answer.status, status, what)
    assert.match(answer.body, text)
    assert.is(textOf(await session.call('echo', { after: 1 }, 2)), '{"after":1}')
  }
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const events = (await own.audit()).filter(({ event }) => event === 'dropped')
  for (const { what, tool, dropped } of misbehaviours) {
    const told = events.filter(({ server }) => server === tool)
    assert.equal(
      told.map((one) => [one.code, one.dropped]),
      dropped,
      what,
    )
    assert.ok(
      told.every(({ direction, transport }) => direction === 'server' && transport === 'stdio'),
    )
  }
  await own.close()
})

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

test('no answer in time: 504; the session goes on', async () => {
  const session = await stdioSession(gateway, '/mcp/brief')
  const answer = await session.call('hang')
  assert.equal(seenByCaller(answer), {
    status: 504,
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway did not answer in time","data":{"requestId":"<id>"}}}',
  })
  assert.is(textOf(await session.call('echo', {}, 2)), '{}')
})

test('a call that has told something is not cut off', async () => {
  const { headers } = await stdioSession(gateway, '/mcp/brief')
  const asking = await gateway.open({
    path: '/mcp/brief',
    headers,
    body: request('tools/call', { name: 'ask' }, 2),
  })
  await asking.head()
  const { id } = JSON.parse((await asking.until('\n\n')).slice(6))
  await new Promise((resolve) => setTimeout(resolve, 600))
  const reply = { jsonrpc: '2.0', id, error: { code: 1, message: 'no roots' } }
  await gateway.send({ path: '/mcp/brief', headers, body: reply })
  assert.match(await asking.until('\n\n'), 'no roots')
  asking.close()
})

test('a client’s cancellation reaches the server', async () => {
  const session = await stdioSession(gateway, '/mcp/server')
  const hanging = await gateway.open({
    path: '/mcp/server',
    headers: session.headers,
    body: request('tools/call', { name: 'hang' }, 'long'),
  })
  const body = notification('notifications/cancelled', { requestId: 'long' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.is(
    (await gateway.send({ path: '/mcp/server', headers: session.headers, body })).status,
    202,
  )
  assert.is(textOf(await session.call('cancelled', {}, 2)), '["long"]')
  hanging.close()
})

// ── The end of a process ────────────────────────────────────────────────────────────────────────

for (const tool of ['crash', 'killed']) {
  test(`${tool}: each pending call gets one error, the session is over`, async () => {
    const session = await alice()
    const bystander = await alice()
    const earlier = (await gateway.audit()).length
    const waiting = [2, 3].map((id) => session.call('hang', {}, id))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const answer = await session.call(tool)
    assert.equal(seenByCaller(answer), {
      status: 502,
      headers: { 'content-type': 'application/json' },
      body: unreachable,
    })
    for (const one of await Promise.all(waiting)) assert.is(one.status, 502)
    assert.is((await session.call('echo')).status, 404)
    assert.is((await bystander.call('echo')).status, 200)
    const failed = (await gateway.audit()).slice(earlier).filter((one) => one.outcome === 'failed')
    assert.equal(
      failed.map(({ code }) => code),
      Array.from({ length: 3 }, () => 'GUARD_UPSTREAM_UNREACHABLE'),
    )
  })
}

test('what was said before the end is heard', async () => {
  const session = await alice()
  assert.is(textOf(await session.call('last-words')).length, 500_000)
  await until(() => gateway.logged.some((line) => line.includes('gone: exit status 0')), 'the end')
  assert.is((await session.call('echo')).status, 404)
})

test('a line over the limit: the call fails, memory does not grow, the process is gone', async () => {
  const session = await alice()
  const pid = Number(textOf(await session.call('pid')))
  const before = process.memoryUsage().rss
  const answer = await session.call('endless')
  assert.is(answer.status, 502)
  assert.match(answer.body, 'gave an answer that cannot be passed on')
  assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024)
  await until(() => !isAlive(pid), 'the process has ended')
})

test('a process that ignores SIGTERM, and what it started, are gone after DELETE', async () => {
  const session = await stdioSession(gateway, '/mcp/deaf')
  const pids = [textOf(await session.call('pid')), textOf(await session.call('fork', {}, 2))]
  assert.ok(pids.every((pid) => isAlive(Number(pid))))
  await gateway.send({ path: '/mcp/deaf', verb: 'DELETE', headers: session.headers })
  await until(() => pids.every((pid) => !isAlive(Number(pid))), 'both have ended')
})

test('what a process started is gone when the process crashes', async () => {
  const session = await alice()
  const pid = Number(textOf(await session.call('fork')))
  assert.is((await session.call('crash', {}, 2)).status, 502)
  await until(() => !isAlive(pid), 'it has ended')
})

// ── What it is given ────────────────────────────────────────────────────────────────────────────

test('environment, arguments and folder are those of the configuration', async () => {
  const session = await alice()
  const given: JsonObject = JSON.parse(textOf(await session.call('env')))
  assert.is(given['GIVEN'], 'to the server')
  assert.is(given['PATH'], process.env['PATH'])
  // Node hands its own switch for coverage on, whatever environment a process is given.
  const known = [
    'NODE_V8_COVERAGE',
    'GIVEN',
    'PATH',
    'HOME',
    'LANG',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'USER',
    'LOGNAME',
  ]
  assert.equal(
    Object.keys(given).filter((name) => !known.includes(name)),
    [],
  )
  const place = JSON.parse(textOf(await session.call('place', {}, 2)))
  assert.equal(place, [realpathSync(tmpdir()), 'one', '$HOME', '; ls'])
})

test('no descriptor of the gateway is open in a process', async () => {
  const session = await alice()
  const pid = textOf(await session.call('pid'))
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  assert.match(limits, 'Max open files')
  const { readdirSync, readlinkSync } = await import('node:fs')
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  })
  assert.not.ok(links.some((link) => link.includes('audit')))
})

test('standard error goes to the log, printable, bounded and capped', async () => {
  const session = await alice()
  await session.call('mutter', { lines: 1, text: `\u001b[31m${'y'.repeat(10_000)}` })
  await session.call('mutter', { lines: 500, text: 'spam ' }, 2)
  const spam = () => gateway.logged.filter((line) => line.startsWith('info stderr: spam'))
  await until(() => spam().length > 10, 'some of it')
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await session.call('mutter', { lines: 1, text: 'later ' }, 3)
  await until(
    () => gateway.logged.some((line) => line.includes('lines were left out')),
    'the count',
  )
  assert.ok(spam().length <= 50)
  const coloured = gateway.logged.find((line) => line.includes('yyy')) ?? ''
  assert.match(coloured, 'stderr: \\u001b[31myyy')
  assert.ok(coloured.length < 4200)
})

// ── A server that cannot be started ─────────────────────────────────────────────────────────────

for (const [name, why] of [
  ['failing', 'gone: exit status 3'],
  ['absent', 'cannot be started'],
] as const) {
  test(`${name}: 502, and after five in a row it is left alone for a while`, async () => {
    const path = `/mcp/${name}`
    for (let round = 0; round < 5; round += 1) {
      const answer = await gateway.send({ path, body: initialize })
      assert.equal([answer.status, seenByCaller(answer).body], [502, unreachable])
    }
    assert.ok(
      gateway.logged.some((line) => line.includes(why)),
      gateway.logged.join('\n'),
    )
    const before = gateway.logged.filter((line) => line.includes(why)).length
    const refused = await gateway.send({ path, body: initialize })
    assert.equal([refused.status, seenByCaller(refused).body], [502, unreachable])
    assert.is(gateway.logged.filter((line) => line.includes(why)).length, before)
    await gateway.event(
      (event) => event.server === name && event.code === 'GUARD_UPSTREAM_UNREACHABLE',
    )
  })
}

test('fifty processes, killed or crashed: none is left, as a zombie or otherwise', async () => {
  const sessions = await Promise.all(
    Array.from({ length: 50 }, () => stdioSession(gateway, '/mcp/many')),
  )
  const many = () => ownChildren().filter((line) => line.includes(' many'))
  assert.is(many().length, 50)
  const answers = await Promise.all(
    sessions.map((session, index) => session.call(index % 2 === 0 ? 'crash' : 'killed')),
  )
  assert.ok(answers.every(({ status }) => status === 502))
  const zombies = () => ownChildren().filter((line) => line.split(/\s+/)[1]?.startsWith('Z'))
  await until(() => many().length === 0 && zombies().length === 0, 'all are gone')
})

test('when the gateway closes, all its processes are gone', async () => {
  const short = await startGateway({ upstreams: { up: stdioServer() } })
  const session = await stdioSession(short, '/mcp/up')
  const pid = Number(textOf(await session.call('pid')))
  await openSession(short)
  await short.close()
  assert.not.ok(isAlive(pid))
})

test.run()
