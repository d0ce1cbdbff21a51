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
/** What the first tenth needs, every later one gets by with, but for what V8 takes its time with. */
const slackMb = 80

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
  const [first = 0, ...later] = megabytes
  assert.ok(Math.max(...later) < first + slackMb, megabytes.join(', '))
})

test.run()
