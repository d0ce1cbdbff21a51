/**
 * The decision point for whoever writes a policy: the production module, evaluator and decision
 * parser, asked with facts as they stand in a file instead of a message. Nothing is remembered
 * between questions.
 */
import type { CompiledBundle, Decision, Observer } from '../domain.js'
import { GuardError } from '../errors.js'
import type { PolicyOptions } from './activate.js'
import { maxAnswerBytes } from './ask.js'
import { type AskAs, createAskAs } from './ask-as.js'
import type { Decided, Decider } from './decider.js'
import { denial, parseDecision } from './decision.js'
import { createEvaluator } from './evaluator.js'
import { createInstance } from './instance.js'
import { loadPolicy } from './load.js'
import { compileProjection, projectedText } from './project.js'

export type { AskAs } from './ask-as.js'
export type { Decider } from './decider.js'

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

/** The decision point as the gateway asks it. Rejects with GuardError GUARD_POLICY_INVALID. */
export async function openAskAs(
  bundle: CompiledBundle,
  options: PolicyOptions,
  observer: Observer,
): Promise<AskAs> {
  const { decide } = openDecider(bundle, options.budget)
  return createAskAs({ bundle, options, decide: (facts) => decide(facts).decision, observer })
}

/** The decision in a value that another engine worked out, by the one parser; undefined: it has none. */
export function readDecision(value: unknown): Decision {
  return value === undefined ? denial('policy-undefined') : parseDecision(value).decision
}

/** The engine writes some numbers as it was given them, `.5` and `1e`, which are no JSON. */
function parse(text: string): { decision: Decision; problem: string | null } {
  try {
    return parseDecision(JSON.parse(text))
  } catch {
    return { decision: denial('decision-malformed'), problem: 'the decision is not JSON' }
  }
}
