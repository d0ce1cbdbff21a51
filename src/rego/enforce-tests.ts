/**
 * The tests of a policy on the engine that enforces it. Package by package, which compiles and runs
 * in a fraction of the time; the tests of a package that cannot be evaluated as a whole are then
 * compiled and asked one by one, so that each has an outcome of its own.
 */
import type { JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import type { OpenTestModule, TestAnswer, TestModule } from '../policy/test-module.js'
import { type EnforcedTest, valueAt } from './compare-engines.js'
import type { CompilerReply } from './compiler-reply.js'
import type { PolicyProblem } from './problem.js'

export type EnforcedTests =
  /** By package and name, with a dot between. */
  | { readonly ok: true; readonly tests: ReadonlyMap<string, EnforcedTest> }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/** Asks the compiler for a test module; `packages` asks for an entry point for each test in them. */
export type BuildTestModule = (packages: readonly string[] | null) => Promise<CompilerReply>

export interface ModuleTest {
  readonly package: string
  readonly name: string
  readonly entryPoint: string
  /** From the entry point's value to that of the test. */
  readonly keys: readonly string[]
  readonly table: boolean
}

export type OpenedTests =
  | { readonly ok: true; readonly tests: readonly ModuleTest[]; readonly module: TestModule | null }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function enforceTests(
  build: BuildTestModule,
  open: OpenTestModule,
  budget: number,
): Promise<EnforcedTests> {
  const whole = openTests(await build(null), open, budget)
  if (!whole.ok) return whole
  const found = askEach(whole)
  if (found.broken.size === 0) return { ok: true, tests: found.tests }
  const single = openTests(await build([...found.broken]), open, budget)
  if (!single.ok) return single
  return { ok: true, tests: new Map([...found.tests, ...askEach(single).tests]) }
}

/** `module` is null where there is no test. */
export function openTests(reply: CompilerReply, open: OpenTestModule, budget: number): OpenedTests {
  if (!reply.ok) return reply
  const { wasm, data, tests } = readResult(reply.result)
  const module = wasm === '' ? null : open(Buffer.from(wasm, 'base64'), data, budget)
  return { ok: true, tests, module }
}

/** `broken`: packages that were asked as a whole and gave an error. */
function askEach({ tests, module }: Extract<OpenedTests, { ok: true }>): {
  tests: Map<string, EnforcedTest>
  broken: Set<string>
} {
  const answers = new Map<string, TestAnswer>()
  const found = { tests: new Map<string, EnforcedTest>(), broken: new Set<string>() }
  if (module === null) return found
  for (const { package: home, name, entryPoint, keys, table } of tests) {
    const document = answers.get(entryPoint) ?? module.ask(entryPoint)
    answers.set(entryPoint, document)
    if (document.kind === 'error' && keys.length > 0) found.broken.add(home)
    found.tests.set(`${home}.${name}`, { answer: answerAt(document, keys), table })
  }
  return found
}

function answerAt(document: TestAnswer, keys: readonly string[]): TestAnswer {
  if (document.kind !== 'defined' || keys.length === 0) return document
  const value = valueAt(document.value, keys)
  if (value === undefined) return { kind: 'undefined' }
  return { kind: 'defined', value, text: JSON.stringify(value) }
}

function readResult({ wasm, data, tests }: JsonObject) {
  if (typeof wasm === 'string' && typeof data === 'string' && Array.isArray(tests)) {
    return { wasm, data, tests: tests as unknown as ModuleTest[] }
  }
  throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
}
