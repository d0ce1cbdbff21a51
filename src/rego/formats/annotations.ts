/**
 * What points at a place in a source, for forms that show a review such places (GitHub, SARIF): from
 * the failures of a run or from the findings of `check` and `lint`.
 */
import type { PolicyFinding } from '../finding.js'
import type { TestReport } from '../test-report.js'
import { type FailureKind, failuresOf } from './failures.js'

export interface Annotation {
  /** Id of the rule: a kind of failure, or a finding's code. */
  readonly rule: string
  readonly level: 'error' | 'warning'
  readonly title: string
  readonly message: string
  readonly details: readonly string[]
  readonly file: string | null
  readonly row: number | null
  readonly col: number | null
  /** What the rule means. */
  readonly help: string
}

const kinds: Readonly<Record<FailureKind, string>> = {
  'test-failed': 'A test of the policy is not true.',
  'test-error': 'A test of the policy could not be evaluated.',
  'engines-disagree':
    'The engine that enforces and the reference interpreter give a test different results.',
  'case-failed': 'The policy decides a case otherwise than the table of cases expects.',
  'case-error': 'A case could not be decided.',
}

export function failureAnnotations(report: TestReport): Annotation[] {
  return failuresOf(report).map(({ kind, ...failure }) => ({
    ...failure,
    rule: kind,
    level: 'error',
    help: kinds[kind],
  }))
}

export function findingAnnotations(findings: readonly PolicyFinding[]): Annotation[] {
  return findings.map(({ code, level, message, hint, file, row, col, page }) => ({
    rule: code,
    level,
    title: code,
    message: hint === null ? message : `${message} (${hint})`,
    details: page === null ? [] : [`see ${page}`],
    file,
    row,
    col,
    help: page === null ? code : `See ${page}.`,
  }))
}
