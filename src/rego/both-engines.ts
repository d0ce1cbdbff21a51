/** One run of tests, each engine in its own child at the same time; what each says, side by side. */
import type { JsonObject } from '../domain.js'
import type { OpenTestModule } from '../policy/test-module.js'
import type { EnforcedTest } from './compare-engines.js'
import { capabilities } from './compile-policy.js'
import type { CompilerSession, TestProgress } from './compiler-session.js'
import { enforceTests } from './enforce-tests.js'
import { type InterpretedTests, readInterpreted } from './interpreted-test.js'
import type { PolicyProblem } from './problem.js'
import type { PolicySource } from './sources.js'

export interface TestRunOptions {
  /** Regular expression over full names such as `data.mcpguard.main_test.test_denies`. */
  readonly run?: string
  readonly coverage?: boolean
  /** Of one test. */
  readonly timeoutMs?: number
  /** How long a child may tell nothing, beside what a test may take. */
  readonly silenceMs?: number
  readonly onProgress?: (progress: TestProgress) => void
}

export interface BothRun {
  readonly source: PolicySource
  readonly options: TestRunOptions
  /** Files by name with what they held before; null: everything runs. */
  readonly changed: Readonly<Record<string, string>> | null
}

export type BothEngines =
  | {
      readonly ok: true
      readonly interpreted: InterpretedTests
      readonly enforced: ReadonlyMap<string, EnforcedTest>
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export type Sessions = readonly [interpreter: CompilerSession, builder: CompilerSession]

const defaultTimeoutMs = 5_000
const defaultSilenceMs = 120_000
/** Work of the gateway's evaluator: about 10 ns each. */
const unitsPerMs = 100_000

export async function runBoth(
  [interpreter, builder]: Sessions,
  open: OpenTestModule,
  { source, options, changed }: BothRun,
): Promise<BothEngines> {
  const { run = '', coverage = false, timeoutMs = defaultTimeoutMs, onProgress } = options
  const silenceMs = timeoutMs + (options.silenceMs ?? defaultSilenceMs)
  const request: JsonObject = {
    source,
    capabilities: capabilities(),
    run,
    changed: changed === null ? null : { ...changed },
  }
  const telling = onProgress === undefined ? { silenceMs } : { silenceMs, onProgress }
  const [interpreted, enforced] = await Promise.all([
    interpreter.call('test', { ...request, coverage, timeoutMs }, telling),
    enforceTests(
      (packages) =>
        builder.call(
          'testmodule',
          { ...request, packages: packages === null ? null : [...packages] },
          { silenceMs },
        ),
      open,
      timeoutMs * unitsPerMs,
    ),
  ])
  if (!interpreted.ok) return interpreted
  if (!enforced.ok) return enforced
  return {
    ok: true,
    interpreted: readInterpreted(interpreted.result),
    enforced: enforced.tests,
  }
}
