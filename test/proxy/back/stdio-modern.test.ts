/**
 * Requests of 2026-07-28 to a server on standard input and output: no session, so a pool of
 * processes. A process serves one caller, and one request at a time; there are never more than the
 * bound; who finds none waits or is told to come again; a cancelled request does not leave its process
 * to the next.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Answer } from '../../support/connection.js'
import { type Gateway, type Sent, startGateway } from '../../support/gateway.js'
import { modern, openSession, seenByCaller } from '../../support/messages.js'
import { isAlive, ownChildren, stdioServer, textOf, until } from '../../support/stdio.js'

/** Answers once, and closes its input without ending. */
const deaf = `
  process.stdin.once('data', (data) => {
    const result = { resultType: 'complete', content: [] }
    console.log(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(data).id, result }))
    setTimeout(() => require('node:fs').closeSync(0), 20)
  })
  setInterval(() => {}, 1000)
`

const gateway = await startGateway({
  upstreams: {
    two: stdioServer(['two'], { maxChildren: 2, timeout: '2s' }),
    fair: stdioServer(['fair'], { maxChildren: 2, timeout: '10s' }),
    wide: stdioServer(['wide']),
    deaf: { command: process.execPath, args: ['-e', deaf] },
    older: stdioServer(['older']),
    short: stdioServer(['short'], { idleTimeout: '1s' }),
  },
  callers: { alice: [], bob: [], carol: [] },
})
test.after(() => gateway.close())

function tool(name: string, args: object = {}, as = 'alice', path = '/mcp/wide'): Sent {
  return { ...modern('tools/call', { name, arguments: args }), as, path }
}

async function pidOf(as: string, path = '/mcp/wide'): Promise<string> {
  return textOf(await gateway.send(tool('pid', {}, as, path)))
}

async function busy(answers: readonly Answer[]): Promise<void> {
  for (const answer of answers) {
    assert.equal(seenByCaller(answer), {
      status: 503,
      headers: { 'content-type': 'application/json', 'retry-after': '1' },
      body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway is busy","data":{"requestId":"<id>"}}}',
    })
  }
}

test('one caller’s next request finds its process again, another’s gets one of its own', async () => {
  const [first, second] = [await pidOf('alice'), await pidOf('alice')]
  assert.is(first, second)
  assert.is.not(await pidOf('bob'), first)
  assert.is(await pidOf('alice'), first)
})

test('two requests at a time of one caller: two processes', async () => {
  const sent = [1, 2].map(() => gateway.send(tool('slow', { ms: 200 })))
  const pid = await pidOf('alice')
  for (const answer of await Promise.all(sent)) assert.is(answer.status, 200)
  const processes = ownChildren().filter((line) => line.includes(' wide'))
  assert.ok(processes.length >= 3, `${processes.length} for ${pid}`)
})

test('two hundred requests with one id, of three callers: each its own answer', async () => {
  const callers = ['alice', 'bob', 'carol'] as const
  const sent = Array.from({ length: 200 }, async (_, index) => {
    const as = callers[index % 3] ?? 'alice'
    const args = { as, index, ms: index % 7 }
    const name = index % 2 === 0 ? 'echo' : 'slow'
    return textOf(await gateway.send(tool(name, args, as))) === JSON.stringify(args)
  })
  assert.ok((await Promise.all(sent)).every(Boolean))
  assert.ok(ownChildren().filter((line) => line.includes(' wide')).length <= 64)
})

test('never more than the bound; an idle process of another makes room', async () => {
  const path = '/mcp/two'
  const alice = await pidOf('alice', path)
  const bob = await pidOf('bob', path)
  const carol = await pidOf('carol', path)
  assert.is.not(carol, alice)
  assert.not.ok(isAlive(Number(alice)))
  assert.ok(isAlive(Number(bob)))
  assert.is(ownChildren().filter((line) => line.includes(' two')).length, 2)
})

test('when all are in use others wait, and get 503 when that takes too long', async () => {
  const path = '/mcp/two'
  const started = performance.now()
  const slow = [0, 1].map(() => gateway.send(tool('slow', { ms: 800 }, 'alice', path)))
  await new Promise((resolve) => setTimeout(resolve, 300))
  const waiting = gateway.send(tool('echo', { waited: true }, 'bob', path))
  assert.is(textOf(await waiting), '{"waited":true}')
  assert.ok(performance.now() - started >= 450)
  await Promise.all(slow)

  const hanging = [0, 1].map(() => gateway.send(tool('slow', { ms: 4000 }, 'alice', path)))
  await new Promise((resolve) => setTimeout(resolve, 300))
  await busy([await gateway.send(tool('echo', {}, 'bob', path))])
  const event = await gateway.event(({ code }) => code === 'GUARD_UPSTREAM_BUSY')
  assert.equal([event.outcome, event.status], ['failed', 503])
  await Promise.all(hanging)
})

test('who listens with all processes gives one up for another caller', async () => {
  const path = '/mcp/fair'
  const listening = await Promise.all(
    [0, 1].map(() =>
      gateway.open({ ...modern('subscriptions/listen', { notifications: {} }), path }),
    ),
  )
  for (const connection of listening) assert.is((await connection.head())?.status, 200)
  assert.is(textOf(await gateway.send(tool('echo', { bob: 1 }, 'bob', path))), '{"bob":1}')
  for (const connection of listening) connection.close()
})

