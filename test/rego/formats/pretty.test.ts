/** A run as people see it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import { formatReport } from '../../../src/rego/formats/index.js'
import type { TestReport } from '../../../src/rego/test-report.js'
import { decisionCase, hostile, ordinary, policyTest, testReport } from './reports.js'

const quiet = { paint: unpainted, verbose: false, version: '0.1.0' }
const verbose = { ...quiet, verbose: true }
const pretty = (report: TestReport, options = quiet) => formatReport('pretty', report, options)

for (const [what, options] of Object.entries({ quiet, verbose })) {
  test(`hostile text, ${what}: nothing that a terminal would carry out or hide`, () => {
    assert.not.match(pretty(hostile, options), /[^\P{C}\n\t]|[\u2028\u2029\ufffe]/u)
  })
}

test('reasons, values and prints of what did not pass', () => {
  assert.equal(pretty(ordinary).split('\n'), [
    'policies/a_test.rego:5:',
    'data.a_test.test_b: FAIL (1.23ms)',
    '  not true: x == 2',
    '    at policies/a_test.rego:6:2',
    '    x = 1',
    '    y = "b"',
    '',
    '  x is 1',
    '  no more',
    '',
    'policies/a_test.rego:9:',
    'data.a_test.test_table: FAIL (1.23ms)',
    '  two: FAIL',
    '    deep: FAIL',
    'policies/a_test.rego:20:',
    'data.a_test.todo_test_c: SKIPPED',
    '',
    'policies/b_test.rego:4:',
    'data.b_test.test_conflict: ERROR (42µs)',
    '  eval_conflict_error: complete rules must not produce multiple outputs',
    'policies/b_test.rego:8:',
    'data.b_test.test_engines: DISAGREED (1.23ms)',
    '  the two engines do not agree',
    '    interpreter: pass: true',
    '    wasm:        fail: undefined',
    '',
    'cases/a.yaml:9:',
    'mallory deletes: FAIL (90µs)',
    '  not as expected: allow, reasons',
    '    allow: expected false',
    '    allow: actual   true',
    '    reasons: expected ["not-granted"]',
    '    reasons: actual   []',
    'cases/a.yaml:15:',
    'nobody: ERROR (90µs)',
    '  subject: is missing',
    '-'.repeat(80),
    'PASS: 3/8',
    'FAIL: 2/8',
    'DISAGREED: 1/8',
    'SKIPPED: 1/8',
    'ERROR: 1/8',
    'CASES: 1/3 as expected',
    'why it decides so: mcp-guard explain; if it is right so: mcp-guard test-policy --update',
    '',
  ])
})

test('all of it passed: one line; the rest when asked for', () => {
  const tests = [policyTest({ subResults: [{ name: ['one'], passed: true }] }), policyTest({})]
  const report = testReport({ tests, cases: [decisionCase({})] })
  assert.is(pretty(report), 'PASS: 2/2\nCASES: 1/1 as expected\n')
  assert.equal(pretty(report, verbose).split('\n').slice(0, 5), [
    'policies/a_test.rego:3:',
    'data.a_test.test_a: PASS (1.23ms)',
    '  one: PASS',
    'policies/a_test.rego:3:',
    'data.a_test.test_a: PASS (1.23ms)',
  ])
})

test('no tests at all', () => {
  assert.is(pretty(testReport({})), '')
})

test('coverage is rounded down, and names the rows that are missing', () => {
  const none = { covered: [], notCovered: [] }
  const coverage = {
    percent: 99.996,
    coveredLines: 24_999,
    notCoveredLines: 1,
    files: [
      { file: 'a.rego', percent: 99, covered: [1], notCovered: [3, 4, 5, 9], ranges: none },
      { file: 'b.rego', percent: 100, covered: [1], notCovered: [], ranges: none },
    ],
  }
  assert.equal(pretty(testReport({ tests: [policyTest({})], coverage })).split('\n'), [
    'PASS: 1/1',
    'COVERAGE: 99.99% (24999/25000 lines)',
    '  a.rego: not covered: 3-5, 9',
    '',
  ])
})

test('values are as they came, durations are short, verdicts have colours', () => {
  const failedAt = { text: 'x', file: 'a', row: 1, col: 1, values: { x: 'y'.repeat(5000) } }
  const tests = [policyTest({ verdict: 'failed', failedAt, durationNs: 2_345_678_901 })]
  const text = pretty(testReport({ tests }), {
    ...quiet,
    paint: (code, word) => `<${code}>${word}</>`,
  })
  assert.match(text, 'test_a: <31>FAIL</> (2.35s)\n')
  assert.match(text, /^ {4}x = y{5000}$/m)
  assert.match(text, '\n<31>FAIL</>: 1/1\n')
})

test('benchmarks', () => {
  const one = { package: 'a_test', name: 'test_a', file: 'a', row: 1, engine: 'wasm' } as const
  const report = testReport({ benchmarks: [{ ...one, runs: 1000, nsPerOp: 1234.5 }] })
  assert.equal(pretty(report).split('\n')[0], 'data.a_test.test_a\t1000\t1235 ns/op')
})

test.run()
