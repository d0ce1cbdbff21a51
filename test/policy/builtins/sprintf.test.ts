/** `sprintf` against OPA's interpreter: every verb with every flag, broken formats, all values. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Decimal, type Value } from '../../../src/policy/builtins/rego-value.js'
import { sprintf } from '../../../src/policy/builtins/sprintf.js'
import { mostly, number, sampled, text, value } from './generators.js'
import { type Arguments, differences } from './oracle.js'

const verb = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...'vdsqxXoObcUeEfFgGtT%') },
  fc.constantFrom(...'zpw!é😀', '', ' '),
)
const flags = fc.string({ unit: fc.constantFrom('#', '0', '+', '-', ' '), maxLength: 3 })
const size = fc.constantFrom('', '', '', '0', '1', '3', '8', '20', '*', '007')
const index = fc.constantFrom(
  '',
  '',
  '',
  '',
  '',
  '[1]',
  '[2]',
  '[3]',
  '[0]',
  '[9]',
  '[x]',
  '[',
  '[]',
  '[1',
  '[99999999]',
)
const precision = fc.constantFrom(
  '',
  '',
  '',
  '.',
  '.0',
  '.1',
  '.3',
  '.12',
  '.30',
  '.*',
  '.[1]*',
  '.-1',
)
const directive = fc
  .tuple(flags, index, size, precision, index, verb)
  .map((parts) => `%${parts.join('')}`)
const simple = fc.tuple(flags, size, precision, verb).map((parts) => `%${parts.join('')}`)
const anyFormat = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: simple },
      directive,
      fc.constantFrom('', 'é ', '%', '%99999999d', '%.99999999d|'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join('|'))

const code: fc.Arbitrary<Value> = fc.constantFrom(
  65,
  0,
  9,
  0x7f,
  0xe9,
  0xd800,
  0xfffe,
  0x1f600,
  0x10ffff,
  0x110000,
  -1,
)
const double: fc.Arbitrary<Value> = fc.oneof(
  fc
    .constantFrom(
      '0.5',
      '2.5',
      '0.125',
      '1e5',
      '1e6',
      '1e20',
      '1e21',
      '1e22',
      '123456.7',
      '1e-5',
      '5e-324',
      '1.7976931348623157e308',
      '9.5',
      '99.95',
      '-0.0',
      '-0.05',
      '1e400',
      '100000.0',
      '999999.5',
    )
    .map((form) => new Decimal(form)),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((v) => new Decimal(`${v.toExponential()}`)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((v) => new Decimal(v.toExponential())),
)
const argument = fc.oneof(
  { weight: 3, arbitrary: number },
  { weight: 3, arbitrary: double },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: code },
  { weight: 2, arbitrary: value },
  fc.constantFrom<Value>(-2, 0, 3, 2n ** 64n, -(2n ** 63n), 2n ** 63n - 1n, 10n ** 30n),
)
const list = fc.array(argument, { maxLength: 4 })

/** What Go prints as an address in its memory, or of it. */
function hasAnswer([format, values]: Arguments): boolean {
  try {
    sprintf(format ?? null, values ?? null)
    return true
  } catch {
    return false
  }
}

test("sprintf is OPA's", () => {
  const single = fc.tuple(simple, fc.tuple(argument))
  const cases: Arguments[] = sampled(
    'sprintf',
    fc.oneof(single, fc.tuple(mostly(anyFormat), mostly(list))),
    4_000,
  ).filter(hasAnswer)
  const found = differences('sprintf', cases)
  assert.equal(found.texts, [])
  assert.ok(cases.length > 3_950)
  assert.ok(found.defined > 0.9)
})

const bounded: [string, Value, Value, string][] = [
  ['padding', '%999999d%999999d', [1, 2], 'a built-in function made too long a text'],
  [
    'one argument again and again',
    '%.0[1]s'.repeat(2_000),
    ['x'.repeat(10_000)],
    'a built-in function had too much to do',
  ],
  ['an address', '%p', [2n ** 70n], 'sprintf: %p of an integer beyond 64 bits'],
]
for (const [what, format, values, problem] of bounded) {
  test(`beyond its bounds it is a fault: ${what}`, () => {
    assert.throws(() => sprintf(format, values), problem)
  })
}

test.run()
