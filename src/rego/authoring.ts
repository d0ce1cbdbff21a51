/**
 * What authors of a policy ask of the compiler: run the tests, find every problem, format.
 * Verdicts of tests come from OPA's interpreter here. Test files take part in all three.
 */
import type { Json, JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import { capabilities, factsSchema } from './compile-policy.js'
import { type CompilerOptions, callCompiler } from './compiler.js'
import type { PolicyProblem } from './problem.js'
import { readSources } from './sources.js'

export interface TestOptions extends CompilerOptions {
  /** Regular expression over full names such as `data.mcpguard.main_test.test_denies`. */
  readonly run?: string
  readonly coverage?: boolean
}

export interface TestResult {
  readonly package: string
  readonly name: string
  readonly file: string
  readonly row: number
  readonly outcome: 'pass' | 'fail' | 'error' | 'skip'
  readonly error: string
  /** What `print` wrote. */
  readonly output: string
  readonly durationNs: number
  /** Cases of a table test, by their keys; empty for others. */
  readonly cases: readonly { readonly name: readonly string[]; readonly pass: boolean }[]
  /** The expression a failed test got no further than, with the values it had. */
  readonly failedAt: {
    readonly text: string
    readonly file: string
    readonly row: number
    readonly col: number
    readonly values: Readonly<Record<string, string>>
  } | null
  readonly trace: readonly string[]
}

export interface Coverage {
  /** Per cent of all lines that count. */
  readonly coverage: number
  readonly files: Readonly<Record<string, FileCoverage>>
}

export interface FileCoverage {
  readonly coverage?: number
  readonly not_covered?: readonly { readonly start: { readonly row: number } }[]
}

export type TestRun =
  | { readonly ok: true; readonly tests: readonly TestResult[]; readonly coverage: Coverage | null }
  | { readonly ok: false; readonly problems: PolicyProblem[] }

export async function runTests(path: string, options: TestOptions = {}): Promise<TestRun> {
  const sources = await readSources(path)
  if (!sources.ok) return sources
  const { run = '', coverage = false, ...compilerOptions } = options
  const request = { source: sources.source, capabilities: capabilities(), run, coverage }
  const reply = await callCompiler('test', request, compilerOptions)
  if (!reply.ok) return reply
  const { tests, coverage: covered } = reply.result
  return {
    ok: true,
    tests: list(tests) as unknown as TestResult[],
    coverage: (covered ?? null) as unknown as Coverage | null,
  }
}

/** All problems of a policy, tests included; empty when there are none. Strict unless said. */
export async function checkPolicy(
  path: string,
  options: CompilerOptions & { readonly strict?: boolean } = {},
): Promise<PolicyProblem[]> {
  const sources = await readSources(path)
  if (!sources.ok) return sources.problems
  const { strict = true, ...compilerOptions } = options
  const request = {
    source: sources.source,
    capabilities: capabilities(),
    schema: factsSchema(),
    strict,
  }
  const reply = await callCompiler('check', request, compilerOptions)
  return reply.ok ? [] : reply.problems
}

export type Formatted =
  | { readonly ok: true; readonly files: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: PolicyProblem[] }

/** Rego texts by path, formatted. */
export async function formatRego(
  files: Readonly<Record<string, string>>,
  options: CompilerOptions = {},
): Promise<Formatted> {
  const reply = await callCompiler('fmt', { files: { ...files } }, options)
  if (!reply.ok) return reply
  return { ok: true, files: object(reply.result['files']) as Record<string, string> }
}

function list(value: Json | undefined): Json[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value
  throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
}

function object(value: Json | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
}
