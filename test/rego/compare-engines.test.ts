import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareEngines } from '../../src/rego/compare-engines.js'
import type { InterpretedTest } from '../../src/rego/interpreted-test.js'

const passed: InterpretedTest = {
  package: 'a_test',
  name: 'test_a',
  file: 'a_test.rego',
  row: 3,
  col: 1,
  outcome: 'pass',
  value: 'true',
  error: '',
  output: '',
  durationNs: 1,
  cases: [],
  failedAt: null,
}

test('what the enforcing engine was not asked has not passed', () => {
  const found = compareEngines(passed, null, (file) => file)
  assert.is(found.verdict, 'disagreed')
  assert.equal(found.engines, { interpreter: { outcome: 'pass', text: 'true' }, wasm: null })
})

test('what both hold has passed', () => {
  const answer = { kind: 'defined', value: true, text: 'true' } as const
  const found = compareEngines(passed, { answer, table: false }, (file) => file)
  assert.is(found.verdict, 'passed')
})

test.run()
