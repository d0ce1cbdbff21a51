/**
 * One batch of the differential: random packages, random facts, every pair answered by both engines.
 * What the production evaluator refuses is asked of the interpreter one by one, which is dear, so
 * only a part of it.
 */
import type { JsonObject } from '../../src/domain.js'
import {
  type Answer,
  buildBatch,
  interpretAll,
  interpretEach,
  type Pair,
  type PolicyBatch,
  production,
} from './engines.js'
import type { Random } from './random.js'
import { randomFacts, spoiltFacts } from './random-facts.js'
import { randomPackage } from './rego-policies.js'
import { isSameAnswer, isStricter } from './same-answer.js'
import { describeDifference, shrink } from './shrink.js'

export interface TrialSize {
  readonly packages: number
  readonly facts: number
  /** How many refusals of the production evaluator are compared. */
  readonly errors: number
}

export interface Trial {
  readonly compared: number
  readonly counts: Readonly<Record<Answer['kind'], number>>
  /** Members of `out`, over all answers: how much of the policies was defined. */
  readonly members: number
  readonly refused: number
  /** Contradictions that the interpreter did not get to see. */
  readonly stricter: number
  /** The first one, as small as it gets; null: there is none. */
  readonly difference: string | null
}

/** Values of every type, below names and texts that facts hold too. */
export const trialData: JsonObject = {
  values: [1, 'a', null, true, [1, 'a'], { a: 1, k: 'dev' }, 'dev', 0.5, -1, [], {}, '10', 2 ** 53],
  table: { a: { a: 1, k: [1, 2] }, dev: 'x', k: { k: { k: 1 } }, '': 0, A: 'ä', constructor: 1 },
  grants: { dev: { a: {}, b: {} }, a: { a: 1 }, ops: {} },
  lists: [['a', 'b'], [1, 2, 3], [], ['dev', 1, null, { a: 1 }]],
  flags: { on: true, off: false },
}

export function randomBatch(
  random: Random,
  count: number,
  builtins: ReadonlySet<string>,
): { batch: PolicyBatch; refused: Map<string, string> } {
  const made = Array.from({ length: count }, (_, index) => {
    return randomPackage(random, `p${index}`, builtins)
  })
  return buildBatch(made, trialData)
}

export function randomTexts(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => {
    const facts = randomFacts(random)
    return JSON.stringify(random.chance(0.5) ? facts : spoiltFacts(random, facts))
  })
}

export function runTrial(random: Random, size: TrialSize, builtins: ReadonlySet<string>): Trial {
  const { batch, refused } = randomBatch(random, size.packages, builtins)
  const facts = randomTexts(random, size.facts)
  const evaluate = production(batch)
  const counts = { defined: 0, undefined: 0, unreadable: 0, error: 0 }
  const answered: [Pair, Answer][] = []
  const failed: [Pair, Answer][] = []
  let members = 0
  for (const packageIndex of batch.packages.keys()) {
    for (const [factsIndex, text] of facts.entries()) {
      const answer = evaluate(packageIndex, text)
      counts[answer.kind] += 1
      if (answer.kind === 'defined') members += Object.keys(answer.value ?? {}).length
      if (answer.kind === 'error') failed.push([[packageIndex, factsIndex], answer])
      else if (answer.kind !== 'unreadable') answered.push([[packageIndex, factsIndex], answer])
    }
  }
  const errors = failed.slice(0, size.errors)
  const compared = [...answered, ...errors]
  const all = interpretAll(batch, facts, pairsOf(answered))
  const interpreted = [
    ...(all ?? interpretEach(batch, facts, pairsOf(answered))),
    ...interpretEach(batch, facts, pairsOf(errors)),
  ]
  let stricter = 0
  const different = compared.find(([, answer], index) => {
    const other = interpreted[index]
    if (other === undefined) return true
    if (!isStricter(answer, other)) return !isSameAnswer(answer, other)
    stricter += 1
    return false
  })
  const difference = different === undefined ? null : described(batch, facts, different[0])
  return { compared: compared.length, counts, members, refused: refused.size, stricter, difference }
}

function pairsOf(entries: readonly (readonly [Pair, Answer])[]): Pair[] {
  return entries.map(([pair]) => pair)
}

function described(batch: PolicyBatch, facts: readonly string[], pair: Pair): string {
  const policy = batch.packages[pair[0]]?.text ?? ''
  return describeDifference(shrink({ policy, data: batch.data, facts: facts[pair[1]] ?? '' }))
}

/** The builtins of the capabilities that the evaluator has. */
export function builtinNames(capabilities: JsonObject): ReadonlySet<string> {
  const builtins = capabilities['builtins'] as { name: string }[]
  return new Set(builtins.map(({ name }) => name))
}
