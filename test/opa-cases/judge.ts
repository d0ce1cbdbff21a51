/**
 * One case through the production evaluator: built, rewritten, loaded, evaluated. JSON does not
 * tell a set from an array, so the same rewritten module is asked once more for the text of Rego
 * values, which has to say the same as the evaluator's answer and is what is compared.
 */
import { compareValues } from '../../src/policy/builtins/compare.js'
import { nativeJson } from '../../src/policy/builtins/native-json.js'
import { isArray, RegoObject, RegoSet, type Value } from '../../src/policy/builtins/rego-value.js'
import { readValue, writeValue } from '../../src/policy/builtins/value.js'
import { createEvaluator, type Evaluation } from '../../src/policy/evaluator.js'
import { createImage } from '../../src/policy/image.js'
import { createInstance } from '../../src/policy/instance.js'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { type BareModule, startBare } from '../policy/bare-module.js'
import type { OpaCase } from './cases.js'
import { compileCase, entryPoint } from './compile.js'

/** null: the case passes. */
export type Failure = string | null

const bounds = { maxBytes: 16_777_216, budget: 100_000_000 }
const json = 0
const rego = 1

/**
 * Throws where the module says something else than before it was rewritten, or the evaluator
 * something else than the module: there are no exceptions from that.
 */
export function judge(opaCase: OpaCase): Failure {
  const compiled = compileCase(opaCase)
  if (!compiled.ok) return `not compiled: ${compiled.problem}`
  const wasm = rewriteModule(compiled.wasm)
  const data = JSON.stringify(opaCase.data)
  const module = startBare(wasm, data)
  const answer = outcome(module, opaCase.input, rego)
  const before = outcome(startBare(compiled.wasm, data), opaCase.input, rego)
  mustBeEqual(opaCase, 'before it was rewritten', before.text, answer.text)
  askEvaluator(opaCase, wasm, data, module)
  if (!answer.failed) return compare(opaCase, readValue(answer.text))
  const wanted = opaCase.want.kind === 'conflict' && /conflict/.test(answer.text)
  return wanted ? null : `a fault: ${answer.text}`
}

function mustBeEqual({ name }: OpaCase, what: string, given: string, expected: string): void {
  if (given !== expected) throw new Error(`${name}: ${what} ${given}, not ${expected}`)
}

interface Outcome {
  readonly failed: boolean
  readonly text: string
}

function outcome(module: BareModule, input: string | undefined, format: 0 | 1): Outcome {
  try {
    const number = module.entryPoints.get(entryPoint) ?? -1
    return { failed: false, text: module.evaluate(number, input, { format }) }
  } catch (thrown) {
    return { failed: true, text: String(thrown) }
  }
}

/** The evaluator always has an input. */
function askEvaluator(
  opaCase: OpaCase,
  wasm: Uint8Array<ArrayBuffer>,
  data: string,
  module: BareModule,
): void {
  const input = opaCase.input ?? '{}'
  const expected = outcome(module, input, json)
  const image = createImage(wasm, new TextEncoder().encode(data))
  const evaluator = createEvaluator(image, createInstance(image))
  const number = image.entryPoints.get(entryPoint) ?? -1
  const evaluation = evaluator.evaluate(number, input, bounds)
  if (evaluation.kind === 'fault' && expected.failed) return
  mustBeEqual(opaCase, 'the evaluator says', textOf(evaluation), expected.text)
}

function textOf(evaluation: Evaluation): string {
  if (evaluation.kind === 'defined') return `[{"result":${evaluation.text}}]`
  return evaluation.kind === 'undefined' ? '[]' : JSON.stringify(evaluation)
}

function compare({ want }: OpaCase, set: Value): Failure {
  if (want.kind === 'conflict') return 'an answer where a conflict was wanted'
  const given = resultOf(set)
  const expected = new RegoSet(want.rows.map((row) => rowOf(JSON.stringify(row), want.sorted)))
  const got = new RegoSet(given.map((row) => rowOf(writeValue(nativeJson(row)), want.sorted)))
  return compareValues(expected, got) === 0 ? null : `wanted ${show(expected)}, got ${show(got)}`
}

/** The rows in the set that is the result. */
function resultOf(set: Value): Value[] {
  const [row] = [...(set as Iterable<Value>)]
  if (!(row instanceof RegoObject)) return []
  const [member] = [...row]
  const rows = member?.[1]
  return rows instanceof RegoSet ? [...rows] : []
}

/**
 * A row as a host reads it, its numbers as doubles; with the arrays among its bindings sorted where
 * the case does not care about order.
 */
function rowOf(json: string, sort: boolean): Value {
  const row = readValue(JSON.stringify(JSON.parse(json)))
  if (!sort || !(row instanceof RegoObject)) return row
  return new RegoObject(
    [...row].map(([key, value]) => {
      return [key, isArray(value) ? value.toSorted(compareValues) : value] as const
    }),
  )
}

function show(set: RegoSet): string {
  return writeValue(set).slice(0, 300)
}
