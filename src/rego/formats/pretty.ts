/**
 * A run for people, laid out as `opa test` does it: what did not pass with its reason, then the
 * numbers. What a policy says is written with its unprintable characters as escapes, because a
 * terminal would carry them out.
 */
import type { Paint } from '../../lib/paint.js'
import type {
  CoverageReport,
  DecisionCase,
  PolicyTest,
  TestReport,
  TestVerdict,
} from '../test-report.js'
import { countTests } from './counts.js'
import { caseFailure, countedCases, type Failure, testFailure, testName } from './failures.js'
import { rowRanges } from './rows.js'
import { escaped } from './text.js'

export interface PrettyOptions {
  readonly paint: Paint
  /** Also what passed, with what it printed. */
  readonly verbose: boolean
}

const words: Readonly<Record<TestVerdict, { readonly word: string; readonly code: number }>> = {
  passed: { word: 'PASS', code: 32 },
  failed: { word: 'FAIL', code: 31 },
  disagreed: { word: 'DISAGREED', code: 35 },
  error: { word: 'ERROR', code: 31 },
  skipped: { word: 'SKIPPED', code: 33 },
}

const rule = '-'.repeat(80)
const afterFailedCases =
  'why it decides so: mcp-guard explain; if it is right so: mcp-guard test-policy --update'

export function formatPretty(report: TestReport, options: PrettyOptions): string {
  const { paint, verbose } = options
  const shown = [
    ...report.tests
      .filter(({ verdict }) => verbose || verdict !== 'passed')
      .map((test) => ({ file: test.file, lines: describeTest(test, options) })),
    ...report.cases
      .filter(({ verdict }) => verbose || verdict !== 'passed')
      .map((one) => ({ file: one.file, lines: describeCase(one, options) })),
  ]
  const lines = shown.flatMap(({ file, lines: block }, index) => {
    const previous = shown[index - 1]
    return previous === undefined || previous.file === file ? block : ['', ...block]
  })
  const benchmarks = report.benchmarks.map(
    (one) => `${safe(testName(one))}\t${one.runs}\t${Math.round(one.nsPerOp)} ns/op`,
  )
  const body = [...lines, ...benchmarks]
  return [...body, ...(body.length > 0 ? [rule] : []), ...summary(report, paint)]
    .map((line) => `${line}\n`)
    .join('')
}

function describeTest(test: PolicyTest, { paint, verbose }: PrettyOptions): string[] {
  const { verdict } = test
  const took = verdict === 'skipped' ? '' : ` (${duration(test.durationNs)})`
  const head = `${safe(testName(test))}: ${verdictWord(verdict, paint)}${took}`
  const cases = test.subResults
    .filter(({ passed }) => verbose || !passed)
    .map(({ name, passed }) => {
      const indent = '  '.repeat(name.length)
      return `${indent}${safe(name.at(-1) ?? '')}: ${verdictWord(passed ? 'passed' : 'failed', paint)}`
    })
  const output = test.output.trim() === '' ? [] : ['', ...indented(test.output.trim(), 2), '']
  const failure = testFailure(test)
  const because = failure === null ? [] : reasons(failure, countedCases(test).length > 0)
  return [`${safe(test.file)}:${test.row}:`, head, ...cases, ...because, ...output]
}

function describeCase(one: DecisionCase, { paint }: PrettyOptions): string[] {
  const head = `${safe(one.name)}: ${verdictWord(one.verdict, paint)} (${duration(one.durationNs)})`
  const failure = caseFailure(one)
  const because = failure === null ? [] : reasons(failure, false)
  return [`${safe(one.file)}:${one.row}:`, head, ...because]
}

/** The failed cases of a table test are above, each on its line. */
function reasons({ kind, message, details }: Failure, casesShown: boolean): string[] {
  const said = casesShown && kind === 'test-failed' ? [] : [`  ${safe(message)}`]
  return [...said, ...details.map((line) => `    ${safe(line)}`)]
}

function summary(report: TestReport, paint: Paint): string[] {
  const counts = countTests(report)
  const verdicts: readonly TestVerdict[] = ['passed', 'failed', 'disagreed', 'skipped', 'error']
  const lines = verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${verdictWord(verdict, paint)}: ${counts[verdict]}/${counts.total}`)
  const { cases, coverage } = report
  const held = cases.filter(({ verdict }) => verdict === 'passed').length
  if (cases.length > 0) {
    const word = paint(held === cases.length ? 32 : 31, 'CASES')
    lines.push(`${word}: ${held}/${cases.length} as expected`)
    if (cases.some(({ verdict }) => verdict === 'failed')) lines.push(afterFailedCases)
  }
  return coverage === null ? lines : [...lines, ...describeCoverage(coverage)]
}

function describeCoverage({ percent, coveredLines, notCoveredLines, files }: CoverageReport) {
  const lines = coveredLines + notCoveredLines
  const missed = files
    .filter(({ notCovered }) => notCovered.length > 0)
    .map((one) => `  ${safe(one.file)}: not covered: ${rowRanges(one.notCovered)}`)
  return [`COVERAGE: ${roundDown(percent)}% (${coveredLines}/${lines} lines)`, ...missed]
}

/** 99.99 % is not everything. */
function roundDown(percent: number): number {
  return Math.floor(percent * 100) / 100
}

function verdictWord(verdict: TestVerdict, paint: Paint): string {
  return paint(words[verdict].code, words[verdict].word)
}

/** As Go writes a duration, to three digits. */
function duration(ns: number): string {
  const [unit, size] =
    ns < 1e3 ? ['ns', 1] : ns < 1e6 ? ['µs', 1e3] : ns < 1e9 ? ['ms', 1e6] : ['s', 1e9]
  return `${Number((ns / size).toPrecision(3))}${unit}`
}

function indented(text: string, spaces: number): string[] {
  return text.split('\n').map((line) => `${' '.repeat(spaces)}${safe(line)}`)
}

function safe(text: string): string {
  return text.split('\t').map(escaped).join('\t')
}
