/**
 * As test/property/engines-agree.test.ts, with more policies and fewer facts of each: a policy is
 * compiled once, and what differs between two engines lies in policies more often than in facts.
 */
import { test } from 'uvu'
import { runTrials } from '../support/engine-trials.js'

const seed = Number(process.env['SEED'] ?? 7)
const wanted = Number(process.env['PAIRS'] ?? 10_000)
const size = { packages: 80, facts: 12, errors: 30 }

test(`${wanted} pairs, a new policy for every dozen, are answered alike (seed ${seed})`, () => {
  runTrials({ seed, wanted, size })
})

test.run()
