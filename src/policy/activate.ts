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
import {
  bundleProblems,
  decisionPath,
  decisionsPath,
  instanceProblems,
  moduleProblems,
} from './bundle-check.js'
import { createDecisionPoint } from './decision-point.js'
import { createEvaluator, type Evaluator, hasLoneSurrogate } from './evaluator.js'
import { createInstance, memoryFor, type PolicyImage } from './instance.js'
import { trialProblems, warmUp } from './trial.js'

interface PolicyStatus {
  readonly revision: string | null
  readonly activatedAtMs: number | null
  /** Why the newest bundle was refused; null when the newest is the active one. */
  readonly problem: string | null
}

export interface ActivePolicy extends PolicyHolder {
  /** Throws GuardError GUARD_POLICY_INVALID; whatever was active stays active. */
  activate(bundle: CompiledBundle): Promise<void>
  status(): PolicyStatus
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
      const { evaluator, entryPoints } = await prepare(bundle, budget)
      // A policy that replaces another is warm before it takes over; the first one has nobody to
      // spare a slow first call, and the start waits for it.
      if (active !== null) await warmUp(evaluator, entryPoints, budget)
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
    status: () => status,
    activate(bundle) {
      const result = turn.then(() => replace(bundle))
      turn = result.catch(() => undefined)
      return result
    },
  }
}

async function prepare(bundle: CompiledBundle, budget: number): Promise<Candidate> {
  refuse(bundle, bundleProblems(bundle))
  const data = new TextDecoder().decode(bundle.data)
  if (hasLoneSurrogate(data)) refuse(bundle, ['data hold a lone surrogate'])
  const image = await createImage(bundle.wasm, data)
  refuse(bundle, moduleProblems(image.module))
  const instance = createInstance(image)
  refuse(bundle, instanceProblems(instance, bundle.hostModule))
  const decision = instance.entryPoints.get(decisionPath)
  const decisions = bundle.hostModule ? instance.entryPoints.get(decisionsPath) : null
  if (decision === undefined || decisions === undefined) throw new Error('entry points are missing')
  const candidate = {
    evaluator: createEvaluator(image, instance),
    entryPoints: { decision, decisions },
  }
  refuse(bundle, trialProblems(candidate.evaluator, candidate.entryPoints, budget))
  return candidate
}

async function createImage(wasm: Uint8Array, data: string): Promise<PolicyImage> {
  const dataBytes = new TextEncoder().encode(data)
  return {
    module: await WebAssembly.compile(new Uint8Array(wasm)),
    data: dataBytes.slice().buffer,
    memory: memoryFor(wasm.byteLength, dataBytes.byteLength),
  }
}

function refuse(bundle: CompiledBundle, problems: readonly string[]): void {
  if (problems.length === 0) return
  const text = `policy ${bundle.revision} is not usable: ${problems.join('; ')}`
  throw new GuardError('GUARD_POLICY_INVALID', text)
}
