/**
 * Evaluates one bundle: text in, outcome out, never a throw. Whatever throws inside costs the
 * instance, and the next evaluation gets a new one of the same module and data. Text that the
 * engine's parser aborts on does not reach it.
 */
import { describeThrown } from '../errors.js'
import { createInstance, type Output, type PolicyImage, type PolicyInstance } from './instance.js'

export type Evaluation =
  | { readonly kind: 'defined'; readonly output: Output }
  | { readonly kind: 'undefined' }
  /** A lone surrogate: the facts are not Unicode text and cannot be judged. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'fault'; readonly problem: string }

export interface Evaluator {
  evaluate(entryPoint: number, input: string, maxBytes: number): Evaluation
}

/** `first` is used up before a new instance is made. */
export function createEvaluator(image: PolicyImage, first: PolicyInstance): Evaluator {
  let instance: PolicyInstance | null = first
  let inUse = false

  function evaluate(entryPoint: number, input: string, maxBytes: number): Evaluation {
    // Two evaluations in one memory would overwrite each other without any error.
    if (inUse) return { kind: 'fault', problem: 'evaluation inside an evaluation' }
    if (hasLoneSurrogate(input)) return { kind: 'unreadable' }
    inUse = true
    try {
      instance ??= createInstance(image)
      const output = instance.evaluate(entryPoint, input, maxBytes)
      return output === null ? { kind: 'undefined' } : { kind: 'defined', output }
    } catch (thrown) {
      instance = null
      return { kind: 'fault', problem: describeThrown(thrown) }
    } finally {
      inUse = false
    }
  }

  return { evaluate }
}

/**
 * In the text of `JSON.stringify`, which escapes lone surrogates and no other character above the
 * control range; a backslash of the content is doubled, so only an odd run of them escapes.
 */
export function hasLoneSurrogate(json: string): boolean {
  return json.includes('\\ud') && /(?<!\\)(\\\\)*\\ud[89a-f]/.test(json)
}
