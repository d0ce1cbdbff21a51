/**
 * Holds the active policy and replaces it as a whole: check, load into a spare, try, warm up, swap.
 * On any failure the last good revision stays and the reason is thrown, kept and told. A message
 * judged before the swap keeps the decision point it was given. Activations take turns.
 */
import type {
  CompiledBundle,
  DecisionPoint,
  Observer,
  PolicyEvent,
  PolicyHolder,
} from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { systemClock } from '../lib/clock.js'
import { createIdSource } from '../lib/ids.js'
import type { EntryPoints } from './ask.js'
import { createDecisionPoint } from './decision-point.js'
import { createEvaluator, type Evaluator } from './evaluator.js'
import { createInstanceInSlices } from './instance.js'
import { loadPolicy } from './load.js'
import { createLoader, type Loader } from './load-apart.js'
import { warmUp } from './trial.js'

interface PolicyStatus {
  readonly revision: string | null
  readonly activatedAtMs: number | null
  /** Why the newest bundle was refused; null when the newest is the active one. */
  readonly problem: string | null
}

export interface ActivePolicy extends PolicyHolder {
  /** Throws GuardError GUARD_POLICY_INVALID; whatever was active stays active. */
  activate(bundle: CompiledBundle): Promise<void>
  /** A bundle is being compiled that is to replace the active one. */
  expect(): void
  status(): PolicyStatus
  /** Nothing is expected any more; what is active goes on deciding. */
  close(): void
}

interface Candidate {
  readonly evaluator: Evaluator
  readonly entryPoints: EntryPoints
}

export interface PolicyOptions {
  /** Units of work that one evaluation may take; a chunk of a list twice of it. */
  readonly budget?: number
  /** IANA zones whose wall clock the facts carry. */
  readonly timeZones?: readonly string[]
}

const defaultBudget = 1_000_000

export function createPolicyHolder(observer?: Observer, options: PolicyOptions = {}): ActivePolicy {
  const { budget = defaultBudget, timeZones = [] } = options
  const nextId = createIdSource()
  let active: DecisionPoint | null = null
  let status: PolicyStatus = { revision: null, activatedAtMs: null, problem: null }
  let turn: Promise<void> = Promise.resolve()
  const loader = createLoader()

  function tell(event: PolicyEvent): void {
    try {
      observer?.policy?.(event)
    } catch {
      // Whoever watches decides nothing.
    }
  }

  async function replace(bundle: CompiledBundle): Promise<void> {
    const { revision } = bundle
    const startedMs = systemClock.monotonicMs()
    try {
      const { evaluator, entryPoints } = await prepare(
        bundle,
        budget,
        active === null ? null : loader,
      )
      active = createDecisionPoint({
        revision,
        evaluator,
        entryPoints,
        paths: bundle.paths,
        budget,
        timeZones,
        nextId,
        observer,
      })
      status = { revision, activatedAtMs: systemClock.nowMs(), problem: null }
    } catch (thrown) {
      const error = asGuardError(thrown, 'GUARD_POLICY_INVALID', `policy ${revision} is not usable`)
      status = { ...status, problem: error.message }
      tell({ type: 'refused', message: error.message, keeps: status.revision })
      throw error
    }
    const durationMs = systemClock.monotonicMs() - startedMs
    tell({ type: 'activated', revision, durationMs })
  }

  return {
    current: () => active,
    expect() {
      if (active !== null) loader.expect()
    },
    close: loader.close,
    status: () => status,
    activate(bundle) {
      const result = turn.then(() => replace(bundle))
      turn = result.catch(() => undefined)
      return result
    },
  }
}

/**
 * The first policy is loaded in place: nobody is kept waiting by it but the start itself, which a
 * thread would only make longer. Any other is loaded apart and is warm before it takes over.
 */
async function prepare(
  bundle: CompiledBundle,
  budget: number,
  /** null: nothing is replaced. */
  loader: Loader | null,
): Promise<Candidate> {
  const { wasm, data, contract, hostModule } = bundle
  const request = { wasm, data, contract, hostModule, budget }
  const outcome = loader === null ? loadPolicy(request) : await loader.load(request)
  if (!outcome.ok) {
    const text = `policy ${bundle.revision} is not usable: ${outcome.problems.join('; ')}`
    throw new GuardError('GUARD_POLICY_INVALID', text)
  }
  const { image, entryPoints } = outcome.policy
  const evaluator = createEvaluator(image, await createInstanceInSlices(image))
  if (loader !== null) await warmUp(evaluator, entryPoints, budget)
  return { evaluator, entryPoints }
}
