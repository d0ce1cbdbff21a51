/**
 * Makes a difference small enough to read: leaves out rules, lines and members of the facts as long
 * as the engines still differ. Greedy, and bounded in the number of attempts.
 */
import type { Json, JsonObject } from '../../src/domain.js'
import { buildBatch, interpretEach, production } from './engines.js'
import { absent, changed, memberPaths } from './random-facts.js'
import { isSameAnswer, isStricter } from './same-answer.js'

export interface Difference {
  readonly policy: string
  readonly data: JsonObject
  readonly facts: string
}

const maxAttempts = 600

export function shrink(found: Difference): Difference {
  let smallest = found
  let attempts = 0
  const attempt = (candidate: Difference): boolean => {
    attempts += 1
    if (attempts > maxAttempts || !differs(candidate)) return false
    smallest = candidate
    return true
  }
  for (const separator of ['\n\n', '\n', '\n\n']) {
    for (let index = smallest.policy.split(separator).length - 1; index > 0; index -= 1) {
      const pieces = smallest.policy.split(separator).toSpliced(index, 1)
      attempt({ ...smallest, policy: pieces.join(separator) })
    }
  }
  const facts = JSON.parse(smallest.facts) as Json
  let kept = facts
  for (const path of memberPaths(facts)) {
    const without = changed(kept, path, absent)
    const text = JSON.stringify(without)
    if (text.length < JSON.stringify(kept).length && attempt({ ...smallest, facts: text })) {
      kept = without
    }
  }
  return smallest
}

function differs({ policy, data, facts }: Difference): boolean {
  const name = /^package gen\.(\w+)$/m.exec(policy)?.[1]
  if (name === undefined) return false
  try {
    const { batch, refused } = buildBatch([{ name, text: policy }], data)
    if (refused.size > 0) return false
    const [interpreted] = interpretEach(batch, [facts], [[0, 0]])
    const ours = production(batch)(0, facts)
    if (interpreted === undefined || isStricter(ours, interpreted)) return false
    return !isSameAnswer(ours, interpreted)
  } catch {
    return false
  }
}

export function describeDifference(difference: Difference): string {
  const { batch } = buildBatch(
    [{ name: nameOf(difference), text: difference.policy }],
    difference.data,
  )
  const [interpreted] = interpretEach(batch, [difference.facts], [[0, 0]])
  const produced = production(batch)(0, difference.facts)
  return [
    difference.policy.trim(),
    `input: ${difference.facts.slice(0, 2_000)}`,
    `data: ${JSON.stringify(difference.data)}`,
    `production: ${JSON.stringify(produced).slice(0, 1_000)}`,
    `interpreter: ${JSON.stringify(interpreted).slice(0, 1_000)}`,
  ].join('\n')
}

function nameOf({ policy }: Difference): string {
  return /^package gen\.(\w+)$/m.exec(policy)?.[1] ?? ''
}
