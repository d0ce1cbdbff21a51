/**
 * The production evaluator answers as OPA's interpreter does: on random policies over random facts,
 * valid and spoilt, document by document, with undefined and errors. What is known to differ is not
 * drawn; test/property/engines-agree-known.test.ts lists it. More pairs by hand:
 *
 *   SEED=2 PAIRS=1000000 node dist/test/property/engines-agree.test.js
 *
 * The seed is the same each time: a difference that nobody knew of is an engine's, not a change's.
 * More policies, of fewer facts each: test/long/engines-agree.test.ts.
 */
import { test } from 'uvu'
import { runTrials } from '../support/engine-trials.js'

const seed = Number(process.env['SEED'] ?? 1)
const wanted = Number(process.env['PAIRS'] ?? 2_000)
const size = { packages: 60, facts: 33, errors: 60 }

test(`${wanted} pairs of policy and facts are answered alike (seed ${seed})`, () => {
  runTrials({ seed, wanted, size })
})

test.run()
