/** Calls that take turns: what begins, what is never sent, and what leaves its place when. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import { ownMessage } from '../../../src/mcp/json-rpc.js'
import type { Exchange } from '../../../src/proxy/back/back.js'
import { openInTurn } from '../../../src/proxy/back/in-turn.js'
import type { FrameSink } from '../../../src/proxy/frames.js'
import { Places } from '../../../src/proxy/places.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

function rig({ maxHeld = 2, maxWaiting = 9, timeoutMs = 10_000 } = {}) {
  const log: string[] = []
  const sinks = new Map<string, FrameSink>()
  const open = openInTurn(
    ({ headers }, sink) => {
      const name = String(headers[1])
      log.push(`${name} begins`)
      sinks.set(name, sink)
      return { abort: () => void log.push(`${name} is aborted`) }
    },
    { places: new Places(maxHeld, maxWaiting), timeoutMs },
  )
  /** `a1`: the caller is `a`. */
  function call(name: string, method = 'tools/call'): Exchange {
    const nothing = () => undefined
    const sink: FrameSink = {
      head: nothing,
      part: nothing,
      message: nothing,
      idle: nothing,
      end: () => void log.push(`${name} ends`),
      fail: ({ code, message }) => void log.push(`${name}: ${code} ${message}`),
    }
    const request = {
      verb: 'POST',
      era: 'legacy',
      message: ownMessage({ jsonrpc: '2.0', id: 1, method, params: {} }),
      sessionId: null,
      principal: name.slice(0, 1),
      headers: ['name', name],
      longLived: false,
    } as const
    return open(request, sink)
  }
  return { log, sinks, call }
}

test('an answer that ends gives its place to who waits, once', async () => {
  const { log, sinks, call } = rig()
  call('a1')
  call('a2')
  void sinks.get('a1')?.end()
  await turn()
  call('a3')
  await turn()
  assert.equal(log, ['a1 begins', 'a1 ends', 'a2 begins'])
})

test('so does one that fails, and what comes after its end is nothing', async () => {
  const { log, sinks, call } = rig()
  const first = call('a1')
  call('a2')
  const error = new GuardError('GUARD_UPSTREAM_TIMEOUT', 'late')
  sinks.get('a1')?.fail(error)
  sinks.get('a1')?.fail(error)
  first.abort()
  first.orphan?.()
  await turn()
  assert.equal(log, ['a1 begins', 'a1: GUARD_UPSTREAM_TIMEOUT late', 'a2 begins'])
})

test('an answer that nobody waits for makes room for a call of the same caller alone', async () => {
  const { log, call } = rig()
  call('a1').orphan?.()
  call('b1')
  call('b2')
  await turn()
  assert.equal(log, ['a1 begins', 'b1 begins'])
  call('a2')
  await turn()
  assert.equal(log.slice(2), ['a1 is aborted', 'a2 begins'])
})

test('what begins a session that nobody will know is given up at once', () => {
  const { log, call } = rig()
  call('a1', 'initialize').orphan?.()
  assert.equal(log, ['a1 begins', 'a1 is aborted'])
})

test('what waits when its client goes is never sent', async () => {
  const { log, call } = rig()
  const first = call('a1')
  call('a2').orphan?.()
  call('a3').abort()
  first.abort()
  await turn()
  assert.equal(log, ['a1 begins', 'a1 is aborted'])
})

test('nobody waits longer than an answer may take, nor where too many do', async () => {
  const { log, call } = rig({ maxWaiting: 1, timeoutMs: 20 })
  call('a1')
  call('a2')
  call('a3')
  while (log.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(log, [
    'a1 begins',
    'a3: GUARD_UPSTREAM_BUSY too many calls wait for a connection',
    'a2: GUARD_UPSTREAM_BUSY no connection became free in time',
  ])
})

test.run()
