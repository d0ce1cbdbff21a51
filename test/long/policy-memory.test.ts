/**
 * Memory stays flat over a million decisions and ten thousand reloads. `MCPGUARD_RELOADS` and
 * `MCPGUARD_DECISIONS` change how many.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { compileFiles } from '../policy/bundles.js'
import { callOf } from '../policy/questions.js'

const reloads = Number(process.env['MCPGUARD_RELOADS'] ?? 10_000)
const decisions = Number(process.env['MCPGUARD_DECISIONS'] ?? 1_000_000)
/** Single measurements hold what has not been cleared away yet; their median does not. */
const slackMb = 30

const bundle = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"allow": object.get(input.resource, ["arguments", "n"], 0) % 2 == 0}
`,
})

test('a million decisions and ten thousand reloads', async () => {
  const holder = createPolicyHolder()
  const megabytes: number[] = []
  for (let tenth = 0; tenth < 10; tenth += 1) {
    for (let n = 0; n < Math.max(1, reloads / 10); n += 1) {
      await holder.activate({ ...bundle, revision: `${tenth}.${n}` })
    }
    for (let n = 0; n < decisions / 10; n += 1) {
      const judged = holder.current()?.judge(callOf('sample', { n }))
      if (judged?.decision.allow !== (n % 2 === 0)) assert.unreachable(`decision ${tenth}.${n}`)
      // Whoever decides without a pause leaves no turn for what has to be cleared away.
      if (n % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    megabytes.push(Math.round(process.memoryUsage.rss() / 1e6))
  }
  console.log(`${reloads} reloads, ${decisions} decisions: ${megabytes.join(', ')} MB`)
  const [early, late] = [median(megabytes.slice(0, 5)), median(megabytes.slice(5))]
  assert.ok(late < early + slackMb, `${early} MB, then ${late} MB`)
})

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

test.run()
