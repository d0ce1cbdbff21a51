/** `regex.replace` against OPA's interpreter: RE2's syntax, malformed patterns, Go's templates. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { regexReplace } from '../../../src/policy/builtins/regex.js'
import type { Value } from '../../../src/policy/builtins/rego-value.js'
import { threadMs } from '../../support/thread-time.js'
import { mostly, sampled, text } from './generators.js'
import { type Arguments, differences } from './oracle.js'

/**
 * Go knows Unicode 15.0, re2js a later version, and what is a letter only since then they take for
 * two things: left out is what this Node (15.1 or later) does not know, and what came with 15.1.
 */
const assignedText = text.filter((subject) => !/[\p{Cn}\u{2EBF0}-\u{2EE5D}]/u.test(subject))

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    'é',
    '😀',
    'k',
    'K',
    's',
    '.',
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\b',
    '\\B',
    '^',
    '$',
    '\\A',
    '\\z',
  ],
  ...[
    '[ab]',
    '[^a]',
    '[a-c]',
    '[é-ü]',
    '[[:alpha:]]',
    '[[:^digit:]]',
    '[\\d-]',
    '[]a]',
    '[^]a]',
    '[a-\\d]',
    '\\pL',
    '\\p{Greek}',
    '\\P{Lu}',
    '\\p{^Lu}',
    '[^\\pN]',
  ],
  ...[
    '\\x41',
    '\\x{1F600}',
    '\\101',
    '\\0',
    '\\n',
    '\\t',
    '\\.',
    '\\$',
    '\\Qa.b\\E',
    '\\-',
    '-',
    '(?i:ab)',
    '(?s:.)',
    '(?m:^)',
    '(?m:$)',
    '(?U:a*)',
    '(?i)',
    '(?i-s)',
  ],
)
const wrong = fc.constantFrom(
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '*',
  '+',
  '?',
  '**',
  'a{2,1}',
  'a{1001}',
  '\\',
  '\\8',
  '\\Z',
  '\\C',
  '\\pX',
  '\\p{Nope}',
  '[b-a]',
  '(?<n',
  '(?P<n>a)(?P<n>b)',
  '(?=a)',
  '(?!a)',
  '(?<=a)',
  '(?<!a)',
  '\\1',
  '(?z)',
  '[[:nope:]]',
  '\\x{110000}',
  '(?:)',
  '|',
  '||',
  '()',
  '(|a)*',
  'a{,2}',
  'a{0}',
  '(a{1,500}){3}',
)
const repeat = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,2}',
  '{0,1}?',
  '{1,}',
)
const piece = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(atom, repeat).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: wrong },
)
const pieces = fc.array(piece, { minLength: 0, maxLength: 3 }).map((parts) => parts.join(''))
const group = fc
  .tuple(
    fc.constantFrom('(', '(?:', '(?P<n>', '(?<word>', '(?i:', '(?P<é>'),
    pieces,
    fc.constantFrom('', '|a', '|'),
    repeat,
  )
  .map(([open, inner, other, times]) => `${open}${inner}${other})${times}`)
const pattern = fc.array(fc.oneof(group, pieces), { maxLength: 3 }).map((parts) => parts.join(''))

const subject = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      'a',
      'b',
      'B',
      'k',
      '\u212a',
      's',
      'ſ',
      'é',
      'Σ',
      'ς',
      '😀',
      '1',
      ' ',
      '-',
      '.',
      '\n',
      '_',
    ),
    maxLength: 14,
  }),
  assignedText,
)
const template = fc
  .array(
    fc.constantFrom(
      'x',
      '$',
      '$$',
      '$0',
      '$1',
      '$2',
      '${1}',
      '${n}',
      '$n',
      '$word',
      '${word}x',
      '$1x',
      '${1',
      '${}',
      '$ ',
      '$01',
      '${é}',
      '$99999999999',
      '$-1',
      '<',
      '$_',
      '\\1',
      '&',
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''))

/** Go takes a name that is there twice; here it is a fault. */
function namesOnce(regex: string): boolean {
  const names = Array.from(regex.matchAll(/\(\?P?<([^>]*)>/g), ([, name]) => name)
  return new Set(names).size === names.length
}

test("regex.replace is OPA's", () => {
  const cases: Arguments[] = sampled(
    'regex.replace',
    fc.tuple(mostly(subject), mostly(pattern.filter(namesOnce)), mostly(template)),
    3_000,
  )
  const found = differences('regex.replace', cases)
  assert.equal(found.texts, [])
  assert.ok(found.defined > 0.5, `only ${found.defined} of the cases are defined`)
})

const written: [string, Value, Value, Value, string | undefined][] = [
  ['nothing matches', 'abc', 'x', 'y', 'abc'],
  ['an empty match behind another is none', 'baac', 'a*', 'x', 'xbxcx'],
  ['groups by number and name', 'a@b', '(?P<user>\\w+)@(\\w+)', '$2 at ${user}', 'b at a'],
  ['Go reads the longest name', 'a', '(a)', '$1x|${1}x', '|ax'],
  ['a malformed pattern', 'a', '(', 'x', undefined],
]
for (const [what, base, regex, value, result] of written) {
  test(`regex.replace: ${what}`, () => {
    assert.is(regexReplace(base, regex, value), result)
  })
}

const bounded: [string, string, string, string, string][] = [
  ['a long pattern', 'a', 'a'.repeat(1_001), '', 'regex.replace: the pattern is too large'],
  ['a name twice', 'ab', '(?P<n>a)(?P<n>b)', '', 'duplicate capture group name'],
  [
    'a pattern that unfolds',
    'a',
    '\\pL{900}\\pN{900}\\pM{900}',
    '',
    'regex.replace: the pattern is too large',
  ],
  [
    'a search that is quadratic',
    'x'.repeat(100_000),
    'x(.*y)?',
    '',
    'a built-in function had too much to do',
  ],
  [
    'a result that grows',
    'x'.repeat(2_000),
    'x',
    'y'.repeat(1_000),
    'a built-in function made too long a text',
  ],
]
for (const [what, base, regex, value, problem] of bounded) {
  test(`beyond its bounds it is a fault: ${what}`, () => {
    const startedMs = threadMs()
    assert.throws(() => regexReplace(base, regex, value), problem)
    assert.ok(threadMs() - startedMs < 5_000)
  })
}

test.run()
