/**
 * The command line of `test-policy`, with the names that `opa test` has where it has them, read into
 * what is to be done. A wrong one is a UsageError.
 */
import type { InferredOptionTypes } from 'yargs'
import { parseDuration } from '../../lib/duration.js'
import {
  type CoverageFormat,
  coverageFormats,
  type ReportFormat,
  reportFormats,
} from '../../rego/formats/index.js'
import { textOption } from '../options.js'
import { UsageError } from '../terminal.js'

export const testOptions = {
  verbose: { alias: 'v', type: 'boolean', describe: 'Also show what passed' },
  run: { alias: 'r', ...textOption('run', 'Only tests and cases whose full name this matches') },
  coverage: { alias: 'c', type: 'boolean', describe: 'Say which lines no test reached' },
  threshold: { ...textOption('threshold', 'Fail below so many per cent of lines reached') },
  format: {
    alias: 'f',
    ...textOption('format', 'Form of the report'),
    choices: reportFormats,
    default: 'pretty',
  },
  output: {
    alias: 'o',
    ...textOption('output', 'Write the report into this file and the pretty one to the screen'),
  },
  'coverage-output': { ...textOption('coverage-output', 'Write the coverage into this file') },
  'coverage-format': {
    ...textOption('coverage-format', 'Form of that file (default json)'),
    choices: coverageFormats,
  },
  'var-values': { type: 'boolean', describe: 'Show values of local variables at full length' },
  timeout: { ...textOption('timeout', 'For one test, such as 500ms or 10s (default 5s)') },
  'fail-on-empty': { type: 'boolean', describe: 'Fail when no test ran (default where CI is set)' },
  'exit-zero-on-skipped': {
    alias: 'z',
    type: 'boolean',
    describe: 'Exit with 0 though some were skipped',
  },
  count: { ...textOption('count', 'Run so many times, until one run fails') },
  bench: { type: 'boolean', describe: 'Also measure each test that passed' },
  cases: {
    ...textOption('cases', 'Decision cases: a folder or file (default cases beside the policy)'),
  },
  update: { type: 'boolean', describe: 'Rewrite what cases expect to what the policy says' },
  watch: { alias: 'w', type: 'boolean', describe: 'Run again whenever a file is saved' },
} as const

export type TestArguments = InferredOptionTypes<typeof testOptions> & {
  readonly path?: readonly string[] | undefined
}

export interface TestPlan {
  readonly paths: readonly string[]
  readonly verbose: boolean
  readonly run: string | null
  readonly coverage: boolean
  /** Per cent; 0: any coverage will do. */
  readonly threshold: number
  readonly format: ReportFormat
  readonly output: string | null
  readonly coverageOutput: { readonly file: string; readonly format: CoverageFormat } | null
  readonly varValues: boolean
  readonly timeoutMs: number
  readonly failOnEmpty: boolean
  readonly skippedPass: boolean
  readonly count: number
  readonly bench: boolean
  readonly cases: string | undefined
  readonly update: boolean
  readonly watch: boolean
  readonly isCi: boolean
}

const defaultTimeoutMs = 5_000
const maxTimeoutMs = 600_000

/** `ci`: the environment's `CI`. */
export function readPlan(given: TestArguments, ci: string | undefined): TestPlan {
  const { path } = given
  const threshold = given.threshold === undefined ? 0 : readThreshold(given.threshold)
  const coverageOutput = readCoverageOutput(given)
  const plan: TestPlan = {
    paths: path === undefined || path.length === 0 ? ['policies'] : path,
    verbose: given.verbose ?? false,
    run: given.run === undefined ? null : readExpression(given.run),
    coverage: given.coverage === true || threshold > 0 || coverageOutput !== null,
    threshold,
    format: given.format as ReportFormat,
    output: given.output ?? null,
    coverageOutput,
    varValues: given['var-values'] ?? false,
    timeoutMs: given.timeout === undefined ? defaultTimeoutMs : readTimeout(given.timeout),
    failOnEmpty: given['fail-on-empty'] ?? isCi(ci),
    skippedPass: given['exit-zero-on-skipped'] ?? false,
    count: given.count === undefined ? 1 : readCount(given.count),
    bench: given.bench ?? false,
    cases: given.cases,
    update: given.update ?? false,
    watch: given.watch ?? false,
    isCi: isCi(ci),
  }
  checkTogether(plan)
  return plan
}

function checkTogether(plan: TestPlan): void {
  if (plan.bench && plan.coverage) throw new UsageError('--bench and --coverage exclude each other')
  if (plan.watch && (plan.update || plan.bench || plan.count > 1)) {
    throw new UsageError('--watch goes with none of --update, --bench and --count')
  }
  if (plan.update && plan.run !== null) {
    throw new UsageError(
      '--update rewrites all cases: leave --run out, or name a file with --cases',
    )
  }
}

/** As CI services set it. */
function isCi(ci: string | undefined): boolean {
  return ci !== undefined && !/^(|0|false)$/i.test(ci)
}

function readThreshold(text: string): number {
  const number = /^[0-9]{1,3}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (number >= 0 && number <= 100) return number
  throw new UsageError('--threshold takes a number from 0 to 100')
}

function readTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0 && ms <= maxTimeoutMs) return ms
  throw new UsageError('--timeout takes a duration up to 10m, such as 500ms or 10s')
}

function readCount(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text)
  throw new UsageError('--count takes a number from 1')
}

function readExpression(text: string): string {
  try {
    new RegExp(text)
    return text
  } catch {
    throw new UsageError('--run takes a regular expression, such as test_deny or tools_test')
  }
}

function readCoverageOutput(given: TestArguments): TestPlan['coverageOutput'] {
  const { 'coverage-output': file, 'coverage-format': format } = given
  if (file !== undefined) return { file, format: (format as CoverageFormat | undefined) ?? 'json' }
  if (format === undefined) return null
  throw new UsageError('--coverage-format needs --coverage-output FILE')
}
