/**
 * `object.subset`: objects recursively (below a common key objects, sets and arrays compare by the
 * same rule), sets by membership, an array as a run inside another, a set by its members among an
 * array's. Bound: 1,000,000 comparisons of members.
 */
import { Steps } from './bounds.js'
import { identityOf, isArray, RegoObject, RegoSet, type Value } from './rego-value.js'

const maxComparisons = 1_000_000

export function objectSubset(whole: Value, part: Value): boolean | undefined {
  const steps = new Steps(maxComparisons)
  const ofOneKind = subsetOfOneKind(whole, part, steps)
  if (ofOneKind !== undefined) return ofOneKind
  if (!isArray(whole) || !(part instanceof RegoSet)) return undefined
  const missing = new Set(Array.from(part, identityOf))
  // OPA counts a member once for each time it finds it, and finds nothing in an empty array.
  let unmatched = missing.size
  return whole.some((member) => {
    if (missing.has(identityOf(member))) unmatched--
    return unmatched === 0
  })
}

function subsetOfOneKind(whole: Value, part: Value, steps: Steps): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) {
    return isPartOfObject(whole, part, steps)
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) {
    return [...part].every((member) => whole.has(member))
  }
  if (isArray(whole) && isArray(part)) return isRunOf(whole, part, steps)
  return undefined
}

function isPartOfObject(whole: RegoObject, part: RegoObject, steps: Steps): boolean {
  for (const [key, member] of part) {
    steps.take()
    const there = whole.get(key)
    if (there === undefined) return false
    const subset = subsetOfOneKind(there, member, steps)
    if (!(subset ?? identityOf(there) === identityOf(member))) return false
  }
  return true
}

function isRunOf(whole: readonly Value[], part: readonly Value[], steps: Steps): boolean {
  const numbers = new Map<string, number>()
  const members = whole.map((member) => numberOf(identityOf(member), numbers))
  const wanted = part.map((member) => numberOf(identityOf(member), numbers))
  for (let start = 0; start + wanted.length <= members.length; start++) {
    let length = 0
    while (length < wanted.length && members[start + length] === wanted[length]) length++
    steps.take(length + 1)
    if (length === wanted.length) return true
  }
  return false
}

/** Equal texts have one number, which is quick to compare. */
function numberOf(identity: string, numbers: Map<string, number>): number {
  const known = numbers.get(identity)
  if (known !== undefined) return known
  numbers.set(identity, numbers.size)
  return numbers.size - 1
}
