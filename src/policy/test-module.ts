/**
 * Evaluates tests that were compiled to a module of their own, as the gateway evaluates a policy: the
 * same rewriting, the same host functions, a budget. Tests have no input but what they set themselves.
 */
import type { Json } from '../domain.js'
import { GuardError } from '../errors.js'
import { hostBuiltins } from './builtins/index.js'
import { createEvaluator } from './evaluator.js'
import { createImage } from './image.js'
import { createInstance } from './instance.js'
import { rewriteModule } from './rewrite.js'

export type TestAnswer =
  /** `text` is the engine's own JSON of the value. */
  | { readonly kind: 'defined'; readonly value: Json; readonly text: string }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'error'; readonly problem: string }

export interface TestModule {
  ask(entryPoint: string): TestAnswer
}

/** `data`: the text of JSON. `budget`: units of work for one question. */
export type OpenTestModule = (wasm: Uint8Array, data: string, budget: number) => TestModule

const maxBytes = 33_554_432
/** Nothing: the module leaves `input` undefined. */
const noInput = ''

export function openTestModule(wasm: Uint8Array, data: string, budget: number): TestModule {
  const image = createImage(rewriteModule(wasm), new TextEncoder().encode(data))
  const missing = image.builtins.filter((name) => !hostBuiltins.has(name))
  if (missing.length > 0) {
    const names = missing.sort().join(', ')
    throw new GuardError('GUARD_POLICY_INVALID', `functions that this gateway lacks: ${names}`)
  }
  const evaluator = createEvaluator(image, createInstance(image))
  return {
    ask(entryPoint) {
      const number = image.entryPoints.get(entryPoint)
      if (number === undefined) throw new RangeError(`there is no entry point ${entryPoint}`)
      const evaluation = evaluator.evaluate(number, noInput, { maxBytes, budget })
      switch (evaluation.kind) {
        case 'undefined':
          return { kind: 'undefined' }
        case 'unreadable':
          throw new RangeError('no input is no text')
        case 'fault':
          return { kind: 'error', problem: evaluation.problem }
        case 'defined':
          return answerOf(evaluation.text)
      }
    },
  }
}

/** The engine writes some numbers as it was given them, `.5` and `1e`, which are no JSON. */
function answerOf(text: string): TestAnswer {
  try {
    return { kind: 'defined', value: JSON.parse(text) as Json, text }
  } catch {
    return { kind: 'error', problem: 'the result is no JSON' }
  }
}
