/** A call whose client went: it ends in time, and keeps nothing that it does not need. */
import { mock } from 'node:test'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orphan } from '../../src/proxy/orphan.js'
import { keptBytes } from '../support/heap.js'

const megabyte = 1024 * 1024

test('it is told at once, and ended after a minute', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const told: string[] = []
  const exchange = { abort: () => told.push('abort'), orphan: () => told.push('orphan') }
  orphan(exchange)
  orphan(null)
  mock.timers.tick(59_999)
  assert.equal(told, ['orphan'])
  mock.timers.tick(1)
  assert.equal(told, ['orphan', 'abort'])
  mock.timers.reset()
})

test('what is over by then is not kept until then', async () => {
  const before = await keptBytes()
  for (let count = 0; count < 64; count += 1) {
    const sent = Buffer.alloc(megabyte)
    orphan({ abort: () => void sent.fill(1) })
  }
  const kept = (await keptBytes()) - before
  assert.ok(kept < 8 * megabyte, `${kept} bytes of ${64 * megabyte} are kept`)
})

test.run()
