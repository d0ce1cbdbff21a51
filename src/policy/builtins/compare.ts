/**
 * Rego's order of values: null, booleans, numbers, strings, arrays, objects, sets. Members of
 * objects and sets are compared in their own sorted order.
 */
import { charge } from './bounds.js'
import { numberParts } from './number-parts.js'
import {
  isArray,
  isNumber,
  numberText,
  type RegoNumber,
  RegoObject,
  RegoSet,
  type Value,
} from './rego-value.js'
import { compareText } from './utf8.js'

export function compareValues(a: Value, b: Value): number {
  charge(6)
  const byKind = kindOf(a) - kindOf(b)
  if (byKind !== 0) return byKind
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (isArray(a) && isArray(b)) return compareLists(a, b)
  if (a instanceof RegoSet && b instanceof RegoSet) return compareLists(sorted(a), sorted(b))
  if (a instanceof RegoObject && b instanceof RegoObject) return compareObjects(a, b)
  return 0
}

export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [first, second] = [numberText(a), numberText(b)]
  charge(40 + first.length + second.length)
  const x = numberParts(first)
  const y = numberParts(second)
  if (x.sign !== y.sign) return x.sign - y.sign
  return (
    x.sign * (x.scale === y.scale ? compareDigits(x.digits, y.digits) : x.scale > y.scale ? 1 : -1)
  )
}

function compareDigits(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function kindOf(value: Value): number {
  if (value === null) return 0
  if (typeof value === 'boolean') return 1
  if (isNumber(value)) return 2
  if (typeof value === 'string') return 3
  if (isArray(value)) return 4
  return value instanceof RegoObject ? 5 : 6
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y === undefined) return 1
    const order = compareValues(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Key by key, the value of an equal key before the next key. */
function compareObjects(a: RegoObject, b: RegoObject): number {
  const others = sortedMembers(b)
  for (const [i, [key, member]] of sortedMembers(a).entries()) {
    const other = others[i]
    if (other === undefined) return 1
    const order = compareValues(key, other[0]) || compareValues(member, other[1])
    if (order !== 0) return order
  }
  return a.size - b.size
}

type Members = readonly (readonly [Value, Value])[]

/** Sorted once: in a sort of objects each is compared many times. */
const sortedSets = new WeakMap<RegoSet, readonly Value[]>()
const sortedObjects = new WeakMap<RegoObject, Members>()

export function sorted(set: RegoSet): readonly Value[] {
  const known = sortedSets.get(set)
  if (known !== undefined) return known
  charge(10)
  const members = [...set].sort(compareValues)
  sortedSets.set(set, members)
  return members
}

export function sortedMembers(object: RegoObject): Members {
  const known = sortedObjects.get(object)
  if (known !== undefined) return known
  charge(10)
  const members = [...object].sort(([a], [b]) => compareValues(a, b))
  sortedObjects.set(object, members)
  return members
}
