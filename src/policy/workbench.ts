/**
 * The decision point for whoever writes a policy: the production module, evaluator and decision
 * parser, asked with facts as they stand in a file instead of a message. The only file of this room
 * that commands import. Nothing is remembered between questions.
 */
import type { CompiledBundle, Decision } from '../domain.js'
import { GuardError } from '../errors.js'
import { maxAnswerBytes } from './ask.js'
import { denial, parseDecision } from './decision.js'
import { createEvaluator } from './evaluator.js'
import { createInstance } from './instance.js'
import { loadPolicy } from './load.js'
import { compileProjection, projectedText } from './project.js'

export interface Decider {
  readonly revision: string
  /** One question, exactly as the facts put it; the facts are shown as the gateway would show them. */
  decide(facts: object): Decided
  /** The same facts shown whole, whatever the policy reads. The decision has to be the same. */
  decideWhole(facts: object): Decided
}

export interface Decided {
  readonly decision: Decision
  /** What is wrong with the policy's answer; null when nothing is. */
  readonly problem: string | null
  /** Units of work. */
  readonly spent: number
}

const defaultBudget = 1_000_000
const budgets = 4

/** Throws GuardError GUARD_POLICY_INVALID with every reason why the bundle cannot decide. */
export function openDecider(bundle: CompiledBundle, budget = defaultBudget): Decider {
  const { wasm, data, contract, hostModule, revision } = bundle
  const outcome = loadPolicy({ wasm, data, contract, hostModule, budget })
  if (!outcome.ok) throw new GuardError('GUARD_POLICY_INVALID', outcome.problems.join('; '))
  const { image, entryPoints } = outcome.policy
  const evaluator = createEvaluator(image, createInstance(image))
  const projection = compileProjection(bundle.paths)

  function ask(input: string): Decided {
    const bounds = { maxBytes: maxAnswerBytes, budget: budgets * budget }
    const evaluation = evaluator.evaluate(entryPoints.decision, input, bounds)
    if (evaluation.kind === 'unreadable') {
      return { decision: denial('facts-malformed'), problem: 'a lone surrogate', spent: 0 }
    }
    const { spent } = evaluation
    if (evaluation.kind === 'undefined') {
      return { decision: denial('policy-undefined'), problem: null, spent }
    }
    if (evaluation.kind === 'fault') {
      return { decision: denial(evaluation.reason), problem: evaluation.problem, spent }
    }
    return { ...parse(evaluation.text), spent }
  }

  return {
    revision,
    decide: (facts) => ask(projectedText(projection, facts) ?? '{}'),
    decideWhole: (facts) => ask(JSON.stringify(facts)),
  }
}

/** The engine writes some numbers as it was given them, `.5` and `1e`, which are no JSON. */
function parse(text: string): { decision: Decision; problem: string | null } {
  try {
    return parseDecision(JSON.parse(text))
  } catch {
    return { decision: denial('decision-malformed'), problem: 'the decision is not JSON' }
  }
}
