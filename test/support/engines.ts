/**
 * The two engines that have to agree: the production evaluator, on wasm built by the product's own
 * compiler, and OPA's interpreter. Both answer the same packages about the same texts of facts. The
 * interpreter answers many pairs at once and gives up on all of them when one is in error, so the
 * pairs that the production evaluator refuses are asked apart, each as a test of its own.
 */
import type { Json, JsonObject } from '../../src/domain.js'
import { createEvaluator } from '../../src/policy/evaluator.js'
import { createImage } from '../../src/policy/image.js'
import { createInstance } from '../../src/policy/instance.js'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { must, onSource, type RawReply } from '../rego/reactor-fixture.js'
import type { RegoPackage } from './rego-policies.js'

export type Answer =
  | { readonly kind: 'defined'; readonly value: Json }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'error'; readonly problem: string }

/** Which package, by its place, about which facts, by theirs. */
export type Pair = readonly [packageIndex: number, factsIndex: number]

export interface PolicyBatch {
  readonly packages: readonly RegoPackage[]
  readonly data: JsonObject
  readonly wasm: Uint8Array
}

/** A pattern with a Unicode class takes half a million units, and may stand in a loop. */
const bounds = { maxBytes: 4_000_000, budget: 200_000_000 }
const fileOf = (name: string) => `${name}.rego`
const entryOf = (name: string) => `gen/${name}/out`

/** Packages that do not compile, which chance makes some of, are left out. */
export function buildBatch(
  made: readonly RegoPackage[],
  data: JsonObject,
): { batch: PolicyBatch; refused: Map<string, string> } {
  const refused = new Map<string, string>()
  for (;;) {
    const packages = made.filter(({ name }) => !refused.has(name))
    const reply = build(packages)
    if (reply.ok) {
      const wasm = Buffer.from(String(must(reply)['wasm']), 'base64')
      return { batch: { packages, data, wasm }, refused }
    }
    const found = refusals(reply).filter(({ name }) => packages.some((one) => one.name === name))
    // Some errors have no place.
    for (const { name, problem } of found.length > 0 ? found : culprits(packages)) {
      refused.set(name, problem)
    }
    if (refused.size === made.length - packages.length) must(reply)
  }
}

function build(packages: readonly RegoPackage[]): RawReply {
  return onSource('build', filesOf(packages, {}), {
    entryPoints: packages.map(({ name }) => entryOf(name)),
  })
}

interface Refusal {
  readonly name: string
  readonly problem: string
}

/** Those that do not compile alone, found by halves. */
function culprits(packages: readonly RegoPackage[]): Refusal[] {
  const [first] = packages
  const reply = first === undefined ? null : build(packages)
  if (first === undefined || reply === null || reply.ok) return []
  if (packages.length === 1) {
    return [{ name: first.name, problem: String(reply.problems?.[0]?.['message']) }]
  }
  const middle = packages.length >> 1
  return [...culprits(packages.slice(0, middle)), ...culprits(packages.slice(middle))]
}

function refusals(reply: RawReply): Refusal[] {
  return (reply.problems ?? []).map(({ file, message }) => ({
    name: String(file).replace('.rego', ''),
    problem: String(message),
  }))
}

function filesOf(packages: readonly RegoPackage[], data: JsonObject): Record<string, string> {
  const files = packages.map(({ name, text }) => [fileOf(name), text])
  return { ...Object.fromEntries(files), 'data.json': JSON.stringify(data) }
}

/** The production evaluator, by package and facts text. */
export function production({
  packages,
  data,
  wasm,
}: PolicyBatch): (packageIndex: number, facts: string) => Answer {
  const image = createImage(rewriteModule(wasm), new TextEncoder().encode(JSON.stringify(data)))
  const evaluator = createEvaluator(image, createInstance(image))
  const entryPoints = packages.map(({ name }) => image.entryPoints.get(entryOf(name)) ?? -1)
  return (packageIndex, facts) => {
    const evaluation = evaluator.evaluate(entryPoints[packageIndex] ?? -1, facts, bounds)
    switch (evaluation.kind) {
      case 'defined':
        return { kind: 'defined', value: JSON.parse(evaluation.text) as Json }
      case 'fault':
        return { kind: 'error', problem: evaluation.problem }
      case 'undefined':
      case 'unreadable':
        return { kind: evaluation.kind }
    }
  }
}

const harness = `package harness

answers := [[v | v := data.gen[name].out with input as facts] |
	some pair in input.pairs
	name := input.names[pair[0]]
	facts := input.facts[pair[1]]
]
`

/** The interpreter on pairs without errors, in one go; null: there was one. */
export function interpretAll(
  { packages, data }: PolicyBatch,
  facts: readonly string[],
  pairs: readonly Pair[],
): Answer[] | null {
  const names = packages.map(({ name }) => name)
  const reply = onSource(
    'eval',
    { ...filesOf(packages, data), 'harness.rego': harness },
    {
      query: 'data.harness.answers',
      input: { names, pairs: pairs as unknown as Json, facts: facts.map(reread) },
    },
  )
  if (!reply.ok) return null
  const [answers] = must(reply)['values'] as Json[][][]
  return (answers ?? []).map((answer) => {
    const [value] = answer as Json[]
    return value === undefined ? { kind: 'undefined' } : { kind: 'defined', value }
  })
}

/** The interpreter on pairs of which any may be in error. */
export function interpretEach(
  { packages, data }: PolicyBatch,
  facts: readonly string[],
  pairs: readonly Pair[],
): Answer[] {
  if (pairs.length === 0) return []
  const rules = pairs.map(([packageIndex, factsIndex], index) => {
    const ref = `data.gen.${packages[packageIndex]?.name}.out`
    const value = `v := ${ref} with input as json.unmarshal(data.facts[${factsIndex}])`
    return `test_${index} if {\n\t${value}\n\tprint(json.marshal([v]))\n}`
  })
  const files = filesOf(packages, { ...data, facts: [...facts] })
  const test = `package harness\n\n${rules.join('\n\n')}\n`
  const reply = onSource('test', { ...files, 'harness_test.rego': test }, { timeoutMs: 60_000 })
  const outcomes = must(reply)['tests'] as JsonObject[]
  const byName = new Map(outcomes.map((outcome) => [outcome['name'], outcome]))
  return pairs.map((_, index) => {
    const outcome = byName.get(`test_${index}`)
    if (outcome?.['outcome'] === 'fail') return { kind: 'undefined' }
    if (outcome?.['outcome'] !== 'pass')
      return { kind: 'error', problem: String(outcome?.['error']) }
    const [value] = JSON.parse(String(outcome['output'])) as Json[]
    return { kind: 'defined', value: value ?? null }
  })
}

function reread(text: string): Json {
  return JSON.parse(text) as Json
}
