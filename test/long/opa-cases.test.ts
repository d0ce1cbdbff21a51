/**
 * All of OPA's own cases through the production evaluator. The exceptions are listed with their
 * reasons in test/opa-cases/exceptions.json; with OPA_CASES_SHRINK=1 those that pass by now are
 * taken off the list.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findCases, readCases } from '../opa-cases/cases.js'
import {
  disagreements,
  readExceptions,
  shrinkExceptions,
  strayNames,
} from '../opa-cases/exceptions.js'
import { runCases } from '../opa-cases/run.js'
import { testUnless } from '../runner/skip.js'

const found = findCases()
const testCases = testUnless('lack' in found ? found.lack : null, test)

testCases("OPA's cases pass, but for those that are listed", async () => {
  const cases = 'folder' in found ? readCases(found.folder) : []
  assert.ok(cases.length > 2_000)
  const names = cases.map(({ name }) => name)
  assert.is(new Set(names).size, names.length)
  const failures = await runCases(cases)
  if (process.env['OPA_CASES_SHRINK'] === '1') shrinkExceptions(failures)
  assert.equal(strayNames(names, readExceptions()), [])
  assert.equal(disagreements(failures, readExceptions()), [])
})

test.run()
