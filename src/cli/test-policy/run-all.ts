/** One run of everything: the tests on both engines, and the decision cases on the production module. */
import type { CompiledBundle } from '../../domain.js'
import { openTestModule } from '../../policy/test-module.js'
import { benchTests } from '../../rego/bench-tests.js'
import { defaultCacheDir } from '../../rego/cache.js'
import { compileSource } from '../../rego/compile-policy.js'
import type { TestProgress } from '../../rego/compiler-session.js'
import type { TestRunner } from '../../rego/run-tests.js'
import { readSourceSet, type SourceSet } from '../../rego/source-set.js'
import type { TestReport, TestRunOutcome } from '../../rego/test-report.js'
import { type CaseRun, casesFolder, runDecisionCases } from '../decision-cases.js'
import { painter } from '../terminal.js'
import { updateDecisionCases } from '../update-cases.js'
import type { TestPlan } from './options.js'
import { describeEmpty } from './why-empty.js'

export type AllOutcome =
  | {
      readonly ok: true
      readonly report: TestReport
      /** Why nothing ran; null: something did. */
      readonly whyEmpty: string | null
    }
  | Extract<TestRunOutcome, { ok: false }>

const noCases: CaseRun = { ok: true, cases: [] }

export async function runAll(
  plan: TestPlan,
  runner: TestRunner,
  onProgress: (progress: TestProgress) => void,
): Promise<AllOutcome> {
  const begun = performance.now()
  const read = await readSourceSet(plan.paths)
  if (!read.ok) return read
  const { run, coverage, timeoutMs } = plan
  const options = { ...(run === null ? {} : { run }), coverage, timeoutMs, onProgress }
  const [tested, cases] = await Promise.all([
    runner.run(read.set, options),
    runCases(plan, read.set),
  ])
  if (!tested.ok) return tested
  if (!cases.ok) return cases
  const benchmarks = plan.bench
    ? await benchTests(read.set, openTestModule, tested.report.tests)
    : []
  const durationMs = performance.now() - begun
  const report = { ...tested.report, cases: cases.cases, benchmarks, durationMs }
  const whyEmpty = isEmpty(report) ? await describeEmpty(plan, runner, read.set) : null
  return { ok: true, report, whyEmpty }
}

async function runCases(plan: TestPlan, { source, shown }: SourceSet): Promise<CaseRun> {
  const folder = casesFolder(plan.cases, plan.paths)
  if (folder === null) return noCases
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  const compiled = await compileSource(source, { cacheDir })
  if (compiled.ok) return casesOf(plan, folder, compiled.bundle)
  const problems = compiled.problems.map((one) =>
    one.file === null ? one : { ...one, file: shown(one.file) },
  )
  return { ok: false, problems }
}

function casesOf(plan: TestPlan, folder: string, bundle: CompiledBundle): CaseRun {
  const { update, run } = plan
  const named = plan.cases !== undefined
  if (update) {
    const show = (diff: string) => process.stdout.write(diff)
    return updateDecisionCases(folder, bundle, { show, paint: painter(process.stdout), named })
  }
  return runDecisionCases(
    folder,
    bundle,
    run === null ? { named } : { run: new RegExp(run), named },
  )
}

/** Nothing ran, which is rarely meant. */
function isEmpty({ tests, cases }: TestReport): boolean {
  return tests.length === 0 && cases.length === 0
}
