/**
 * A sample of OPA's own cases, one from each of many folders, the same in every run: each is built,
 * rewritten and evaluated as in production and answers as OPA says. All of them run in test/long.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { findCases, type OpaCase, readCases } from './cases.js'
import { disagreements, readExceptions } from './exceptions.js'
import { runCases } from './run.js'

const seed = 20_261_122
const folders = 100

const found = findCases()
const testCases = testUnless('lack' in found ? found.lack : null, test)

testCases("a sample of OPA's cases", async () => {
  const cases = sample('folder' in found ? readCases(found.folder) : [])
  assert.is(cases.length, folders)
  const failures = await runCases(cases)
  assert.equal(disagreements(failures, readExceptions()), [])
})

test('the list of exceptions only shrinks', () => {
  const listed = Object.values(readExceptions()).flat().length
  assert.is(listed, 782, 'lower this number with the list; never raise it')
})

function sample(cases: readonly OpaCase[]): readonly OpaCase[] {
  const names = [...new Set(cases.map(({ folder }) => folder))]
  const all = names.map((name) => cases.filter(({ folder }) => folder === name))
  const chosen = fc.shuffledSubarray(all, { minLength: folders, maxLength: folders })
  const picked = chosen.chain((some) => fc.tuple(...some.map((few) => fc.constantFrom(...few))))
  return fc.sample(picked, { seed, numRuns: 1 })[0] ?? []
}

test.run()
