/**
 * From a compiled bundle to what instances are made from, with everything checked that can be: the
 * bundle, the module, its data, and a trial on a first instance. Synchronous and without state, so
 * that it runs on a thread of its own as well as inline. Problems of the bundle are values.
 */
import type { CompiledBundle } from '../domain.js'
import { describeThrown } from '../errors.js'
import type { EntryPoints } from './ask.js'
import {
  bundleProblems,
  decisionPath,
  decisionsPath,
  imageProblems,
  moduleProblems,
} from './bundle-check.js'
import { createEvaluator } from './evaluator.js'
import { createImage, type PolicyImage } from './image.js'
import { createInstance } from './instance.js'
import { rewriteModule } from './rewrite.js'
import { trialProblems } from './trial.js'

export interface LoadRequest
  extends Pick<CompiledBundle, 'wasm' | 'data' | 'contract' | 'hostModule'> {
  readonly budget: number
}

export interface LoadedPolicy {
  readonly image: PolicyImage
  readonly entryPoints: EntryPoints
}

export type LoadOutcome =
  | { readonly ok: true; readonly policy: LoadedPolicy }
  | { readonly ok: false; readonly problems: readonly string[] }

export function loadPolicy(request: LoadRequest): LoadOutcome {
  try {
    return load(request)
  } catch (thrown) {
    return refused([describeThrown(thrown)])
  }
}

function load({ wasm, data, contract, hostModule, budget }: LoadRequest): LoadOutcome {
  const unfit = bundleProblems({ contract, data })
  if (unfit.length > 0) return refused(unfit)
  const rewritten = rewriteModule(wasm)
  const module = new WebAssembly.Module(rewritten)
  const unlinkable = moduleProblems(module)
  if (unlinkable.length > 0) return refused(unlinkable)
  const image = createImage(rewritten, data, module)
  const problems = imageProblems(image, hostModule)
  const decision = image.entryPoints.get(decisionPath)
  const decisions = hostModule ? image.entryPoints.get(decisionsPath) : null
  if (problems.length > 0 || decision === undefined || decisions === undefined) {
    return refused(problems)
  }
  const entryPoints = { decision, decisions }
  const evaluator = createEvaluator(image, createInstance(image))
  const failed = trialProblems(evaluator, entryPoints, budget)
  return failed.length > 0 ? refused(failed) : { ok: true, policy: { image, entryPoints } }
}

function refused(problems: readonly string[]): LoadOutcome {
  return { ok: false, problems }
}
