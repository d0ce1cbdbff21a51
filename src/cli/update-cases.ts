/**
 * `--update`: what decision cases expect becomes what the policy says, in the files themselves, after
 * the difference was shown. Nothing is written while facts are wrong, and no file whose cases would
 * not pass afterwards: a policy that could not decide is nobody's expectation.
 */
import { parseCaseFile } from '../config/case-file.js'
import { readCases } from '../config/cases.js'
import { type CaseChange, updateCaseText } from '../config/update-cases.js'
import type { CompiledBundle } from '../domain.js'
import type { Paint } from '../lib/paint.js'
import type { CaseFile } from '../policy/decision-case.js'
import type { CaseDifference, DecisionCase } from '../rego/test-report.js'
import { asPolicyProblem, type CaseRun, runCaseFiles } from './decision-cases.js'
import { replaceFile } from './replace-file.js'
import { showDiff } from './show-diff.js'

export interface UpdateOptions {
  /** Told each file's difference before it is written. */
  readonly show: (diff: string) => void
  readonly paint: Paint
  /** Somebody named the place. */
  readonly named?: boolean
}

/** Answers with the cases as they stand afterwards. Throws where a file cannot be written. */
export function updateDecisionCases(
  path: string,
  bundle: CompiledBundle,
  options: UpdateOptions,
): CaseRun {
  const { named = false } = options
  const read = readCases(path, { named })
  if (!read.ok) return { ok: false, problems: read.problems.map(asPolicyProblem) }
  const before = runCaseFiles(read.files, bundle)
  if (!before.ok) return before
  const cases: DecisionCase[] = []
  for (const file of read.files) {
    const own = before.cases.slice(cases.length, cases.length + file.cases.length)
    cases.push(...updateFile(file, own, bundle, options))
  }
  return { ok: true, cases }
}

function updateFile(
  file: CaseFile,
  before: readonly DecisionCase[],
  bundle: CompiledBundle,
  { show, paint }: UpdateOptions,
): readonly DecisionCase[] {
  const changes = before.flatMap(({ differences }, index) =>
    differences.flatMap((difference) => changeOf(index, difference)),
  )
  if (changes.length === 0) return before
  const text = updateCaseText(file.text, changes)
  const parsed = parseCaseFile(file.file, text)
  const after = parsed.ok ? runCaseFiles([parsed.file], bundle) : parsed
  if (!after.ok || !isBetter(before, after.cases)) {
    throw new Error(`${file.file} cannot be updated by itself: write what it expects by hand`)
  }
  show(showDiff(file.file, file.text, text, paint))
  replaceFile(file.file, file.text, text)
  return after.cases
}

/** Everything that was to change passes now. */
function isBetter(before: readonly DecisionCase[], after: readonly DecisionCase[]): boolean {
  return (
    after.length === before.length &&
    after.every(({ verdict }, index) => verdict === 'passed' || !canChange(before[index]))
  )
}

function canChange(found: DecisionCase | undefined): boolean {
  return found?.differences.every((difference) => changeOf(0, difference).length > 0) ?? false
}

/** None where no expectation can say it: buckets of several tiers, a policy that is wrong by itself. */
function changeOf(index: number, { member, actual }: CaseDifference): CaseChange[] {
  if (member === 'reason') return [{ index, member, renamed: 'reasons', value: actual }]
  if (member === 'tier' && Array.isArray(actual)) return []
  return /^(allow|reasons|tier|limits|challenge|visible)$/.test(member)
    ? [{ index, member, value: actual }]
    : []
}
