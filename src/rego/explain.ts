/**
 * What became of each rule of a policy when it was asked with one set of facts, by OPA's interpreter
 * in the compiler. The verdict that counts comes from the compiled module: here the interpreter's is
 * handed on beside the rules, so that somebody can compare the two.
 */
import type { Json, JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import { capabilities } from './compile-policy.js'
import { callCompiler } from './compiler.js'
import { entryPoint } from './host-module.js'
import type { PolicyProblem } from './problem.js'
import type { PolicySource } from './sources.js'

export interface ExplainedPolicy {
  /** The interpreter's value of the decision; undefined: it has none. */
  readonly value: Json | undefined
  /** Why the interpreter gave up; empty when it did not. */
  readonly error: string
  /** Rules of `mcpguard.rules` first; those that no question could reach are not among them. */
  readonly rules: readonly ExplainedRule[]
  /** How many more there are. */
  readonly omitted: number
  /** Input paths that a rule asked for in vain, such as `input.resource.arguments.path`. */
  readonly missing: readonly string[]
}

export interface ExplainedRule {
  /** Without `data.`. */
  readonly package: string
  readonly name: string
  readonly file: string
  readonly row: number
  /** Of its METADATA; empty: it has none. */
  readonly title: string
  /** Reason codes that it can give, with what they mean. */
  readonly codes: Readonly<Record<string, string>>
  readonly outcome: 'fired' | 'failed' | 'not reached'
  /** What it gave, as Rego writes it. */
  readonly values: readonly string[]
  /** Rules and functions that it refers to, by package and name. */
  readonly asks: readonly string[]
  /** null: it did not fail, or its arguments were not the ones it is for. */
  readonly failedAt: FailedExpression | null
  readonly missing: readonly string[]
}

/** The expression that a rule got no further than. */
export interface FailedExpression {
  readonly text: string
  readonly file: string
  readonly row: number
  readonly col: number
  /** Of what stands in the expression; `undefined` for a member that is missing. */
  readonly values: Readonly<Record<string, string>>
  /** Rules and functions in it, by package and name. */
  readonly asks: readonly string[]
  /** It fails because what it asks holds. */
  readonly negated: boolean
}

export type ExplainOutcome =
  | { readonly ok: true; readonly explained: ExplainedPolicy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function explainPolicy(source: PolicySource, facts: object): Promise<ExplainOutcome> {
  const request = {
    source,
    capabilities: capabilities(),
    entryPoint,
    input: facts as JsonObject,
  }
  const reply = await callCompiler('explain', request)
  if (!reply.ok) return reply
  const { defined, value, error, rules, omitted, missing } = reply.result
  if (!Array.isArray(rules) || !Array.isArray(missing) || typeof error !== 'string') {
    throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
  }
  return {
    ok: true,
    explained: {
      value: defined === true ? (value ?? null) : undefined,
      error,
      rules: rules as unknown as ExplainedRule[],
      omitted: Number(omitted),
      missing: missing as string[],
    },
  }
}
