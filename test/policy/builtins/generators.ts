/** Values and texts that host functions have to get right, for fast-check. */
import * as fc from 'fast-check'
import {
  Decimal,
  type RegoNumber,
  RegoObject,
  RegoSet,
  type Value,
} from '../../../src/policy/builtins/rego-value.js'
import { printedSeed } from '../seed.js'

export function sampled<T>(what: string, arbitrary: fc.Arbitrary<T>, count = 2_000): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed: printedSeed(what) })
}

const awkwardTexts = [
  '',
  ' ',
  'é',
  'e\u0301',
  'ﬀ',
  'ß',
  'İ',
  '日本語',
  '😀',
  '👩‍👩‍👧',
  '\u0000',
  '\u007f',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '\uffff',
  '"quoted" \\ back',
  'tab\tline\nreturn\r',
  '<&>',
  '__proto__',
  'constructor',
]

/** Texts of a few letters, so that two of them often have something in common. */
export const shortText = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', '😀', '-'),
  maxLength: 4,
})

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...awkwardTexts),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  shortText,
)

export const integer: fc.Arbitrary<RegoNumber> = fc.oneof(
  fc.integer({ min: -20, max: 300 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc
    .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
)

export const number: fc.Arbitrary<RegoNumber> = fc.oneof(
  integer,
  fc
    .constantFrom(
      '0.0',
      '-0',
      '1.0',
      '1.50',
      '1e2',
      '1E+2',
      '2.5e-3',
      '0.1',
      '-7.25',
      '1e400',
      '1e21',
      '123456789.125',
    )
    .map((form) => new Decimal(form)),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => String(value))
    .map((form) => (/[.e]/.test(form) ? new Decimal(form) : Number(form) || 0))
    .map((value) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? BigInt(value) : value,
    ),
)

export const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false),
  number,
  text,
)

/** Any value to the given depth: arrays, sets, objects with any keys. */
export function nested(leaf: fc.Arbitrary<Value>, depth: number): fc.Arbitrary<Value> {
  if (depth === 0) return leaf
  const inner = nested(leaf, depth - 1)
  const items = fc.array(inner, { maxLength: 3 })
  const key = fc.oneof({ weight: 6, arbitrary: shortText }, leaf, fc.constantFrom([], [1]))
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    items,
    items.map((members) => new RegoSet(members)),
    fc.array(fc.tuple(key, inner), { maxLength: 3 }).map((members) => new RegoObject(members)),
  )
}

export const value = nested(scalar, 2)

/** Mostly what the function expects, sometimes anything else. */
export function mostly<T extends Value>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 30, arbitrary }, { weight: 1, arbitrary: value })
}
