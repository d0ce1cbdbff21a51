/**
 * An upstream that fails again and again is not tried for a moment, and one that is slow keeps a
 * bounded number of calls waiting.
 */
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GuardError } from '../../../src/errors.js'
import { ownMessage } from '../../../src/mcp/json-rpc.js'
import type { Back, Exchange } from '../../../src/proxy/back/back.js'
import { createHttpBack } from '../../../src/proxy/back/http.js'
import type { FrameSink } from '../../../src/proxy/frames.js'
import { until } from '../../support/stdio.js'
import {
  closedPortUrl,
  events,
  json,
  result,
  startRawUpstream,
  startUpstream,
  type Upstream,
} from '../../support/upstream.js'

const limits = { timeoutMs: 5000, connectTimeoutMs: 1000, maxConnections: 4 }
const request = {
  verb: 'POST',
  era: 'legacy',
  message: ownMessage({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x' } }),
  sessionId: null,
  longLived: false,
} as const

/** Resolves with the status, or the code of the failure. */
function ask(
  back: Back,
  principal = 'somebody',
  message = request.message,
): { done: Promise<number | string>; exchange: Exchange } {
  let settle: (outcome: number | string) => void = () => undefined
  const done = new Promise<number | string>((resolve) => {
    settle = resolve
  })
  let status = 0
  const sink: FrameSink = {
    head: (head) => {
      status = head.status
      return undefined
    },
    part: () => undefined,
    message: () => undefined,
    idle: () => undefined,
    end: () => {
      settle(status)
      return undefined
    },
    fail: (error: GuardError) => settle(error.code),
  }
  return {
    done,
    exchange: back.open({ ...request, headers: ['x-caller', principal], principal, message }, sink),
  }
}

test('five failures in a row: not tried for a second, then once, then as before', async () => {
  let connections = 0
  let healthy = false
  const upstream = await startRawUpstream((socket) => {
    connections += 1
    if (healthy) socket.end('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n')
    else socket.resetAndDestroy()
  })
  const back = createHttpBack({ ...limits, url: upstream.url })
  for (let n = 0; n < 5; n += 1) assert.is(await ask(back).done, 'GUARD_UPSTREAM_UNREACHABLE')
  assert.is(connections, 5)
  const openedMs = performance.now()
  assert.is(await ask(back).done, 'GUARD_UPSTREAM_UNREACHABLE')
  assert.is(connections, 5, 'nothing was sent')
  healthy = true
  await sleep(1000 - (performance.now() - openedMs) + 30)
  const [trial, other] = [ask(back), ask(back)]
  assert.is(await other.done, 'GUARD_UPSTREAM_UNREACHABLE', 'one trial at a time')
  assert.is(await trial.done, 202)
  assert.is(await ask(back).done, 202)
  await back.close()
  await upstream.close()
})

test('server errors without a message count, answers with one do not', async () => {
  const upstream = await startUpstream((_, response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>')
  })
  const back = createHttpBack({ ...limits, url: upstream.url })
  for (let n = 0; n < 5; n += 1) assert.is(await ask(back).done, 'GUARD_UPSTREAM_INVALID')
  assert.is(await ask(back).done, 'GUARD_UPSTREAM_UNREACHABLE')
  await back.close()

  upstream.script = (_, response) => json(response, result(1, {}), 500)
  const other = createHttpBack({ ...limits, url: upstream.url })
  for (let n = 0; n < 7; n += 1) assert.is(await ask(other).done, 500)
  await other.close()
  await upstream.close()
})

test('calls that time out count, calls that are given up do not', async () => {
  const upstream = await startUpstream(() => undefined)
  const back = createHttpBack({ ...limits, timeoutMs: 100, url: upstream.url })
  for (let n = 0; n < 6; n += 1) ask(back).exchange.abort()
  const timeout = 'GUARD_UPSTREAM_TIMEOUT'
  const two = () => Promise.all([ask(back).done, ask(back).done])
  for (let n = 0; n < 2; n += 1) assert.equal(await two(), [timeout, timeout])
  assert.is(await ask(back).done, timeout)
  assert.is(await ask(back).done, 'GUARD_UPSTREAM_UNREACHABLE')
  await back.close()

  // Two have a connection and go on; that the others get none is no fault of the server.
  upstream.script = (_, response) => events(response, ': working\n\n')
  const other = createHttpBack({ ...limits, timeoutMs: 100, url: upstream.url })
  const streams = [ask(other), ask(other)]
  const six = Array.from({ length: 6 }, () => ask(other).done)
  assert.equal(await Promise.all(six), Array(6).fill('GUARD_UPSTREAM_BUSY'))
  for (const { exchange } of streams) exchange.abort()
  upstream.script = () => undefined
  assert.is(await ask(other).done, timeout)
  await other.close()
  await upstream.close()
})

const causes = [
  { what: 'calls that time out', script: () => undefined, code: 'GUARD_UPSTREAM_TIMEOUT' },
  {
    what: 'errors without a message',
    script: (_: unknown, response: ServerResponse) => void response.writeHead(500).end(),
    code: 'GUARD_UPSTREAM_INVALID',
  },
  {
    what: 'connections broken off',
    script: (_: unknown, response: ServerResponse) => void response.destroy(),
    code: 'GUARD_UPSTREAM_UNREACHABLE',
  },
]
for (const { what, script, code } of causes) {
  test(`${what}: who causes them closes the way for nobody else`, async () => {
    const upstream = await startUpstream(script)
    const back = createHttpBack({ ...limits, timeoutMs: 300, url: upstream.url })
    for (let n = 0; n < 5; n += 1) assert.is(await ask(back, 'mallory').done, code)
    upstream.script = (_, response) => json(response, result(1, {}))
    assert.is(await ask(back, 'mallory').done, 'GUARD_UPSTREAM_UNREACHABLE')
    assert.is(await ask(back, 'alice').done, 200)
    await back.close()
    await upstream.close()
  })
}

test('a server that nobody can connect to is left alone for everybody', async () => {
  const url = await closedPortUrl()
  const back = createHttpBack({ ...limits, url })
  for (let n = 0; n < 5; n += 1) {
    assert.is(await ask(back, `caller-${n}`).done, 'GUARD_UPSTREAM_UNREACHABLE')
  }
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), resolve))
  assert.is(await ask(back, 'alice').done, 'GUARD_UPSTREAM_UNREACHABLE')
  assert.is(connections, 0, 'nothing was tried')
  await back.close()
  server.close()
})

