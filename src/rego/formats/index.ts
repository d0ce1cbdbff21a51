/**
 * The forms in which a run, its coverage and what `check` and `lint` find can be had. Pure: a report
 * in, text out, which ends in a newline. Whatever a policy, a test or a server says is hostile here
 * and stays within its place in every form.
 */
import type { Paint } from '../../lib/paint.js'
import type { PolicyFinding } from '../finding.js'
import type { CoverageReport, TestReport } from '../test-report.js'
import { failureAnnotations, findingAnnotations } from './annotations.js'
import { countTests } from './counts.js'
import { formatCobertura, formatCoverageJson, formatLcov } from './coverage.js'
import { testName } from './failures.js'
import { formatFindingsJson, formatFindingsPretty } from './findings.js'
import { formatGithub } from './github.js'
import { formatJunit } from './junit.js'
import { formatOpaJson } from './opa-json.js'
import { formatPretty } from './pretty.js'
import { formatSarif } from './sarif.js'
import { formatTap } from './tap.js'

export interface FormatOptions {
  /** For `pretty`. */
  readonly paint: Paint
  /** For `pretty` and `github`: also what passed. */
  readonly verbose: boolean
  /** Of mcp-guard, for `sarif`. */
  readonly version: string
}

export const reportFormats = ['pretty', 'json', 'junit', 'tap', 'github', 'sarif'] as const
export type ReportFormat = (typeof reportFormats)[number]

export const coverageFormats = ['json', 'lcov', 'cobertura'] as const
export type CoverageFormat = (typeof coverageFormats)[number]

export const findingFormats = ['pretty', 'json', 'github', 'sarif'] as const
export type FindingFormat = (typeof findingFormats)[number]

export function formatReport(
  format: ReportFormat,
  report: TestReport,
  options: FormatOptions,
): string {
  switch (format) {
    case 'pretty':
      return formatPretty(report, options)
    case 'json':
      return formatOpaJson(report)
    case 'junit':
      return formatJunit(report)
    case 'tap':
      return formatTap(report)
    case 'github':
      return reportForGithub(report, options.verbose)
    case 'sarif':
      return formatSarif(failureAnnotations(report), options.version)
  }
}

export function formatCoverage(format: CoverageFormat, coverage: CoverageReport): string {
  switch (format) {
    case 'json':
      return formatCoverageJson(coverage)
    case 'lcov':
      return formatLcov(coverage)
    case 'cobertura':
      return formatCobertura(coverage)
  }
}

/** `pretty` says nothing where nothing was found. */
export function formatFindings(
  format: FindingFormat,
  findings: readonly PolicyFinding[],
  options: Pick<FormatOptions, 'paint' | 'version'>,
): string {
  switch (format) {
    case 'pretty':
      return formatFindingsPretty(findings, options.paint)
    case 'json':
      return formatFindingsJson(findings)
    case 'github':
      return formatGithub('policy', findingAnnotations(findings), [], levels(findings))
    case 'sarif':
      return formatSarif(findingAnnotations(findings), options.version)
  }
}

function reportForGithub(report: TestReport, verbose: boolean): string {
  const { tests, cases } = report
  const passed = verbose
    ? [
        ...tests.filter(({ verdict }) => verdict === 'passed').map((test) => testName(test)),
        ...cases.filter(({ verdict }) => verdict === 'passed').map(({ name }) => name),
      ]
    : []
  const { total, passed: count } = countTests(report)
  const tested = `PASS: ${count}/${total}`
  const held = cases.filter(({ verdict }) => verdict === 'passed').length
  return formatGithub(
    'policy tests',
    failureAnnotations(report),
    passed.map((name) => `PASS ${name}`),
    cases.length === 0 ? tested : `${tested}, CASES: ${held}/${cases.length}`,
  )
}

function levels(findings: readonly PolicyFinding[]): string {
  const errors = findings.filter(({ level }) => level === 'error').length
  return `errors: ${errors}, warnings: ${findings.length - errors}`
}
