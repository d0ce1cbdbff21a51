/**
 * How `check` and `lint` end: what was found on standard output in the form that was asked for, for
 * people the numbers on standard error, and the exit code.
 */
import type { PolicyFinding } from '../rego/finding.js'
import { type FindingFormat, findingFormats, formatFindings } from '../rego/formats/index.js'
import type { PolicyProblem } from '../rego/problem.js'
import { readSourceSet, type SourceSet } from '../rego/source-set.js'
import { textOption } from './options.js'
import { exitCodes, painter, printNote } from './terminal.js'
import { readVersion } from './version.js'

export interface FindingArguments {
  readonly path?: readonly string[] | undefined
  readonly format: FindingFormat
  readonly 'fail-on-warn'?: boolean | undefined
}

const formatOption = textOption('format', 'How to print what is found')

/** Options of both commands. */
export const findingOptions = {
  format: {
    alias: 'f',
    ...formatOption,
    choices: findingFormats,
    // What is no choice is refused after this.
    coerce: (value: unknown) => formatOption.coerce(value) as FindingFormat,
    default: 'pretty' as const,
  },
  'fail-on-warn': { type: 'boolean', describe: 'Exit with 1 when there is a warning, too' },
} as const

/** Returns the exit code. A policy that cannot be read is an error that was found. */
export async function reportFindings(
  { path, format, 'fail-on-warn': failOnWarn }: FindingArguments,
  find: (set: SourceSet) => Promise<readonly PolicyFinding[]>,
  mostErrors = Number.POSITIVE_INFINITY,
): Promise<number> {
  const paths = path === undefined || path.length === 0 ? ['policies'] : path
  const read = await readSourceSet(paths)
  const findings = read.ok ? await find(read.set) : read.problems.map(asFinding)
  const errors = findings.filter(({ level }) => level === 'error')
  const warnings = findings.length - errors.length
  const dropped = new Set(errors.slice(mostErrors))
  const shown = findings.filter((finding) => !dropped.has(finding))
  const version = readVersion()
  process.stdout.write(formatFindings(format, shown, { paint: painter(process.stdout), version }))
  if (dropped.size > 0) printNote(`${count(dropped.size, 'more error')}; --max-errors shows more`)
  if (format === 'pretty') {
    printNote(`${paths.join(' ')}: ${count(errors.length, 'error')}, ${count(warnings, 'warning')}`)
  }
  const failed = errors.length > 0 || (failOnWarn === true && warnings > 0)
  return failed ? exitCodes.failed : exitCodes.ok
}

function asFinding(problem: PolicyProblem): PolicyFinding {
  return { ...problem, level: 'error', page: null }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
