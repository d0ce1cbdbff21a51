/** Host functions on texts against OPA's interpreter, on generated arguments. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RegoObject, RegoSet, type Value } from '../../../src/policy/builtins/rego-value.js'
import { mostly, sampled, shortText, text, value } from './generators.js'
import { type Arguments, differences } from './oracle.js'

const identifier = fc.constantFrom(
  '0',
  '1',
  '9',
  '10',
  '01',
  'a',
  'B',
  '-',
  'rc',
  'x-1',
  '',
  '9223372036854775807',
  'é',
)
const identifiers = fc
  .array(identifier, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('.'))
const numeric = fc.constantFrom(
  '0',
  '1',
  '2',
  '10',
  '01',
  '9223372036854775807',
  '9223372036854775808',
  '',
  '+1',
  '١',
)
const oddVersion = fc
  .tuple(
    fc.constantFrom('', '', '', 'v', 'vv', ' '),
    fc.array(numeric, { minLength: 2, maxLength: 4 }),
    fc.option(identifiers),
    fc.option(identifiers),
  )
  .map(([prefix, numbers, pre, meta]) => prefix + versionText(numbers, pre, meta))
const goodIdentifiers = fc
  .array(fc.constantFrom('0', '1', '9', '10', 'a', 'B', '-', 'rc', '9223372036854775807'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join('.'))
const goodVersion = fc
  .tuple(
    fc.array(fc.constantFrom('0', '1', '9223372036854775807'), { minLength: 3, maxLength: 3 }),
    fc.option(goodIdentifiers),
    fc.option(goodIdentifiers),
  )
  .map(([numbers, pre, meta]) => versionText(numbers, pre, meta))
const version = fc.oneof({ weight: 4, arbitrary: goodVersion }, oddVersion)

function versionText(numbers: readonly string[], pre: string | null, meta: string | null): string {
  return `${numbers.join('.')}${pre === null ? '' : `-${pre}`}${meta === null ? '' : `+${meta}`}`
}

const encodedText = fc
  .array(
    fc.constantFrom(
      'a',
      '=',
      '&',
      '+',
      '%20',
      '%2b',
      '%C3%A9',
      '%f0%9f%98%80',
      '%ff',
      '%C3',
      '%ED%A0%80',
      '%',
      '%4',
      '%zz',
      ';',
      '%3B',
      '~',
      'é',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const plainQuery = fc
  .array(fc.constantFrom('a', 'b', '=', '&', '+', '%20', '%C3%A9', '%26', 'é', '😀'), {
    maxLength: 10,
  })
  .map((parts) => parts.join(''))

/** Two names that are no UTF-8 are one name once they are U+FFFD, which docs/policy.md says. */
const queryOfNames = fc
  .oneof(encodedText, plainQuery, text)
  .filter((query) => [...new URLSearchParams(query).keys()].join('').split('\ufffd').length < 3)

const texts = fc.array(shortText, { maxLength: 4 })
const textsOrText: fc.Arbitrary<Value> = fc.oneof(
  shortText,
  texts,
  texts.map((members) => new RegoSet(members)),
  fc.array(fc.oneof({ weight: 9, arbitrary: shortText }, value), { maxLength: 4 }),
)
const parameters = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 9, arbitrary: text }, mostly(text)),
      fc.oneof(
        text,
        mostly(fc.array(text, { maxLength: 3 })),
        texts.map((members) => new RegoSet(members)),
      ),
    ),
    { maxLength: 4 },
  )
  .map((members) => new RegoObject(members))

/** Name, arguments, the least share of them that must have a result. */
const functions: [string, fc.Arbitrary<Arguments>, number][] = [
  ['crypto.hmac.sha256', fc.tuple(mostly(text), mostly(text)), 0.8],
  ['crypto.sha256', fc.tuple(mostly(text)), 0.8],
  ['semver.compare', fc.tuple(mostly(version), mostly(version)), 0.2],
  ['semver.is_valid', fc.tuple(mostly(version)), 1],
  ['strings.any_prefix_match', fc.tuple(textsOrText, textsOrText), 0.5],
  ['strings.any_suffix_match', fc.tuple(textsOrText, textsOrText), 0.5],
  ['urlquery.decode', fc.tuple(mostly(fc.oneof(encodedText, plainQuery, text))), 0.5],
  ['urlquery.decode_object', fc.tuple(mostly(queryOfNames)), 0.5],
  ['urlquery.encode', fc.tuple(mostly(text)), 0.8],
  ['urlquery.encode_object', fc.tuple(mostly(parameters)), 0.3],
]

for (const [name, cases, leastDefined] of functions) {
  test(`${name} is OPA's`, () => {
    const found = differences(name, sampled(name, cases))
    assert.equal(found.texts, [])
    assert.ok(found.defined >= leastDefined, `only ${found.defined} of the cases are defined`)
  })
}

test.run()
