/**
 * All that can be said of a policy without running it: what OPA's compiler refuses, strictly, and what
 * compiles but is surely not meant. Tests are read too. What a rule of style would say is lint.ts.
 */
import { readFindings } from './analysis.js'
import { type AskOptions, askCompiler } from './ask-compiler.js'
import { capabilities, factsSchema } from './compile-policy.js'
import type { PolicyFinding } from './finding.js'
import { entryPoint } from './host-module.js'
import type { SourceSet } from './source-set.js'

export interface CheckOptions extends AskOptions {
  /** Also unused variables and imports and what else OPA calls strict; default true. */
  readonly strict?: boolean
  /** Of the protocol: a name in the policy that is nearly one of them is warned of. */
  readonly methods?: readonly string[]
}

/** In the order of their places, files as people see them; empty when there is nothing to say. */
export async function checkPolicy(
  set: SourceSet,
  options: CheckOptions = {},
): Promise<PolicyFinding[]> {
  const { strict = true, methods = [], ...askOptions } = options
  const request = {
    source: set.source,
    capabilities: capabilities(),
    schema: factsSchema(),
    strict,
    entryPoint,
    methods: [...methods],
  }
  return readFindings(await askCompiler('check', request, askOptions), set, pageOfCheck)
}

/** The checks of our own have ids in kebab case and a page each; the compiler's codes share one. */
function pageOfCheck(code: string): string {
  return `docs/check/${code.includes('_') ? 'compile-errors' : code}.md`
}
