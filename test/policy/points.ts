/** Decision points made by hand, for what the holder has no option for. */
import type { CompiledBundle, DecisionPoint, PolicyEvent } from '../../src/domain.js'
import { createDecisionPoint } from '../../src/policy/decision-point.js'
import { createEvaluator, type Evaluation, type Evaluator } from '../../src/policy/evaluator.js'
import { createInstance } from '../../src/policy/instance.js'
import { loadPolicy } from '../../src/policy/load.js'

export interface PointOptions {
  readonly memoBytes?: number
  readonly budget?: number
  readonly timeZones?: readonly string[]
  readonly events?: PolicyEvent[]
  /** Sees every evaluation: which entry point, its input and what came of it. */
  readonly watch?: (entryPoint: number, input: string, evaluation: Evaluation) => void
}

const defaultBudget = 1_000_000

/** Of a bundle on the real engine. */
export function pointOf(bundle: CompiledBundle, options: PointOptions = {}): DecisionPoint {
  const { wasm, data, contract, hostModule, paths } = bundle
  const { budget = defaultBudget } = options
  const outcome = loadPolicy({ wasm, data, contract, hostModule, budget })
  if (!outcome.ok) throw new Error(outcome.problems.join('; '))
  const { image, entryPoints } = outcome.policy
  const evaluator = createEvaluator(image, createInstance(image))
  return pointWith(evaluator, paths, entryPoints, { ...options, budget })
}

export const bothEntryPoints = { decision: 0, decisions: 1 } as const

/** Of any function from input to outcome. */
export function pointWith(
  evaluator: Evaluator,
  paths: CompiledBundle['paths'],
  entryPoints: { readonly decision: number; readonly decisions: number | null } = bothEntryPoints,
  options: PointOptions = {},
): DecisionPoint {
  const { memoBytes, budget = defaultBudget, timeZones = [], events, watch } = options
  let count = 0
  return createDecisionPoint({
    revision: 'sha256:test',
    evaluator: {
      evaluate(entryPoint, input, bounds) {
        const evaluation = evaluator.evaluate(entryPoint, input, bounds)
        watch?.(entryPoint, input, evaluation)
        return evaluation
      },
    },
    entryPoints,
    paths,
    budget,
    timeZones,
    nextId() {
      count += 1
      return `decision-${count}`
    },
    observer: { policy: (event) => events?.push(event) },
    ...(memoBytes !== undefined && { memoBytes }),
  })
}
