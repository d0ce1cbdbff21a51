/**
 * The production evaluator answers as OPA's interpreter does: on random policies over random facts,
 * valid and spoilt, document by document, with undefined and errors. What is known to differ is not
 * drawn; test/property/engines-agree-known.test.ts lists it. More pairs by hand:
 *
 *   SEED=2 PAIRS=1000000 node dist/test/property/engines-agree.test.js
 *
 * The seed is the same each time: a difference that nobody knew of is an engine's, not a change's.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { capabilities } from '../../src/rego/compile-policy.js'
import { builtinNames, runTrial, type TrialSize } from '../support/engine-trial.js'
import { seededRandom } from '../support/random.js'

const seed = Number(process.env['SEED'] ?? 1)
const wanted = Number(process.env['PAIRS'] ?? 10_000)
const size: TrialSize = { packages: 60, facts: 110, errors: 60 }

test(`${wanted} pairs of policy and facts are answered alike (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const builtins = builtinNames(capabilities())
  const counts = { defined: 0, undefined: 0, unreadable: 0, error: 0 }
  let compared = 0
  let members = 0
  let refused = 0
  let stricter = 0
  let batches = 0
  while (compared < wanted) {
    const trial = runTrial(random, size, builtins)
    if (trial.difference !== null) throw new Error(`batch ${batches}:\n${trial.difference}`)
    for (const kind of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[kind] += trial.counts[kind]
    }
    compared += trial.compared
    members += trial.members
    refused += trial.refused
    stricter += trial.stricter
    batches += 1
    if (batches % 10 === 0) console.log(`${compared} pairs`)
  }
  console.log({ compared, ...counts, members, refused, stricter, batches })
  for (const [kind, count] of Object.entries(counts)) {
    assert.ok(count > compared / 100, `${kind}: ${count} of ${compared}`)
  }
  assert.ok(stricter < compared / 200, `${stricter} answers are stricter than the interpreter's`)
  assert.ok(members > 2 * counts.defined, 'most rules are undefined')
  assert.ok(refused < (batches * size.packages) / 3, `${refused} packages do not compile`)
})

test.run()
