/** A candidate is warmed by 3,000 evaluations or for a second, and others have their turn meanwhile. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Evaluator } from '../../src/policy/evaluator.js'
import { warmUp } from '../../src/policy/trial.js'

const entryPoints = { decision: 0, decisions: 1 }

/** Warms with evaluations that take so long; tells how many, and the most without a turn of others. */
async function warmed(evaluationMs: number) {
  const counts = { single: 0, lists: 0, mostTogether: 0 }
  let together = 0
  let done = false
  const evaluator: Evaluator = {
    evaluate(entryPoint) {
      const endMs = performance.now() + evaluationMs
      while (performance.now() < endMs);
      if (entryPoint === entryPoints.decision) counts.single += 1
      else counts.lists += 1
      together += 1
      counts.mostTogether = Math.max(counts.mostTogether, together)
      return { kind: 'undefined', spent: 1 }
    },
  }
  const turn = () => {
    together = 0
    if (!done) setImmediate(turn)
  }
  turn()
  await warmUp(evaluator, entryPoints, 1_000_000)
  done = true
  return counts
}

test('a fast policy is warmed by 3,000 evaluations and a few lists', async () => {
  const { single, lists } = await warmed(0)
  assert.is(single, 3_000)
  assert.is(lists, 20)
})

test('a slow policy is warmed for a second, and others have a turn after each evaluation', async () => {
  const { single, mostTogether } = await warmed(5)
  assert.ok(single >= 10 && single <= 200, `${single} evaluations`)
  assert.ok(mostTogether <= 2, `${mostTogether} evaluations together`)
})

test.run()
