/**
 * A run as TAP 14 (testanything.org), one point for each test and each decision case. Reasons are a
 * block of YAML whose values are JSON texts, so that nothing in them ends the block.
 */
import type { TestReport } from '../test-report.js'
import { caseFailure, countedCases, type Failure, testFailure, testName } from './failures.js'
import { escaped, toJson } from './text.js'

interface Point {
  readonly name: string
  readonly failure: Failure | null
  readonly skipped: boolean
  readonly durationMs: number
  /** Failed cases of a table test. */
  readonly cases: readonly string[]
  readonly output: string
}

export function formatTap({ tests, cases }: TestReport): string {
  const points: Point[] = [
    ...tests.map((test) => ({
      name: testName(test),
      failure: testFailure(test),
      skipped: test.verdict === 'skipped',
      durationMs: test.durationNs / 1e6,
      cases: countedCases(test)
        .filter(({ passed }) => !passed)
        .map(({ name }) => name.join(' / ')),
      output: test.output,
    })),
    ...cases.map((one) => ({
      name: `${one.file}: ${one.name}`,
      failure: caseFailure(one),
      skipped: false,
      durationMs: one.durationNs / 1e6,
      cases: [],
      output: '',
    })),
  ]
  const plan = points.length === 0 ? '1..0 # SKIP no tests' : `1..${points.length}`
  return ['TAP version 14', plan, ...points.flatMap(pointLines), ''].join('\n')
}

function pointLines(point: Point, index: number): string[] {
  const { name, failure, skipped, durationMs, cases, output } = point
  const word = failure === null ? 'ok' : 'not ok'
  const line = `${word} ${index + 1} - ${description(name)}${skipped ? ' # SKIP' : ''}`
  if (skipped) return [line]
  const diagnostics = {
    ...(failure === null ? {} : reasons(failure)),
    ...(cases.length === 0 ? {} : { cases }),
    ...(output === '' ? {} : { output }),
    duration_ms: Math.round(durationMs * 1000) / 1000,
  }
  const members = Object.entries(diagnostics).map(([key, value]) => `  ${key}: ${yaml(value)}`)
  return [line, '  ---', ...members, '  ...']
}

function reasons({ kind, message, details, file, row, col }: Failure) {
  const at = { file, line: row, ...(col === null ? {} : { column: col }) }
  return { message, severity: 'fail', kind, at, ...(details.length === 0 ? {} : { details }) }
}

/** JSON on one line, which is YAML 1.2; what YAML calls unprintable is escaped. */
function yaml(value: unknown): string {
  return escaped(toJson(value))
}

/**
 * `#` begins a directive, and a name is one line. node-tap takes a brace at its end for the beginning
 * of a test within the test.
 */
function description(text: string): string {
  return escaped(text)
    .replace(/\{\s*$/, '\\u007b')
    .replace(/[\\#]/g, '\\$&')
}
