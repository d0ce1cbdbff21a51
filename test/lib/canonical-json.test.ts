/** One spelling for what every reader reads alike, none for what two readers may read differently. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canonicalJson } from '../../src/lib/canonical-json.js'
import { printedSeed } from '../policy/seed.js'

const text = (json: string | Uint8Array) => canonicalJson(Buffer.from(json))?.text ?? null

const none: readonly [string, string | Uint8Array][] = [
  ['nothing', ''],
  ['white space', ' '],
  ['two values', '1 2'],
  ['a trailing comma in an object', '{"a":1,}'],
  ['a trailing comma in an array', '[1,]'],
  ['a leading comma', '[,1]'],
  ['no comma', '[1 2]'],
  ['no colon', '{"a" 1}'],
  ['a name without quotes', '{a:1}'],
  ['a name without a value', '{"a":}'],
  ['an object without an end', '{"a":1'],
  ['an array without an end', '[1'],
  ['a string without an end', '"a'],
  ['a string that ends in an escape', '"a\\'],
  ['an unknown escape', '"\\x41"'],
  ['a control character', '"\u0001"'],
  ['a line break in a string', '"a\nb"'],
  ['a leading zero', '01'],
  ['a plus sign', '+1'],
  ['a point without digits', '1.'],
  ['an exponent without digits', '1e'],
  ['NaN', 'NaN'],
  ['a comment', '/**/1'],
  ['a byte order mark', '\ufeff1'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a high surrogate alone', '"\\ud800"'],
  ['a low surrogate alone', '{"a":["\\udc00 "]}'],
  ['a lone surrogate as a name', '{"\\ud800":1}'],
  ['a member twice', '{"a":1,"a":1}'],
  ['a member twice, spelt differently', '{"a":1,"\\u0061":1}'],
  ['a member twice, deep inside', '[{"b":{"a":1,"c":2,"a":3}}]'],
  ['513 containers', '['.repeat(513) + ']'.repeat(513)],
  ['a hundred thousand containers', '['.repeat(100_000)],
]
for (const [what, json] of none) {
  test(`no canonical form: ${what}`, () => assert.is(text(json), null))
}

const spelt: readonly [string, string, string][] = [
  ['white space goes', ' { "a" : [ 1 ,\t2\r\n] } ', '{"a":[1,2]}'],
  [
    'members are sorted, at every depth',
    '{"b":{"d":1,"c":[{"f":1,"e":2}]},"a":0}',
    '{"a":0,"b":{"c":[{"e":2,"f":1}],"d":1}}',
  ],
  ['elements are not sorted', '[2,1]', '[2,1]'],
  [
    'by code unit, not by code point',
    '{"\uff01":1,"\u{1f600}":2,"Z":3,"a":4,"":5}',
    '{"":5,"Z":3,"a":4,"\u{1f600}":2,"\uff01":1}',
  ],
  [
    'a name that looks like a number keeps its place',
    '{"b":1,"10":2,"9":3}',
    '{"10":2,"9":3,"b":1}',
  ],
  [
    'a number keeps its text',
    '[1,1.0,1e0,-0,100000000000000000001,1E400]',
    '[1,1.0,1e0,-0,100000000000000000001,1E400]',
  ],
  ['escapes that need not be', '"\\u0041\\/\\u00e9\\ud83d\\ude00"', '"A/é😀"'],
  ['escapes that have to be', '"\\u000a\\"\\\\\\u0001\\u007f"', `"\\n\\"\\\\\\u0001\u007f"`],
  ['a name called __proto__', '{"a":1,"__proto__":{"b":2}}', '{"__proto__":{"b":2},"a":1}'],
  ['literals', '[true,false,null]', '[true,false,null]'],
  ['empty containers', '{"a":{},"b":[ ]}', '{"a":{},"b":[]}'],
  ['512 containers', '['.repeat(512) + ']'.repeat(512), '['.repeat(512) + ']'.repeat(512)],
]
for (const [what, json, wanted] of spelt) {
  test(what, () => assert.is(text(json), wanted))
}

test('the members of the outermost object', () => {
  const members = canonicalJson(Buffer.from('{"b": [ 1 ],"\\u0061":"x"}'))?.members
  assert.equal(
    [...(members ?? [])],
    [
      ['a', '"x"'],
      ['b', '[1]'],
    ],
  )
  assert.is(canonicalJson(Buffer.from('[{"a":1}]'))?.members.size, 0)
})

const shuffled = (value: unknown, order: (names: string[]) => string[]): string => {
  if (Array.isArray(value)) return `[${value.map((one) => shuffled(one, order)).join(' ,')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const names = order(Object.keys(value))
  const members = names.map(
    (name) => `${escaped(name)} :${shuffled((value as Record<string, unknown>)[name], order)}`,
  )
  return `{ ${members.join(',\n')}}`
}
const escaped = (name: string) =>
  `"${[...name]
    .flatMap((one) => one.split(''))
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`

test('the order and the spelling of members make no difference, and the value is kept', () => {
  void fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, reverse) => {
      // -0 is written as 0 by JSON.stringify.
      const plain = JSON.stringify(value)
      const other = shuffled(JSON.parse(plain), (names) => (reverse ? names.reverse() : names))
      const canonical = text(plain)
      assert.is(text(other), canonical)
      assert.is(text(canonical ?? ''), canonical)
      assert.equal(JSON.parse(canonical ?? ''), JSON.parse(plain))
    }),
    { seed: printedSeed('spelling'), numRuns: 500 },
  )
})

test('what it accepts is what JSON.parse accepts, but for members twice and lone surrogates', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"\\n"',
    '1',
    '-',
    '0',
    '.5',
    'e1',
    'true',
    'nul',
    ' ',
  )
  void fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const json = pieces.join('')
      let parses = true
      try {
        JSON.parse(json)
      } catch {
        parses = false
      }
      const doubled = /"(a|b|\\n)"[^{}]*:.*,\s*"\1"/.test(json)
      if (!doubled) assert.is(text(json) !== null, parses, json)
      else if (!parses) assert.is(text(json), null, json)
    }),
    { seed: printedSeed('grammar'), numRuns: 5000 },
  )
})

test.run()
