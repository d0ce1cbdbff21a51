/** Which processes a pool ends for whom, over links that a test speaks for. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import { createBreakers } from '../../../src/lib/breaker.js'
import { systemClock } from '../../../src/lib/clock.js'
import { ownMessage } from '../../../src/mcp/json-rpc.js'
import type { Exchange } from '../../../src/proxy/back/back.js'
import { ChildPool } from '../../../src/proxy/back/child-pool.js'
import { Connection } from '../../../src/proxy/back/connection.js'
import type { LinkListener } from '../../../src/proxy/back/link.js'

const nothing = () => undefined
const ask = ownMessage({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x' } })
const answer = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}')
const sink = {
  head: nothing,
  part: nothing,
  message: nothing,
  idle: nothing,
  end: nothing,
  fail: nothing,
}

function rig(maxChildren: number) {
  const closed: string[] = []
  const listeners: LinkListener[] = []
  const pool = new ChildPool({
    maxChildren,
    timeoutMs: 200,
    breakerOf: createBreakers(systemClock),
    start: ({ principal, sessionId }, { free, over }) =>
      new Connection(
        {
          era: 'modern',
          principal,
          sessionId,
          timeoutMs: 1000,
          idleTimeoutMs: 1000,
          maxLifetimeMs: null,
          dropped: nothing,
          free,
          heard: nothing,
          asked: nothing,
          over,
        },
        (listener) => {
          listeners.push(listener)
          const close = () => void closed.push(principal)
          return { backlog: 0, send: async () => undefined, pause: nothing, resume: nothing, close }
        },
      ),
  })
  /** null: it has to wait. */
  function request(principal: string): Exchange | null {
    let exchange: Exchange | null = null
    pool.take({ principal, sessionId: null }, (result) => {
      if (result instanceof GuardError) return
      const more = { sessionId: null, principal, headers: [], longLived: false }
      exchange = result.open({ verb: 'POST', era: 'modern', message: ask, ...more }, sink)
    })
    return exchange
  }
  return { closed, listeners, request }
}

test('for each who waits one process ends, not one each time that somebody looks', () => {
  const { closed, listeners, request } = rig(3)
  for (let n = 0; n < 3; n += 1) request('alice')
  for (const listener of listeners) listener.received(answer)
  assert.equal(closed, [])
  request('bob')
  assert.equal(closed, ['alice'])
  request('carol')
  assert.equal(closed, ['alice', 'alice'])
})

test('a process that works for nobody any more ends for whoever waits', () => {
  const { closed, request } = rig(1)
  request('alice')?.abort()
  assert.equal(closed, [])
  assert.is(request('alice'), null)
  assert.equal(closed, ['alice'])
})

test('a process that works for somebody does not', () => {
  const { closed, request } = rig(1)
  request('alice')
  assert.is(request('bob'), null)
  assert.equal(closed, [])
})

test.run()
