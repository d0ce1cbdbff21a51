/**
 * How many tests ended how, as `opa test` counts: of a table test each case is one, unless the
 * test as a whole has an error or the engines disagree on it.
 */
import type { PolicyTest, TestReport, TestVerdict } from '../test-report.js'
import { countedCases } from './failures.js'

export type Counts = Readonly<Record<TestVerdict, number>> & { readonly total: number }

export function countTests({ tests }: TestReport): Counts {
  const verdicts = tests.flatMap(verdictsOf)
  const of = (verdict: TestVerdict) => verdicts.filter((one) => one === verdict).length
  return {
    passed: of('passed'),
    failed: of('failed'),
    disagreed: of('disagreed'),
    error: of('error'),
    skipped: of('skipped'),
    total: verdicts.length,
  }
}

function verdictsOf(test: PolicyTest): TestVerdict[] {
  const cases = countedCases(test)
  if (cases.length === 0) return [test.verdict]
  return cases.map(({ passed }) => (passed ? 'passed' : 'failed'))
}