test('who has the fewest processes has the next one, however many others wait', async () => {
  const path = '/mcp/fair'
  let answered = 0
  const many = Array.from({ length: 12 }, async () => {
    await gateway.send(tool('slow', { ms: 700 }, 'alice', path))
    answered += 1
  })
  await until(() => answered > 0, 'the first is answered')
  const earlier = answered
  assert.is(textOf(await gateway.send(tool('echo', { bob: 1 }, 'bob', path))), '{"bob":1}')
  // Both processes may have been given away before bob came, and end before bob's answer is read.
  assert.ok(answered <= earlier + 4, `${earlier} were answered before, ${answered} after`)
  await Promise.all(many)
})

test('more than 256 waiting callers are not kept waiting, and keep no other out', async () => {
  const path = '/mcp/two'
  const sent = Array.from({ length: 264 }, () =>
    gateway.send(tool('slow', { ms: 4000 }, 'alice', path)),
  )
  const first = await Promise.race(sent)
  await busy([first])
  const sentMs = performance.now()
  const bob = await gateway.send(tool('echo', { bob: 1 }, 'bob', path))
  assert.ok(bob.status === 200 || performance.now() - sentMs > 1500, 'it had a place to wait')
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  assert.ok(statuses.every((status) => status === 503 || status === 504))
})

test('a request whose client goes is cancelled, and its process not used before it has ended', async () => {
  const path = '/mcp/short'
  const pid = await pidOf('carol', path)
  const hanging = await gateway.open(tool('hang', {}, 'carol', path))
  await new Promise((resolve) => setTimeout(resolve, 100))
  hanging.close()
  await gateway.event(({ outcome, server }) => outcome === 'abandoned' && server === 'short')
  assert.is.not(await pidOf('carol', path), pid)
  await until(() => !isAlive(Number(pid)), 'the process has ended')
})

test('an answer that crosses its cancellation frees the process, and the next request keeps it', async () => {
  const pid = await pidOf('bob', '/mcp/wide')
  const crossed = await gateway.open(tool('slow', { ms: 400 }, 'bob'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  crossed.close()
  await gateway.event(({ outcome, server }) => outcome === 'abandoned' && server === 'wide')
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.is(await pidOf('bob', '/mcp/wide'), pid)
  const next = await gateway.send(tool('slow', { ms: 6000, next: true }, 'bob'))
  assert.is(textOf(next), '{"ms":6000,"next":true}')
})

test('an idle process ends', async () => {
  const pid = Number(await pidOf('alice', '/mcp/short'))
  await until(() => !isAlive(pid), 'the process has ended')
})

test('a crash fails its own request; the next has a process', async () => {
  const answers = await Promise.all([
    gateway.send(tool('crash')),
    gateway.send(tool('slow', { ms: 100 })),
  ])
  assert.equal(
    answers.map(({ status }) => status),
    [502, 200],
  )
  assert.is((await gateway.send(tool('echo'))).status, 200)
})

test('a process that takes no messages any more fails one request, not the next ones too', async () => {
  const path = '/mcp/deaf'
  const first = { ...modern('tools/call', { name: 'open-tool' }), path }
  assert.is((await gateway.send(first)).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.is((await gateway.send(first)).status, 502)
  assert.is((await gateway.send(first)).status, 200)
})

test('what a server says between two requests is for nobody', async () => {
  await gateway.send(tool('announce', { count: 3 }))
  await gateway.event(({ event, code }) => event === 'dropped' && code === 'nobody-listens')
  const answer = await gateway.send(tool('echo', { clean: true }))
  assert.is(answer.headers.get('content-type'), 'application/json')
  assert.is(textOf(answer), '{"clean":true}')
})

test('what a server asks its client for is answered at once, and on record', async () => {
  const answer = await gateway.send(tool('ask-twice'))
  assert.is(answer.headers.get('content-type'), 'application/json')
  const error = { code: -32601, message: 'no client takes this request' }
  assert.equal(JSON.parse(textOf(answer)), [
    { id: 7, error },
    { id: 'seven', error },
  ])
  await gateway.event(({ event, code }) => event === 'dropped' && code === 'a-request-of-a-server')
})

const errors = [
  { what: 'an unknown method', sent: modern('no/such'), status: 404, code: -32601 },
  { what: 'an unknown tool', sent: tool('no-such'), status: 200, code: -32602 },
]
for (const { what, sent, status, code } of errors) {
  test(`${what}: ${status}`, async () => {
    const allowing: Gateway = await startGateway({
      upstreams: { wide: stdioServer() },
      policy: { 'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n' },
    })
    const answer = await allowing.send({ ...sent, path: '/mcp/wide' })
    assert.equal([answer.status, JSON.parse(answer.body).error.code], [status, code])
    await allowing.close()
  })
}

test('a server of the older era that ends when it is asked what it is: 400, no failure', async () => {
  const path = '/mcp/older'
  for (let round = 0; round < 7; round += 1) {
    const answer = await gateway.send({ ...modern('server/discover'), path })
    assert.equal([answer.status, answer.body], [400, ''])
  }
  assert.ok(await openSession(gateway, { path }))
})

test('a notification: 202, to nobody', async () => {
  const { headers } = modern('notifications/cancelled')
  const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
  const answer = await gateway.send({ path: '/mcp/wide', headers: headers ?? {}, body })
  assert.is(answer.status, 202)
})

test.run()
