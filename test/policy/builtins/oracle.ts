/**
 * OPA's own interpreter as the oracle of a host function: many argument lists in one evaluation, the
 * result of each or undefined. Results come back as JSON with exact numbers, sets as sorted arrays.
 */
import { setFlagsFromString } from 'node:v8'
import type { JsonObject } from '../../../src/domain.js'
import { compareValues } from '../../../src/policy/builtins/compare.js'
import { hostBuiltins } from '../../../src/policy/builtins/index.js'
import { goJsonText, nativeJson } from '../../../src/policy/builtins/native-json.js'
import {
  isArray,
  isNumber,
  numberText,
  RegoObject,
  RegoSet,
  type Value,
} from '../../../src/policy/builtins/rego-value.js'
import { readValue, writeValue } from '../../../src/policy/builtins/value.js'
import { createEvaluator } from '../../../src/policy/evaluator.js'
import { createImage } from '../../../src/policy/image.js'
import { createInstance } from '../../../src/policy/instance.js'
import { rewriteModule } from '../../../src/policy/rewrite.js'
import { readArtefact } from '../../../src/rego/artefact.js'
import { capabilities } from '../../../src/rego/compile-policy.js'
import { startReactor } from '../../../src/rego/reactor.js'

setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')

export type Arguments = readonly Value[]
export type Outcome = Value | undefined

const reactor = startReactor(readArtefact(), (text) => process.stderr.write(text))

/**
 * Arguments travel in the input as kind and content: as literals of the policy they would cost the
 * type checker more than the evaluation. By its kind the interpreter finds the one rule that applies.
 */
function unpacking(depth: number): string {
  const levels = Array.from({ length: depth + 1 }, (_, level) => {
    const [outer, inner] = [`unpack${level}`, `unpack${level - 1}`]
    const scalars = [`${outer}("scalar", x) := x`, `${outer}("number", x) := json.unmarshal(x)`]
    if (level === 0) return scalars.join('\n\n')
    return [
      ...scalars,
      `${outer}("array", x) := [${inner}(m[0], m[1]) | some m in x]`,
      `${outer}("set", x) := {${inner}(m[0], m[1]) | some m in x}`,
      `${outer}("object", x) := {${inner}(k[0], k[1]): ${inner}(v[0], v[1]) | some [k, v] in x}`,
    ].join('\n\n')
  })
  return levels.join('\n\n')
}

function depthOf(value: Value): number {
  if (isArray(value) || value instanceof RegoSet) {
    return 1 + Math.max(0, ...Array.from(value, depthOf))
  }
  if (!(value instanceof RegoObject)) return 0
  return 1 + Math.max(0, ...Array.from(value, ([key, of]) => Math.max(depthOf(key), depthOf(of))))
}

function packed(value: Value): string {
  if (isArray(value)) return `["array",[${value.map(packed).join(',')}]]`
  if (value instanceof RegoSet) return `["set",[${Array.from(value, packed).join(',')}]]`
  // As text: the interpreter remembers results by arguments, and 1 equals 1.0.
  if (isNumber(value)) return `["number","${numberText(value)}"]`
  if (!(value instanceof RegoObject)) return `["scalar",${writeValue(value)}]`
  const members = Array.from(value, ([key, member]) => `[${packed(key)},${packed(member)}]`)
  return `["object",[${members.join(',')}]]`
}

/** One rule whose value has the index and the result of every case that has one. */
function policyText(name: string, cases: readonly Arguments[]): string {
  const depth = Math.max(...cases.flat().map(depthOf))
  const places = Array.from({ length: cases[0]?.length ?? 0 }, (_, i) => i)
  const list = places.map((i) => `unpack${depth}(case[${i}][0], case[${i}][1])`).join(', ')
  const results = `results := [[i, result] | some i, case in input; result := ${name}(${list})]`
  return `${['package oracle', unpacking(depth), results].join('\n\n')}\n`
}

function requestFor(name: string, cases: readonly Arguments[]): JsonObject {
  const files = { 'oracle.rego': policyText(name, cases) }
  return { source: { files }, capabilities: capabilities() }
}

function inputOf(cases: readonly Arguments[]): string {
  return `[${cases.map((args) => `[${args.map(packed).join(',')}]`).join(',')}]`
}

