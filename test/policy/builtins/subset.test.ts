/** `object.subset` against OPA's interpreter: pairs that are nearly parts of each other. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Decimal,
  RegoObject,
  RegoSet,
  type Value,
} from '../../../src/policy/builtins/rego-value.js'
import { objectSubset } from '../../../src/policy/builtins/subset.js'
import { nested, sampled } from './generators.js'
import { type Arguments, differences } from './oracle.js'

const leaf = fc.constantFrom<Value>(0, 1, new Decimal('1.0'), new Decimal('10e-1'), 'a', null, true)
const tree = nested(leaf, 3)

/** A part of the value, or nearly: members left out at any depth, a set in the place of an array. */
function partOf(value: Value): fc.Arbitrary<Value> {
  if (Array.isArray(value)) {
    const run = fc
      .tuple(fc.nat({ max: value.length }), fc.nat({ max: value.length }))
      .map(([start, end]) => value.slice(start, end) as Value[])
    return fc.oneof(
      run,
      run.map((members) => new RegoSet(members)),
      fc.constant(value),
    )
  }
  if (value instanceof RegoSet)
    return fc.subarray([...value]).map((members) => new RegoSet(members))
  if (!(value instanceof RegoObject)) return fc.constant(value)
  return fc
    .subarray([...value])
    .chain((members) =>
      fc
        .tuple(
          ...members.map(([, member]) => fc.oneof({ weight: 4, arbitrary: partOf(member) }, tree)),
        )
        .map((parts) => new RegoObject(members.map(([key], i) => [key, parts[i] ?? null]))),
    )
}

test("object.subset is OPA's", () => {
  const pair = tree.chain((value) => fc.tuple(fc.constant(value), fc.oneof(partOf(value), tree)))
  const cases: Arguments[] = sampled('object.subset', pair)
  const found = differences('object.subset', cases)
  assert.equal(found.texts, [])
  assert.ok(found.defined > 0.3, `only ${found.defined} of the cases are defined`)
  assert.ok(cases.filter(([a, b]) => objectSubset(a ?? null, b ?? null) === true).length > 300)
})

test('a search that is quadratic is a fault before it takes long', () => {
  const whole = new Array<Value>(20_000).fill(1)
  const part = [...new Array<Value>(9_999).fill(1), 2]
  assert.throws(() => objectSubset(whole, part), 'a built-in function had too much to do')
})

test.run()
