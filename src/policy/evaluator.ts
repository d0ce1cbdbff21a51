/**
 * Evaluates one bundle: text in, outcome out, never a throw. What breaks an evaluation off (an abort
 * of the module, its budget, a throwing host function) leaves the instance usable; only what no
 * evaluation should be able to do costs it, and then another one is at hand. Text that the engine's
 * parser aborts on does not reach it.
 */
import { describeThrown } from '../errors.js'
import { BudgetSpent } from './builtins/bounds.js'
import type { PolicyImage } from './image.js'
import { createInstance, createInstanceInSlices, type PolicyInstance } from './instance.js'

export type Evaluation =
  /** `text`: the JSON text of the result itself. */
  | { readonly kind: 'defined'; readonly text: string; readonly spent: number }
  | { readonly kind: 'undefined'; readonly spent: number }
  /** A lone surrogate: the facts are not Unicode text and cannot be judged. */
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'fault'
      readonly reason: EvaluationFault
      readonly problem: string
      readonly spent: number
    }

export type EvaluationFault = 'policy-fault' | 'policy-budget'

export interface Bounds {
  /** Of the answer. */
  readonly maxBytes: number
  /** Units of work: loop rounds and function entries. */
  readonly budget: number
}

export interface Evaluator {
  evaluate(entryPoint: number, input: string, bounds: Bounds): Evaluation
}

/** Beyond it a second copy of the data would cost more than the moment that making one takes. */
const maxSpareBytes = 33_554_432
const trapOfBudget = 'unreachable'
const backslash = 0x5c

/** `another` and `ahead` make an instance that is as good as `first`: at once, or in slices. */
export function createEvaluator(
  image: PolicyImage,
  first: PolicyInstance,
  another = () => createInstance(image),
  ahead = () => createInstanceInSlices(image),
): Evaluator {
  let instance: PolicyInstance | null = first
  let spare: PolicyInstance | null = null
  let inUse = false
  prepareSpare()

  function prepareSpare(): void {
    if (image.heap.length > maxSpareBytes) return
    setImmediate(() => {
      ahead().then(
        (made) => {
          spare ??= made
        },
        () => {
          // No memory now; the next evaluation that needs one tries again and says so.
        },
      )
    }).unref()
  }

  function takeInstance(): PolicyInstance {
    if (spare === null) return another()
    const taken = spare
    spare = null
    prepareSpare()
    return taken
  }

  function evaluate(entryPoint: number, input: string, bounds: Bounds): Evaluation {
    // Two evaluations in one memory would overwrite each other without any error.
    if (inUse) return fault('policy-fault', 'evaluation inside an evaluation', 0)
    if (hasLoneSurrogate(input)) return { kind: 'unreadable' }
    inUse = true
    try {
      instance ??= takeInstance()
      const text = instance.evaluate(entryPoint, input, bounds.maxBytes, bounds.budget)
      const spent = bounds.budget - instance.remaining()
      return text === null ? { kind: 'undefined', spent } : { kind: 'defined', text, spent }
    } catch (thrown) {
      return broken(thrown, bounds.budget)
    } finally {
      inUse = false
    }
  }

  function broken(thrown: unknown, budget: number): Evaluation {
    const problem = describeThrown(thrown)
    if (!isSound(thrown)) {
      instance = null
      return fault('policy-fault', problem, budget)
    }
    if (thrown instanceof RangeError) {
      // How far it came depends on how much stack the machine has: it counts as all there was.
      instance?.recover()
      return fault('policy-fault', problem, budget)
    }
    const remaining = instance?.remaining() ?? budget
    instance?.recover()
    if (thrown instanceof BudgetSpent || (isTrap(thrown) && remaining <= 0)) {
      return fault('policy-budget', `more than ${budget} units of work`, budget)
    }
    return fault('policy-fault', problem, budget - remaining)
  }

  return { evaluate }
}

function fault(reason: EvaluationFault, problem: string, spent: number): Evaluation {
  return { kind: 'fault', reason, problem, spent }
}

function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError && thrown.message === trapOfBudget
}

/**
 * Memory holds what it should after an abort, and after a stack that was used up: callers can cause
 * that (a text with deep JSON in it), and nothing is written by it. After any other trap nobody knows.
 */
function isSound(thrown: unknown): boolean {
  return !(thrown instanceof WebAssembly.RuntimeError) || thrown.message === trapOfBudget
}

/**
 * In the text of `JSON.stringify`, which escapes lone surrogates and no other character above the
 * control range; a backslash of the content is doubled, so only an odd run of them escapes.
 */
export function hasLoneSurrogate(json: string): boolean {
  for (let at = json.indexOf('\\ud'); at >= 0; at = json.indexOf('\\ud', at + 1)) {
    if (!/[89a-f]/.test(json.charAt(at + 3))) continue
    let first = at
    while (first > 0 && json.charCodeAt(first - 1) === backslash) first -= 1
    if ((at - first) % 2 === 0) return true
  }
  return false
}
