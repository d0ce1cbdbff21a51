/** Host functions about time and amounts against OPA's interpreter, on generated arguments. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Decimal, type Value } from '../../../src/policy/builtins/rego-value.js'
import { timeAddDate, timeClock } from '../../../src/policy/builtins/time.js'
import { parseBytes } from '../../../src/policy/builtins/units.js'
import { zoneNames } from '../../../src/policy/builtins/zone-names.js'
import { integer, mostly, number, sampled, text } from './generators.js'
import { type Arguments, differences } from './oracle.js'

const minNs = -(2n ** 63n)
const maxNs = 2n ** 63n - 1n
const second = 1_000_000_000n

/** Before 1970 the runtime's data know less of the zones than OPA's. */
const since1970 = fc.bigInt({ min: 0n, max: maxNs })
const now = fc.bigInt({ min: 1_000_000_000n * second, max: 3_000_000_000n * second })
const ns: fc.Arbitrary<Value> = fc.oneof(
  { weight: 8, arbitrary: now },
  fc.bigInt({ min: minNs, max: maxNs }),
  fc.constantFrom<Value>(0, -1, minNs, maxNs, maxNs + 1n, minNs - 1n, 2n ** 64n, 2n ** 65n + 1n),
  fc.constantFrom<Value>(
    ...['1e18', '1.5', '0.0', '-0', '1e19', '1.0e9', '1e400', '0.99999999999999999999999999'].map(
      (form) => new Decimal(form),
    ),
  ),
)
const zone: fc.Arbitrary<Value> = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...zoneNames) },
  {
    weight: 6,
    arbitrary: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
  },
  fc.constantFrom<Value>(
    '',
    'UTC',
    'Local',
    'europe/berlin',
    'Europe',
    'Mars/Base',
    '+01:00',
    '../x',
    null,
    1,
  ),
)
const moment: fc.Arbitrary<Value> = fc.oneof(
  ns,
  fc.tuple(fc.oneof(since1970, now), zone),
  fc.tuple(ns, fc.constantFrom('', 'UTC', 'Local')),
  fc.tuple(now, zone, fc.constantFrom<Value>('', 'RFC3339', 1)),
  fc.constantFrom<Value>([], [1, 'UTC', '', 'more'], ['1'], ['1', 'UTC']),
)

const twoDigits = fc.constantFrom(
  '00',
  '01',
  '02',
  '12',
  '13',
  '23',
  '24',
  '28',
  '29',
  '30',
  '31',
  '32',
  '59',
  '60',
  '61',
  '1',
  '007',
)
const rfc3339 = fc
  .tuple(
    fc.constantFrom(
      '0000',
      '0001',
      '1677',
      '1678',
      '1900',
      '1969',
      '2000',
      '2024',
      '2026',
      '2100',
      '2261',
      '2262',
      '9999',
      '99',
      '12026',
      '-001',
      '+202',
      '२०२६',
    ),
    twoDigits,
    twoDigits,
    fc.constantFrom('T', 'T', 'T', 'T', 't', ' '),
    twoDigits,
    twoDigits,
    twoDigits,
    fc.constantFrom('', '', '.0', '.123456789', ',5', '.1234567891234', '.', '.x'),
    fc.constantFrom(
      'Z',
      'Z',
      '+00:00',
      '-00:00',
      '+23:59',
      '-14:00',
      '+24:60',
      '+24:61',
      '+25:00',
      'z',
      '',
      '+0100',
      '+1:00',
      'UTC',
    ),
  )
  .map(([y, mo, d, t, h, mi, s, f, z]) => `${y}-${mo}-${d}${t}${h}:${mi}:${s}${f}${z}`)
const goodRfc3339 = fc
  .tuple(
    fc.date({ min: new Date('1677-09-20'), max: new Date('2262-04-13'), noInvalidDate: true }),
    fc.constantFrom('', '000001', '999999'),
    fc.constantFrom('Z', '+01:00', '-11:30'),
  )
  .map(([date, more, offset]) => date.toISOString().replace('Z', more + offset))

