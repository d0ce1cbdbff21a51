/** What a run says on the screen and in files, and the exit code it means: OPA's. */
import { writeFileSync } from 'node:fs'
import { unpainted } from '../../lib/paint.js'
import { cutText } from '../../lib/printable.js'
import { formatProblem } from '../../rego/compile-policy.js'
import { formatCoverage, formatReport, type ReportFormat } from '../../rego/formats/index.js'
import type { PolicyTest, TestReport } from '../../rego/test-report.js'
import { painter, printFailure, printNote } from '../terminal.js'
import { readVersion } from '../version.js'
import type { TestPlan } from './options.js'
import type { AllOutcome } from './run-all.js'

/** Those of `opa test`, which differ from every other command's. */
export const testExitCodes = { passed: 0, error: 1, failed: 2 } as const

export function showOutcome(plan: TestPlan, outcome: AllOutcome): number {
  if (!outcome.ok) {
    for (const problem of outcome.problems) printFailure(formatProblem(problem))
    return testExitCodes.error
  }
  const { report, whyEmpty } = outcome
  showReport(plan, report)
  if (plan.coverageOutput !== null && report.coverage !== null) {
    const { file, format } = plan.coverageOutput
    writeFileSync(file, formatCoverage(format, report.coverage))
  }
  if (whyEmpty !== null) {
    printNote(`no tests were run: ${whyEmpty}`)
    if (plan.failOnEmpty) return testExitCodes.error
  }
  const percent = report.coverage?.percent ?? 100
  if (percent < plan.threshold) {
    printFailure(
      `the tests reach ${floored(percent)} % of the lines; --threshold is ${plan.threshold}`,
    )
  }
  const passed = percent >= plan.threshold && hasPassed(report, plan)
  return passed ? testExitCodes.passed : testExitCodes.failed
}

function hasPassed({ tests, cases }: TestReport, { skippedPass }: TestPlan): boolean {
  return (
    tests.every(({ verdict }) => verdict === 'passed' || (verdict === 'skipped' && skippedPass)) &&
    cases.every(({ verdict }) => verdict === 'passed')
  )
}

function showReport(plan: TestPlan, whole: TestReport): void {
  const { format, output, verbose } = plan
  const print = (shown: ReportFormat) => {
    const options = { paint: painter(process.stdout), verbose, version: readVersion() }
    process.stdout.write(formatReport(shown, reportFor(shown, plan, whole), options))
  }
  if (output === null) print(format)
  else {
    const options = { paint: unpainted, verbose, version: readVersion() }
    writeFileSync(output, formatReport(format, reportFor(format, plan, whole), options))
    print('pretty')
  }
}

/** 99.99 % is not what was asked for when that is 100. */
function floored(percent: number): number {
  return Math.floor(percent * 100) / 100
}

/** Of values of variables: an input can fill the screen, or a line of a log. */
const onScreen = { length: 200, end: ' (--var-values)' }
const inFiles = { length: 400, end: '' }

/** JSON is for a machine, which cuts for itself. */
function reportFor(format: ReportFormat, { varValues }: TestPlan, report: TestReport): TestReport {
  if (varValues || format === 'json') return report
  const most = format === 'pretty' ? onScreen : inFiles
  return { ...report, tests: report.tests.map((test) => shortened(test, most)) }
}

function shortened(test: PolicyTest, { length, end }: typeof onScreen): PolicyTest {
  const { failedAt } = test
  if (failedAt === null) return test
  const values = Object.entries(failedAt.values).map(([name, value]) => {
    return [name, value.length > length ? `${cutText(value, length)}${end}` : value]
  })
  return { ...test, failedAt: { ...failedAt, values: Object.fromEntries(values) } }
}
