/**
 * Evaluates one bundle: text in, outcome out, never a throw. Whatever throws inside costs the
 * instance, and the next evaluation gets a new one of the same module and data. Text that the
 * engine's parser aborts on does not reach it.
 */
import { describeThrown } from '../errors.js'
import { createInstance, type PolicyImage, type PolicyInstance } from './instance.js'

export type Evaluation =
  /** `text`: the JSON text of the result itself. */
  | { readonly kind: 'defined'; readonly text: string; readonly spent: number }
  | { readonly kind: 'undefined'; readonly spent: number }
  /** A lone surrogate: the facts are not Unicode text and cannot be judged. */
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'fault'
      readonly reason: 'policy-fault' | 'policy-budget'
      readonly problem: string
      readonly spent: number
    }

export interface Bounds {
  /** Of the answer. */
  readonly maxBytes: number
  /** Units of work: loop rounds and function entries. */
  readonly budget: number
}

export interface Evaluator {
  evaluate(entryPoint: number, input: string, bounds: Bounds): Evaluation
}

/** `first` is used up before a new instance is made. */
export function createEvaluator(image: PolicyImage, first: PolicyInstance): Evaluator {
  let instance: PolicyInstance | null = first
  let inUse = false

  function evaluate(entryPoint: number, input: string, bounds: Bounds): Evaluation {
    // Two evaluations in one memory would overwrite each other without any error.
    if (inUse) return fault('evaluation inside an evaluation')
    if (hasLoneSurrogate(input)) return { kind: 'unreadable' }
    inUse = true
    try {
      instance ??= createInstance(image)
      const text = instance.evaluate(entryPoint, input, bounds.maxBytes)
      return text === null ? { kind: 'undefined', spent: 0 } : { kind: 'defined', text, spent: 0 }
    } catch (thrown) {
      instance = null
      return fault(describeThrown(thrown))
    } finally {
      inUse = false
    }
  }

  return { evaluate }
}

function fault(problem: string): Evaluation {
  return { kind: 'fault', reason: 'policy-fault', problem, spent: 0 }
}

/**
 * In the text of `JSON.stringify`, which escapes lone surrogates and no other character above the
 * control range; a backslash of the content is doubled, so only an odd run of them escapes.
 */
export function hasLoneSurrogate(json: string): boolean {
  return json.includes('\\ud') && /(?<!\\)(\\\\)*\\ud[89a-f]/.test(json)
}