function outcomesOf(results: Value | undefined, count: number): Outcome[] {
  if (!isArray(results)) throw new Error('there are no results')
  const outcomes = new Map(results.filter(isArray).map(([i, result]) => [i, result]))
  return Array.from({ length: count }, (_, i) => outcomes.get(i))
}

/** By OPA's interpreter, in the order of the cases, which have one length. */
export function interpreted(name: string, cases: readonly Arguments[]): Outcome[] {
  const request = JSON.stringify({ ...requestFor(name, cases), query: 'data.oracle.results' })
  const whole = `{"op":"eval","request":${request.slice(0, -1)},"input":${inputOf(cases)}}}`
  const reply = readValue(reactor(whole))
  const values = member(member(reply, 'result'), 'values')
  if (!isArray(values)) throw new Error(`the interpreter: ${writeValue(reply).slice(0, 500)}`)
  return outcomesOf(values[0], cases.length)
}

/** By the compiled policy, on the evaluator that decides, with the gateway's host functions. */
export function enforced(name: string, cases: readonly Arguments[]): Outcome[] {
  const request = { ...requestFor(name, cases), entryPoints: ['oracle/results'], tests: false }
  const reply = readValue(
    reactor(JSON.stringify({ op: 'build', request: { ...request, revision: '' } })),
  )
  const wasm = member(member(reply, 'result'), 'wasm')
  if (typeof wasm !== 'string') throw new Error(`the compiler: ${writeValue(reply).slice(0, 500)}`)
  const module = rewriteModule(Buffer.from(wasm, 'base64'))
  const image = createImage(module, Buffer.from('{}'), new WebAssembly.Module(module))
  const entryPoint = image.entryPoints.get('oracle/results') ?? -1
  const bounds = { maxBytes: 64 * 1024 * 1024, budget: 2_000_000_000 }
  const evaluation = createEvaluator(image, createInstance(image)).evaluate(
    entryPoint,
    inputOf(cases),
    bounds,
  )
  if (evaluation.kind !== 'defined') throw new Error(JSON.stringify(evaluation))
  return outcomesOf(readValue(evaluation.text), cases.length)
}

export interface Differences {
  /** At most five, shown. */
  readonly texts: readonly string[]
  /** The share of cases with a result: undefined alone would show nothing. */
  readonly defined: number
}

/** How many of the cases also go through the compiled policy. */
const throughTheEngine = 100

/** Where the gateway's function and the interpreter differ. */
export function differences(
  name: string,
  cases: readonly Arguments[],
  show: (outcome: Outcome) => string = shown,
): Differences {
  const builtin = hostBuiltins.get(name)
  if (builtin === undefined) throw new Error(`${name} is not there`)
  const theirs = interpreted(name, cases)
  const compiled = enforced(name, cases.slice(0, throughTheEngine))
  const texts = cases.flatMap((args, i) => {
    const mine = show(builtin(...args))
    const other = show(theirs[i])
    const engine = compiled[i]
    if (i < compiled.length && unordered(engine) !== unordered(theirs[i]))
      return [`compiled ${name}(${args.map(writeValue).join(', ')}): ${shown(engine)}`]
    if (mine === other) return []
    return [`${name}(${args.map(writeValue).join(', ')})\n  gateway: ${mine}\n  OPA:     ${other}`]
  })
  const defined = theirs.filter((outcome) => outcome !== undefined).length / cases.length
  return { texts: texts.slice(0, 5), defined }
}

/** With the members of every array in one order: a set has none when it leaves the engine. */
export function unordered(outcome: Outcome): string {
  if (outcome === undefined) return 'undefined'
  return goJsonText(sortedLists(nativeJson(outcome)))
}

function sortedLists(value: Value): Value {
  if (isArray(value)) return value.map(sortedLists).sort(compareValues)
  if (!(value instanceof RegoObject)) return value
  return new RegoObject(Array.from(value, ([key, member]) => [key, sortedLists(member)]))
}

function shown(outcome: Outcome): string {
  return outcome === undefined ? 'undefined' : goJsonText(nativeJson(outcome))
}

function member(value: Value | undefined, name: string): Value | undefined {
  return value instanceof RegoObject ? value.get(name) : undefined
}
