/**
 * Why a run of `test-policy` ran nothing: there is nothing, or `--run` matches none of what there is.
 * What there is is listed only then, because it takes a second look.
 */
import { readCases } from '../../config/cases.js'
import { nearestKey } from '../../config/nearest.js'
import type { TestRunner } from '../../rego/run-tests.js'
import type { SourceSet } from '../../rego/source-set.js'
import { casesFolder } from '../decision-cases.js'
import type { TestPlan } from './options.js'

export async function describeEmpty(
  plan: TestPlan,
  runner: TestRunner,
  set: SourceSet,
): Promise<string> {
  const { run, paths } = plan
  const folder = casesFolder(plan.cases, paths)
  const tests = run === null ? [] : await runner.names(set)
  const cases = run === null ? [] : caseNames(folder)
  if (run === null || (tests?.length === 0 && cases.length === 0)) {
    const beside = folder === null ? 'no decision cases beside' : `no decision cases in ${folder}`
    const meant = 'a test is a rule whose name begins with test_'
    return `there are no tests in ${paths.join(' ')} and ${beside} (${meant})`
  }
  const known = [...(tests ?? []).map(ownName), ...cases]
  const meant = nearestKey(run, known)
  return `--run ${run} matches ${describeCount(tests, cases)}${
    meant === undefined ? '' : `; did you mean ${meant}?`
  }`
}

function describeCount(tests: readonly string[] | null, cases: readonly string[]): string {
  if (tests === null) return 'no test'
  const counted = [
    ...(tests.length === 0 ? [] : [counting(tests.length, 'test')]),
    ...(cases.length === 0 ? [] : [counting(cases.length, 'decision case')]),
  ]
  return `none of ${counted.join(' and ')}`
}

function counting(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function caseNames(folder: string | null): readonly string[] {
  const read = folder === null ? null : readCases(folder)
  return read?.ok ? read.files.flatMap(({ cases }) => cases.map(({ name }) => name)) : []
}

/** Of `data.mcpguard.main_test.test_denies`: what people write. */
function ownName(full: string): string {
  return full.slice(full.lastIndexOf('.') + 1)
}
