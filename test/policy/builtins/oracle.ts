/**
 * OPA's own interpreter as the oracle of a host function: many argument lists in one evaluation, the
 * result of each or undefined. Results come back as JSON with exact numbers, sets as sorted arrays.
 */
import { setFlagsFromString } from 'node:v8'
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
import { readArtefact } from '../../../src/rego/artefact.js'
import { capabilities } from '../../../src/rego/compile-policy.js'
import { startReactor } from '../../../src/rego/reactor.js'

setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')

export type Arguments = readonly Value[]
export type Outcome = Value | undefined

const reactor = startReactor(readArtefact(), (text) => process.stderr.write(text))

/** Arguments are as deep as this at most. */
const depth = 7

/**
 * Arguments travel in the input, arrays, sets and objects as tagged lists: as literals of the policy
 * they would cost the type checker more than the evaluation.
 */
const unpacking = Array.from({ length: depth }, (_, level) => {
  const [outer, inner] = [`unpack${level}`, `unpack${level - 1}`]
  const scalars = [
    `${outer}(x) := x if not is_object(x)`,
    `${outer}(x) := json.unmarshal(x.number) if x.number`,
  ]
  if (level === 0) return scalars.join('\n\n')
  return [
    ...scalars,
    `${outer}(x) := [${inner}(m) | some m in x.array] if x.array`,
    `${outer}(x) := {${inner}(m) | some m in x.set} if x.set`,
    `${outer}(x) := {${inner}(m[0]): ${inner}(m[1]) | some m in x.object} if x.object`,
  ].join('\n\n')
})

function packed(value: Value): string {
  if (isArray(value)) return `{"array": [${value.map(packed).join(',')}]}`
  if (value instanceof RegoSet) return `{"set": [${Array.from(value, packed).join(',')}]}`
  // As text: the interpreter remembers results by arguments, and 1 equals 1.0.
  if (isNumber(value)) return `{"number": "${numberText(value)}"}`
  if (!(value instanceof RegoObject)) return writeValue(value)
  const members = Array.from(value, ([key, member]) => `[${packed(key)},${packed(member)}]`)
  return `{"object": [${members.join(',')}]}`
}

/** In the order of the cases, which have one length. */
export function interpreted(name: string, cases: readonly Arguments[]): Outcome[] {
  const list = (cases[0] ?? []).map((_, i) => `unpack${depth - 1}(case[${i}])`).join(', ')
  const text = [
    'package oracle',
    ...unpacking,
    `results := [[i, result] | some i, case in input; result := ${name}(${list})]`,
  ].join('\n\n')
  const request = JSON.stringify({
    source: { files: { 'oracle.rego': `${text}\n` } },
    capabilities: capabilities(),
    query: 'data.oracle.results',
  })
  const input = `[${cases.map((args) => `[${args.map(packed).join(',')}]`).join(',')}]`
  const whole = `{"op":"eval","request":${request.slice(0, -1)},"input":${input}}}`
  const reply = readValue(reactor(whole))
  const values = member(member(reply, 'result'), 'values')
  const results = isArray(values) ? values[0] : undefined
  if (!isArray(results))
    throw new Error(`the interpreter refused: ${writeValue(reply).slice(0, 500)}`)
  const outcomes = new Map(results.filter(isArray).map(([i, result]) => [i, result]))
  return cases.map((_, i) => outcomes.get(i))
}

export interface Differences {
  /** At most five, shown. */
  readonly texts: readonly string[]
  /** The share of cases with a result: undefined alone would show nothing. */
  readonly defined: number
}

/** Where the gateway's function and the interpreter differ. */
export function differences(name: string, cases: readonly Arguments[]): Differences {
  const builtin = hostBuiltins.get(name)
  if (builtin === undefined) throw new Error(`${name} is not there`)
  const theirs = interpreted(name, cases)
  const texts = cases.flatMap((args, i) => {
    const mine = shown(builtin(...args))
    const other = shown(theirs[i])
    if (mine === other) return []
    return [`${name}(${args.map(writeValue).join(', ')})\n  gateway: ${mine}\n  OPA:     ${other}`]
  })
  const defined = theirs.filter((outcome) => outcome !== undefined).length / cases.length
  return { texts: texts.slice(0, 5), defined }
}

function shown(outcome: Outcome): string {
  return outcome === undefined ? 'undefined' : goJsonText(nativeJson(outcome))
}

function member(value: Value | undefined, name: string): Value | undefined {
  return value instanceof RegoObject ? value.get(name) : undefined
}
