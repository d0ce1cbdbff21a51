/**
 * Lints: what works and is known to go wrong later, of policies for this gateway in particular. Each
 * has an id that stays and a page, docs/lint/<id>.md. `# mcp-guard: allow <id>` silences one finding.
 */
import { readFindings } from './analysis.js'
import { capabilities, factsSchema } from './compile-policy.js'
import { type CompilerOptions, callCompiler } from './compiler.js'
import type { PolicyFinding } from './finding.js'
import { entryPoint } from './host-module.js'
import type { SourceSet } from './source-set.js'

/** Names that a server offers; a kind that is absent is not known and nothing is said of it. */
export interface OfferedNames {
  readonly tools?: readonly string[]
  readonly prompts?: readonly string[]
  readonly resources?: readonly string[]
}

export interface LintOptions extends CompilerOptions {
  /** By the server's configured name; `*` where it is not known. Absent: nothing is known of servers. */
  readonly tools?: Readonly<Record<string, OfferedNames>>
  /** Ids that are not asked for. */
  readonly disable?: readonly string[]
  /** As `check` has them, for the allowances of its warnings. */
  readonly methods?: readonly string[]
}

/** Every id there is, sorted. */
export const lintIds: readonly string[] = [
  'annotation-loosens',
  'client-claim-trusted',
  'deny-raw-field',
  'exact-clock',
  'glob-for-set',
  'lax-builtin',
  'raw-input-outside-lib',
  'reason-undeclared',
  'test-package-votes',
  'tool-unknown',
  'unused-allow',
]

/** In the order of their places, files as people see them. A policy that does not compile: its errors. */
export async function lintPolicy(
  set: SourceSet,
  options: LintOptions = {},
): Promise<PolicyFinding[]> {
  const { tools, disable = [], methods = [], ...compilerOptions } = options
  const request = {
    source: set.source,
    capabilities: capabilities(),
    schema: factsSchema(),
    entryPoint,
    disable: [...disable],
    methods: [...methods],
    offered: tools === undefined ? null : JSON.parse(JSON.stringify(tools)),
  }
  return readFindings(await callCompiler('lint', request, compilerOptions), set, pageOfLint)
}

function pageOfLint(code: string): string {
  return code.includes('_') ? 'docs/check/compile-errors.md' : `docs/lint/${code}.md`
}
