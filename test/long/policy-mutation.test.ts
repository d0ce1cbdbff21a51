/**
 * Every mutant of the shipped policy. At least 95 of 100 have to be noticed by its tests; those that
 * are not are printed. `npm test` judges a sample.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { allMutants, runMutation } from '../policies/mutation/run.js'

test('at least 95 % of all mutants are noticed', () => {
  const { judged, killed } = runMutation(allMutants())
  assert.ok(judged > 300, `${judged}`)
  assert.ok(killed / judged >= 0.95, `${killed} of ${judged}`)
})

test.run()
