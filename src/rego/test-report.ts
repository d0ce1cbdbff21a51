/**
 * What a run of `test-policy` found, as every report format reads it. Types only. Files are named as
 * they are seen from the current folder, so that editors and CI find them.
 */
import type { Json } from '../domain.js'
import type { PolicyProblem } from './problem.js'

/** `disagreed`: the two engines do not give the same verdict, whatever it is. */
export type TestVerdict = 'passed' | 'failed' | 'error' | 'skipped' | 'disagreed'

export interface TestReport {
  /** In the order of their places. */
  readonly tests: readonly PolicyTest[]
  /** Decision cases; empty where there are none. */
  readonly cases: readonly DecisionCase[]
  readonly coverage: CoverageReport | null
  readonly benchmarks: readonly Benchmark[]
  readonly durationMs: number
}

export interface PolicyTest {
  /** Without `data.`, e.g. `mcpguard.main_test`. */
  readonly package: string
  readonly name: string
  readonly file: string
  /** Both from 1. */
  readonly row: number
  readonly col: number
  readonly verdict: TestVerdict
  /** What each engine said; null: it was not asked (skipped). */
  readonly engines: {
    readonly interpreter: EngineResult | null
    readonly wasm: EngineResult | null
  }
  /** Why it is an error; empty otherwise. */
  readonly error: string
  /** What `print` wrote. */
  readonly output: string
  readonly durationNs: number
  /** Cases of a table test, by their path of keys; empty for others. */
  readonly subResults: readonly { readonly name: readonly string[]; readonly passed: boolean }[]
  readonly failedAt: FailedAt | null
}

export interface EngineResult {
  readonly outcome: 'pass' | 'fail' | 'error'
  /** The value, or the error's text, as people read it. */
  readonly text: string
}

/** The expression a failed test got no further than, and the values it had by then. */
export interface FailedAt {
  readonly text: string
  readonly file: string
  readonly row: number
  readonly col: number
  readonly values: Readonly<Record<string, string>>
}

/** One entry of `cases/*.yaml` and what became of it. */
export interface DecisionCase {
  readonly file: string
  readonly row: number
  readonly name: string
  readonly verdict: 'passed' | 'failed' | 'error'
  /** Where it is not as expected; empty when it passed. */
  readonly differences: readonly CaseDifference[]
  readonly problem: string
  readonly durationNs: number
}

export interface CaseDifference {
  /** e.g. `allow`, `reasons`, `visible`, `tier`. */
  readonly member: string
  readonly expected: Json
  readonly actual: Json
}

export interface CoverageReport {
  /** Per cent of all lines that count, over all files. */
  readonly percent: number
  readonly coveredLines: number
  readonly notCoveredLines: number
  readonly files: readonly FileCoverage[]
}

export interface FileCoverage {
  readonly file: string
  readonly percent: number
  /** Rows from 1, ascending, each once. A row is in at most one of the two. */
  readonly covered: readonly number[]
  readonly notCovered: readonly number[]
  /** As OPA writes them into its coverage JSON. */
  readonly ranges: { readonly covered: readonly Range[]; readonly notCovered: readonly Range[] }
}

export interface Range {
  readonly start: { readonly row: number; readonly col?: number }
  readonly end: { readonly row: number; readonly col?: number }
}

export interface Benchmark {
  readonly package: string
  readonly name: string
  readonly file: string
  readonly row: number
  readonly engine: 'wasm'
  readonly runs: number
  readonly nsPerOp: number
}

/** A run that could not begin: the policy or the cases are wrong. */
export type TestRunOutcome =
  | { readonly ok: true; readonly report: TestReport }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }
