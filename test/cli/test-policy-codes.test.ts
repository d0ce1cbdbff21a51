/** What the exit code of `test-policy` says of a run that could be made. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPlan, type TestArguments } from '../../src/cli/test-policy/options.js'
import { showOutcome } from '../../src/cli/test-policy/show.js'
import type {
  DecisionCase,
  PolicyTest,
  TestReport,
  TestVerdict,
} from '../../src/rego/test-report.js'

const ran = (verdict: TestVerdict): PolicyTest => ({
  package: 'a_test',
  name: `test_${verdict}`,
  file: 'a_test.rego',
  row: 1,
  col: 1,
  verdict,
  engines: { interpreter: null, wasm: null },
  error: '',
  output: '',
  durationNs: 1,
  subResults: [],
  failedAt: null,
})
const judged = (verdict: DecisionCase['verdict']): DecisionCase => ({
  file: 'a.yaml',
  row: 1,
  name: verdict,
  verdict,
  differences: [],
  problem: '',
  durationNs: 1,
})
const nothing: TestReport = { tests: [], cases: [], coverage: null, benchmarks: [], durationMs: 1 }
const coverage = { percent: 89.999, coveredLines: 9, notCoveredLines: 1, files: [] }
const passed = [ran('passed')]

const rows: readonly (readonly [
  report: Partial<TestReport>,
  given: Partial<TestArguments>,
  code: number,
])[] = [
  [{ tests: [ran('failed'), ...passed] }, {}, 2],
  [{ tests: [ran('error')] }, {}, 2],
  [{ tests: [ran('disagreed')] }, {}, 2],
  [{ tests: [ran('disagreed')] }, { 'exit-zero-on-skipped': true }, 2],
  [{ tests: [ran('skipped'), ...passed] }, {}, 2],
  [{ tests: [ran('skipped'), ...passed] }, { 'exit-zero-on-skipped': true }, 0],
  [{ cases: [judged('failed')], tests: passed }, {}, 2],
  [{ cases: [judged('error')] }, {}, 2],
  [{ cases: [judged('passed')] }, { 'fail-on-empty': true }, 0],
  [{ tests: passed, coverage }, { threshold: '90' }, 2],
  [{ tests: passed, coverage }, { threshold: '89.9' }, 0],
  [{ tests: passed, coverage }, { coverage: true }, 0],
  [{}, { 'fail-on-empty': true }, 1],
  [{}, {}, 0],
  [{ tests: passed }, {}, 0],
]

for (const [report, given, code] of rows) {
  const verdicts = [...(report.tests ?? []), ...(report.cases ?? [])].map((one) => one.verdict)
  test(`${code}: [${verdicts}] ${JSON.stringify(given)}`, () => {
    const plan = readPlan(
      { format: 'json', output: '/dev/null', ...given } as TestArguments,
      undefined,
    )
    const whyEmpty = verdicts.length === 0 ? 'there are none' : null
    const outcome = { ok: true, report: { ...nothing, ...report }, whyEmpty } as const
    assert.is(showOutcome(plan, outcome), code)
  })
}

test('1: problems of the policy', () => {
  const problem = { code: 'x', message: 'wrong', file: 'a.rego', row: 1, col: 1 }
  const plan = readPlan({ format: 'json' } as TestArguments, undefined)
  const problems = [{ ...problem, details: null, hint: null }]
  assert.is(showOutcome(plan, { ok: false, problems }), 1)
})

test.run()
