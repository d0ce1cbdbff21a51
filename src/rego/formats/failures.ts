/**
 * What went wrong in a run, in words: one entry for each test and each decision case that does not
 * pass, in the report's order. Every format that shows reasons takes them from here, and makes the
 * text safe in its own way: names, values and outputs are what a policy says.
 */
import { cutText } from '../../lib/printable.js'
import type { DecisionCase, EngineResult, PolicyTest, TestReport } from '../test-report.js'

export type FailureKind =
  | 'test-failed'
  | 'test-error'
  | 'engines-disagree'
  | 'case-failed'
  | 'case-error'

export interface Failure {
  readonly kind: FailureKind
  readonly title: string
  /** The reason, on one line. */
  readonly message: string
  /** What else helps, a line each. */
  readonly details: readonly string[]
  /** Where to look: the expression that was false, or the test or case itself. */
  readonly file: string
  readonly row: number
  /** null: the whole line. */
  readonly col: number | null
}

/** Of results; how long values of variables are is for who asks for the report to say. */
const maxValue = 400

export function failuresOf({ tests, cases }: TestReport): Failure[] {
  return [...tests.map(testFailure), ...cases.map(caseFailure)].filter((found) => found !== null)
}

/** Null for what passed or was skipped. */
export function testFailure(test: PolicyTest): Failure | null {
  const kind = kindOf(test)
  if (kind === null) return null
  const { file, row, col } = test.failedAt ?? test
  const message = reason(test)
  const details = testDetails(test, message)
  return { kind, title: testName(test), message, details, file, row, col }
}

export function caseFailure(decisionCase: DecisionCase): Failure | null {
  const { verdict, name, file, row, differences, problem } = decisionCase
  if (verdict === 'passed') return null
  const place = { title: name, file, row, col: null }
  if (verdict === 'error') {
    return { kind: 'case-error', message: oneLine(problem), details: [], ...place }
  }
  const members = differences.map(({ member }) => member).join(', ')
  const details = differences.flatMap(({ member, expected, actual }) => [
    `${member}: expected ${cut(JSON.stringify(expected))}`,
    `${member}: actual   ${cut(JSON.stringify(actual))}`,
  ])
  return { kind: 'case-failed', message: `not as expected: ${members}`, details, ...place }
}

export function testName(test: { readonly package: string; readonly name: string }): string {
  return `data.${test.package}.${test.name}`
}

/**
 * The cases of a table test that are counted each: those without cases of their own. None where they
 * do not tell the verdict of the whole, which then counts by itself.
 */
export function countedCases({ subResults, verdict }: PolicyTest): PolicyTest['subResults'] {
  const outer = new Set(subResults.map(({ name }) => JSON.stringify(name.slice(0, -1))))
  const leaves = subResults.filter(({ name }) => !outer.has(JSON.stringify(name)))
  const told = leaves.every(({ passed }) => passed) ? 'passed' : 'failed'
  return told === verdict ? leaves : []
}

function kindOf({ verdict }: PolicyTest): FailureKind | null {
  if (verdict === 'failed') return 'test-failed'
  if (verdict === 'error') return 'test-error'
  return verdict === 'disagreed' ? 'engines-disagree' : null
}

function reason(test: PolicyTest): string {
  if (test.verdict === 'error') return oneLine(test.error)
  if (test.verdict === 'disagreed') return 'the two engines do not agree'
  const cases = countedCases(test).filter(({ passed }) => !passed)
  if (cases.length > 0)
    return `cases failed: ${cases.map(({ name }) => name.join(' / ')).join(', ')}`
  return test.failedAt === null ? 'it is not true' : `not true: ${oneLine(test.failedAt.text)}`
}

/** `said`: what stands above them. */
function testDetails(test: PolicyTest, said: string): string[] {
  const { verdict, engines, failedAt } = test
  const details: string[] = []
  if (verdict === 'disagreed') {
    details.push(`interpreter: ${engineText(engines.interpreter)}`)
    details.push(`wasm:        ${engineText(engines.wasm)}`)
  }
  if (failedAt === null) return details
  const place = `at ${failedAt.file}:${failedAt.row}:${failedAt.col}`
  const text = oneLine(failedAt.text)
  details.push(said.endsWith(text) ? place : `${place}: ${text}`)
  const values = Object.entries(failedAt.values).sort(([a], [b]) => (a < b ? -1 : 1))
  return [...details, ...values.map(([name, value]) => `${name} = ${oneLine(value)}`)]
}

function engineText(result: EngineResult | null): string {
  return result === null ? 'not asked' : `${result.outcome}: ${cut(result.text)}`
}

function cut(text: string): string {
  return cutText(oneLine(text), maxValue)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
