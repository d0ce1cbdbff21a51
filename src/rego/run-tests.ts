/**
 * Runs the tests of a policy on both engines: OPA's interpreter, for reasons, values and coverage,
 * and the module that the gateway would evaluate. A runner that is kept runs again only what a change
 * can have an effect on.
 */
import type { OpenTestModule } from '../policy/test-module.js'
import { type BothEngines, runBoth, type Sessions, type TestRunOptions } from './both-engines.js'
import { compareEngines, type EnforcedTest, placesShown } from './compare-engines.js'
import { capabilities } from './compile-policy.js'
import { openCompilerSession, type SessionOptions, type TestProgress } from './compiler-session.js'
import { coverageReport, type InterpretedTest } from './interpreted-test.js'
import type { SourceSet } from './source-set.js'
import type { PolicySource } from './sources.js'
import type { TestReport, TestRunOutcome } from './test-report.js'

export type { TestRunOptions } from './both-engines.js'

export interface TestRunner {
  /** One run at a time. */
  run(set: SourceSet, options?: TestRunOptions): Promise<TestRunOutcome>
  /** The full names of all tests; null: they could not be listed. Not while one runs. */
  names(set: SourceSet): Promise<readonly string[] | null>
  /** Ends the children; a run under way fails. */
  close(): void
}

/** One run. `open`: the gateway's evaluator. */
export async function runTests(
  set: SourceSet,
  open: OpenTestModule,
  options: TestRunOptions = {},
): Promise<TestRunOutcome> {
  const runner = createTestRunner(open)
  try {
    return await runner.run(set, options)
  } finally {
    runner.close()
  }
}

interface LastRun {
  readonly source: PolicySource
  readonly tests: readonly InterpretedTest[]
  readonly enforced: ReadonlyMap<string, EnforcedTest>
}

const listingMs = 5_000

export function createTestRunner(open: OpenTestModule, children: SessionOptions = {}): TestRunner {
  const sessions: Sessions = [openCompilerSession(children), openCompilerSession(children)]
  let last: LastRun | null = null

  function close(): void {
    for (const session of sessions) session.close()
  }

  async function run(set: SourceSet, options: TestRunOptions = {}): Promise<TestRunOutcome> {
    const begun = performance.now()
    const { source } = set
    // What covers a line may be any test.
    const changed = last === null || options.coverage ? null : changedFiles(last.source, source)
    const before = changed === null ? null : last
    last = null
    try {
      const found = await runBoth(sessions, open, { source, options, changed })
      if (!found.ok) return refused(found, set)
      last = { source, ...joined(before, found) }
      const durationMs = performance.now() - begun
      return { ok: true, report: reportOf(last, found, set, durationMs) }
    } catch (thrown) {
      for (const session of sessions) session.reset()
      throw thrown
    }
  }

  /** The interpreter tells of each test before it runs, and none may then take long. */
  async function names({ source }: SourceSet): Promise<readonly string[] | null> {
    const found: string[] = []
    const request = { source, capabilities: capabilities(), run: '', changed: null, timeoutMs: 1 }
    const onProgress = ({ name }: TestProgress) => found.push(name)
    try {
      const reply = await sessions[0].call(
        'test',
        { ...request, coverage: false },
        { silenceMs: listingMs, onProgress },
      )
      return reply.ok ? found : null
    } catch {
      sessions[0].reset()
      return null
    }
  }

  return { run, names, close }
}

type Ran = Extract<BothEngines, { ok: true }>

function joined(before: LastRun | null, { interpreted, enforced }: Ran): Omit<LastRun, 'source'> {
  if (before === null) return { tests: interpreted.tests, enforced }
  const ranAgain = new Set(interpreted.files)
  const kept = before.tests.filter(({ file }) => !ranAgain.has(file))
  return {
    tests: [...kept, ...interpreted.tests].sort(byPlace),
    enforced: new Map([...before.enforced, ...enforced]),
  }
}

function byPlace(a: InterpretedTest, b: InterpretedTest): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.row - b.row
}

/** What files held that changed or were added; null: another change, after which everything runs. */
function changedFiles(before: PolicySource, now: PolicySource): Record<string, string> | null {
  if (!('files' in before) || !('files' in now)) return null
  const changed: Record<string, string> = {}
  for (const [name, text] of Object.entries(now.files)) {
    if (before.files[name] === text) continue
    if (!name.endsWith('.rego')) return null
    changed[name] = before.files[name] ?? ''
  }
  const gone = Object.keys(before.files).some((name) => now.files[name] === undefined)
  return gone ? null : changed
}

function reportOf(
  { tests, enforced }: LastRun,
  { interpreted: { coverage } }: Ran,
  { shown }: SourceSet,
  durationMs: number,
): TestReport {
  return {
    tests: tests.map((test) =>
      compareEngines(test, enforced.get(`${test.package}.${test.name}`) ?? null, shown),
    ),
    cases: [],
    coverage: coverage === null ? null : coverageReport(coverage, shown),
    benchmarks: [],
    durationMs,
  }
}

function refused(
  { problems }: Extract<BothEngines, { ok: false }>,
  { shown }: SourceSet,
): TestRunOutcome {
  const named = problems.map((one) => ({
    ...one,
    message: placesShown(one.message, shown),
    file: one.file === null ? null : shown(one.file),
  }))
  return { ok: false, problems: named }
}
