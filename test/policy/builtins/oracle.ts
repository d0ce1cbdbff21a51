/**
 * OPA's own interpreter as the oracle of a host function: many argument lists in one evaluation, the
 * result of each or undefined. Arguments travel as Rego text, results as JSON with exact numbers.
 */
import { setFlagsFromString } from 'node:v8'
import { hostBuiltins } from '../../../src/policy/builtins/index.js'
import { nativeJson } from '../../../src/policy/builtins/native-json.js'
import { isArray, RegoObject, type Value } from '../../../src/policy/builtins/rego-value.js'
import { readValue, writeValue } from '../../../src/policy/builtins/value.js'
import { readArtefact } from '../../../src/rego/artefact.js'
import { capabilities } from '../../../src/rego/compile-policy.js'
import { startReactor } from '../../../src/rego/reactor.js'

setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')

export type Arguments = readonly Value[]
export type Outcome = Value | undefined

const reactor = startReactor(readArtefact(), (text) => process.stderr.write(text))

/** In the order of the cases, which have one length. */
export function interpreted(name: string, cases: readonly Arguments[]): Outcome[] {
  const list = (cases[0] ?? []).map((_, i) => `case[${i}]`).join(', ')
  const text = [
    'package oracle',
    `cases := ${writeValue(cases).replaceAll('\ufeff', '\\ufeff')}`,
    `results := [[i, result] | some i, case in cases; result := ${name}(${list})]`,
  ].join('\n\n')
  const request = {
    source: { files: { 'oracle.rego': `${text}\n` } },
    capabilities: capabilities(),
    query: 'data.oracle.results',
  }
  const reply = readValue(reactor(JSON.stringify({ op: 'eval', request })))
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
  return outcome === undefined ? 'undefined' : writeValue(nativeJson(outcome))
}

function member(value: Value | undefined, name: string): Value | undefined {
  return value instanceof RegoObject ? value.get(name) : undefined
}
