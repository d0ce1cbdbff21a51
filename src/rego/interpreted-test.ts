/** What OPA's interpreter says of the tests of a policy, as the compiler answers it. Types, and a cast. */
import type { JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import type { CoverageReport, FailedAt, FileCoverage, Range } from './test-report.js'

export interface InterpretedTest {
  readonly package: string
  readonly name: string
  readonly file: string
  readonly row: number
  readonly col: number
  /** `refused`: it is written so that no run of it says something. */
  readonly outcome: 'pass' | 'fail' | 'error' | 'skip' | 'refused'
  /** As Rego writes it; empty: undefined. */
  readonly value: string
  readonly error: string
  /** What `print` wrote. */
  readonly output: string
  readonly durationNs: number
  /** Cases of a table test, by their keys; empty for others. */
  readonly cases: readonly { readonly name: readonly string[]; readonly pass: boolean }[]
  readonly failedAt: FailedAt | null
}

export interface InterpretedTests {
  /** Of which the tests were looked at. */
  readonly files: readonly string[]
  readonly tests: readonly InterpretedTest[]
  readonly coverage: InterpretedCoverage | null
}

/** As OPA writes it. */
export interface InterpretedCoverage {
  readonly coverage: number
  readonly covered_lines: number
  readonly not_covered_lines: number
  readonly files: Readonly<Record<string, InterpretedFile>>
}

interface InterpretedFile {
  readonly coverage?: number
  readonly covered?: readonly Range[]
  readonly not_covered?: readonly Range[]
}

export function readInterpreted(result: JsonObject): InterpretedTests {
  if (!Array.isArray(result['tests']) || !Array.isArray(result['files'])) {
    throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
  }
  return result as unknown as InterpretedTests
}

/** `shown`: how a file of the policy is named for people. */
export function coverageReport(
  found: InterpretedCoverage,
  shown: (file: string) => string,
): CoverageReport {
  const files = Object.entries(found.files)
    .map(([file, one]) => fileCoverage(shown(file), one))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
  return {
    percent: found.coverage,
    coveredLines: found.covered_lines,
    notCoveredLines: found.not_covered_lines,
    files,
  }
}

function fileCoverage(file: string, found: InterpretedFile): FileCoverage {
  const ranges = { covered: found.covered ?? [], notCovered: found.not_covered ?? [] }
  const missed = rowsOf(ranges.notCovered)
  const notCovered = [...missed].sort((a, b) => a - b)
  const covered = [...rowsOf(ranges.covered)].filter((row) => !missed.has(row))
  const percent = found.coverage ?? 100
  return { file, percent, covered: covered.sort((a, b) => a - b), notCovered, ranges }
}

function rowsOf(ranges: readonly Range[]): Set<number> {
  const rows = new Set<number>()
  for (const { start, end } of ranges) {
    for (let row = start.row; row <= end.row; row += 1) rows.add(row)
  }
  return rows
}