const amount = fc.constantFrom(
  '0',
  '1',
  '1.5',
  '.5',
  '5.',
  '.',
  '',
  '007',
  '9223372036854775807',
  '106751',
  '0.1',
  '0.3333333333333333333333',
  '1.2.3',
  '1e3',
  '12345678901234567890',
  '292',
  '0.000000001',
)
const durationUnit = fc.constantFrom(
  'ns',
  'us',
  'µs',
  'μs',
  'ms',
  's',
  'm',
  'h',
  'd',
  'w',
  'y',
  'x',
  'D',
  '',
)
const duration = fc
  .tuple(
    fc.constantFrom('', '', '', '-', '+', '--', ' '),
    fc.array(fc.tuple(amount, durationUnit), { maxLength: 3 }),
  )
  .map(([sign, parts]) => sign + parts.flat().join(''))
const goodDuration = fc
  .array(
    fc.tuple(
      fc.double({ min: 0, max: 200, noNaN: true }).map((value) => value.toFixed(9)),
      fc.constantFrom('ns', 'us', 'ms', 's', 'm', 'h', 'd', 'w', 'y'),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.flat().join(''))

const bytesUnit = fc.constantFrom(
  '',
  'k',
  'K',
  'kb',
  'Ki',
  'KiB',
  'm',
  'MB',
  'mi',
  'G',
  'gib',
  'T',
  'TiB',
  'p',
  'PiB',
  'e',
  'E',
  'eb',
  'EiB',
  'ei',
  'b',
  'zb',
  'İ',
  '"',
)
const bytesAmount = fc.oneof(
  amount,
  fc.double({ min: 0, max: 1e12, noNaN: true }).map(String),
  fc.constantFrom(
    '-5',
    '+5',
    '1e3',
    '1E+3',
    '1e-3',
    '1e',
    'e5',
    '1e400',
    '1e-400',
    '1e1234567',
    '1e+',
    '5-3',
    '1_000',
    '0x10',
    '٣',
    '123456789012345678901234567890.5',
    '1e60',
    '1e-60',
    'inf',
  ),
)
const bytes = fc
  .tuple(fc.constantFrom('', '', '', ' ', '"'), bytesAmount, bytesUnit)
  .map((parts) => parts.join(''))
  .filter((form) => !tooLarge(form))

function tooLarge(form: string): boolean {
  try {
    parseBytes(form)
    return false
  } catch {
    return true
  }
}

const step: fc.Arbitrary<Value> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -40, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: -4_000, max: 4_000 }) },
  integer,
  number,
)

/** A zone and a moment before 1970: see above. */
function staysSince1970([at, ...added]: Arguments): boolean {
  if (!Array.isArray(at)) return true
  const moved = timeAddDate(at[0], ...(added as [Value, Value, Value]))
  return moved === undefined || BigInt(moved as number) > 86_400n * second
}

const functions: [string, fc.Arbitrary<Arguments>, number][] = [
  ['time.add_date', fc.tuple(moment, step, step, step).filter(staysSince1970), 0.2],
  ['time.clock', fc.tuple(mostly(moment)), 0.5],
  ['time.date', fc.tuple(mostly(moment)), 0.5],
  ['time.weekday', fc.tuple(mostly(moment)), 0.5],
  ['time.parse_duration_ns', fc.tuple(mostly(fc.oneof(goodDuration, duration, text))), 0.3],
  [
    'time.parse_rfc3339_ns',
    fc.tuple(mostly(fc.oneof({ weight: 3, arbitrary: goodRfc3339 }, rfc3339, text))),
    0.3,
  ],
  ['units.parse_bytes', fc.tuple(mostly(fc.oneof({ weight: 9, arbitrary: bytes }, text))), 0.2],
]

for (const [name, cases, leastDefined] of functions) {
  test(`${name} is OPA's`, () => {
    const found = differences(name, sampled(name, cases))
    assert.equal(found.texts, [])
    assert.ok(found.defined >= leastDefined, `only ${found.defined} of the cases are defined`)
  })
}

test('every zone that OPA knows is known, and a name in another case is none', () => {
  const cases = [...zoneNames, 'Local', 'UTC', ''].map((name) => [[0, name]])
  assert.equal(differences('time.clock', cases), { texts: [], defined: 1 })
  assert.is(timeClock([0, 'europe/berlin']), undefined)
})

test('an amount of too many digits is a fault', () => {
  assert.throws(() => parseBytes('1e1001'), 'units.parse_bytes: too many digits')
})

test.run()