/** Never answers mallory; cancellations and everybody else at once. */
function hangs(upstream: Upstream): void {
  upstream.script = ({ headers, message }, response) => {
    if (message.id === undefined) response.writeHead(202).end()
    else if (headers.get('x-caller') !== 'mallory') json(response, result(1, {}))
  }
}

test('whose calls hang has half of the connections, others are answered at once', async () => {
  const upstream = await startUpstream()
  hangs(upstream)
  const back = createHttpBack({ ...limits, maxConnections: 16, url: upstream.url })
  const own = Array.from({ length: 8 + 1024 }, () => ask(back, 'mallory'))
  assert.is(await ask(back, 'mallory').done, 'GUARD_UPSTREAM_BUSY')
  const startedMs = performance.now()
  for (let n = 0; n < 20; n += 1) assert.is(await ask(back, `caller-${n}`).done, 200)
  assert.is(
    (await Promise.all(Array.from({ length: 20 }, () => ask(back, 'bob').done))).at(-1),
    200,
  )
  assert.ok(performance.now() - startedMs < 1000)
  assert.is(upstream.seen.filter(({ headers }) => headers.get('x-caller') === 'mallory').length, 8)
  // Bob, who had to wait, did so in the place of those who came last.
  const turned = own.map(({ done }) => Promise.race([done, sleep(20, 'waits')]))
  const outcomes = await Promise.all(turned)
  const kept = outcomes.lastIndexOf('waits')
  assert.ok(outcomes.slice(0, kept).every((outcome) => outcome === 'waits'))
  assert.ok(outcomes.slice(kept + 1).every((outcome) => outcome === 'GUARD_UPSTREAM_BUSY'))
  assert.ok(kept < own.length - 1 && kept > own.length - 21, `${kept}`)
  await back.close()
  await upstream.close()
})

test('a cancellation does not wait behind what it is to cancel', async () => {
  const upstream = await startUpstream()
  hangs(upstream)
  const back = createHttpBack({ ...limits, url: upstream.url })
  const calls = Array.from({ length: 10 }, () => ask(back, 'mallory'))
  const params = { requestId: 1 }
  const cancel = ownMessage({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
  assert.is(await ask(back, 'mallory', cancel).done, 202)
  for (const { exchange } of calls) exchange.abort()
  await back.close()
  await upstream.close()
})

test('work for a client that went makes room for the next call of the same caller', async () => {
  const upstream = await startUpstream()
  hangs(upstream)
  const back = createHttpBack({ ...limits, url: upstream.url })
  const left = [ask(back, 'mallory'), ask(back, 'mallory')]
  const arrived = (count: number) => until(() => upstream.seen.length === count, `${count} calls`)
  await arrived(2)
  for (const { exchange } of left) exchange.orphan?.()
  await sleep(30)
  const [first, second] = upstream.seen
  const gone = (seen = first) => Promise.race([seen?.gone.then(() => 'gone'), sleep(30, 'goes on')])
  assert.equal([await gone(first), await gone(second)], ['goes on', 'goes on'])
  ask(back, 'mallory')
  await arrived(3)
  assert.equal([await gone(first), await gone(second)], ['gone', 'goes on'])
  const waiting = [ask(back, 'mallory'), ask(back, 'mallory')]
  await arrived(4)
  assert.equal(await gone(second), 'gone')
  assert.is(await Promise.race([waiting[1]?.done, sleep(30, 'waits')]), 'waits')
  await back.close()
  await upstream.close()
})

test('a call whose client goes while it waits is never sent', async () => {
  const upstream = await startUpstream()
  hangs(upstream)
  const back = createHttpBack({ ...limits, maxConnections: 1, url: upstream.url })
  const first = ask(back, 'mallory')
  const waiting = ask(back, 'bob')
  await until(() => upstream.seen.length === 1, 'the first call arrived')
  waiting.exchange.orphan?.()
  first.exchange.abort()
  assert.is(await ask(back, 'alice').done, 200)
  assert.equal(
    upstream.seen.map(({ headers }) => headers.get('x-caller')),
    ['mallory', 'alice'],
  )
  await back.close()
  await upstream.close()
})

test('beyond those with a connection 1,024 calls wait, the next is refused at once', async () => {
  const upstream = await startUpstream(() => undefined)
  const back = createHttpBack({ ...limits, timeoutMs: 30_000, url: upstream.url })
  const waiting = Array.from({ length: 1026 }, () => ask(back))
  assert.is(await ask(back).done, 'GUARD_UPSTREAM_BUSY')
  // One that leaves makes room for one.
  waiting[0]?.exchange.abort()
  const next = ask(back)
  assert.is(await Promise.race([next.done, sleep(20, 'waits')]), 'waits')
  assert.is(await ask(back).done, 'GUARD_UPSTREAM_BUSY')
  await back.close()
  await upstream.close()
})

test.run()
