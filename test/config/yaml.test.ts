import fc from 'fast-check'
import { load } from 'js-yaml'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseYaml } from '../../src/config/yaml.js'
import { threadMs } from '../support/thread-time.js'

/** source, then `line pointer problem` of everything that is wrong with it. */
const refused: readonly (readonly [what: string, source: string, problems: readonly string[]])[] = [
  ['nothing', '', ['-  is empty']],
  ['a comment alone', '# nothing\n', ['-  is empty']],
  ['an empty document', '---\n', ['-  has no value']],
  [
    'an open flow mapping',
    'a: {b: 1',
    ['1  is not YAML: unexpected end of the stream within a flow collection'],
  ],
  [
    'a tab as indentation',
    'a:\n\tb: 1',
    ['2  is not YAML: tab characters must not be used in indentation'],
  ],
  ['two documents', 'a: 1\n---\nb: 2', ['-  holds more than one YAML document']],
  ['a directive', '%YAML 1.2\n---\na: 1', ['-  holds a YAML directive']],
  ['an anchor', 'a: &x 1', ['1 /a has a YAML anchor']],
  ['an anchor on a map', 'a:\n  b: &x { c: 1 }', ['2 /a/b has a YAML anchor']],
  ['an anchor on a key', '&x a: 1', ['1 /a has a YAML anchor']],
  ['an alias', 'a: &x 1\nb: *x', ['1 /a has a YAML anchor', '2 /b is a YAML alias']],
  [
    'an alias as a key',
    'a: &x b\n*x : 1',
    ['1 /a has a YAML anchor', '-  is a YAML alias', '-  has a key that is not text'],
  ],
  ['a merge key', 'a: { b: 1 }\n<<: { c: 2 }', ['2 /<< is a merge key']],
  ['a tag', 'a: !!str 1', ['1 /a has a YAML tag']],
  ['a tag of a language', 'a: !!js/function "x"', ['1 /a has a YAML tag']],
  ['a tag on a map', 'a: !!map {}', ['1 /a has a YAML tag']],
  ['a tag on a key', '!!str a: 1', ['1 /a has a YAML tag on its key']],
  ['a key twice', 'a: 1\nb: 2\na: 3', ['3 /a key "a" is there twice, first in line 1']],
  [
    'a key twice, once quoted',
    'x:\n  a: 1\n  "a": 2',
    ['3 /x/a key "a" is there twice, first in line 2'],
  ],
  ['a list as a key', '? [a]\n: 1', ['-  has a key that is not text']],
  ['a number as a key', 'a: { 1: x }', ['1 /a/1 is a key that is not text']],
  ['no key', ': x', ['- / is a key that is not text']],
  ['a null', 'a: ~\nb: null', ['1 /a has no value', '2 /b has no value']],
  ['no value', 'a:\n  b:\n  c: 1', ['2 /a/b has no value']],
  ['no value in a list', 'a:\n  - 1\n  -\n  - 2', ['- /a/1 has no value']],
  [
    'all at once',
    'a: &x 1\nb: !!str 2\nb: *x',
    [
      '1 /a has a YAML anchor',
      '2 /b has a YAML tag',
      '3 /b key "b" is there twice, first in line 2',
      '3 /b is a YAML alias',
    ],
  ],
]

for (const [what, source, expected] of refused) {
  test(`refuses ${what}`, () => {
    const { problems } = parseYaml(source)
    const seen = problems.map(
      ({ line, pointer, problem }) => `${line ?? '-'} ${pointer} ${problem}`,
    )
    assert.equal(seen, expected)
    assert.ok(problems.every(({ fix }) => fix.length > 5))
  })
}

test('an alias bomb costs what its text costs', () => {
  const levels = Array.from({ length: 30 }, (_, level) => {
    const aliases = Array.from({ length: 9 }, () => `*l${level}`).join(', ')
    return `l${level + 1}: &l${level + 1} [${aliases}]`
  })
  const startedMs = threadMs()
  const { problems } = parseYaml(`l0: &l0 [x]\n${levels.join('\n')}\n`)
  assert.ok(threadMs() - startedMs < 1000)
  assert.is(problems.filter(({ problem }) => problem === 'is a YAML alias').length, 270)
})

test('deep nesting is refused, not followed', () => {
  const { problems } = parseYaml('['.repeat(20_000))
  assert.match(problems[0]?.problem ?? '', /^is not YAML: nesting exceeded/)
})

test('scalars are what the core schema says, quoted ones are text', () => {
  const source = 'a: [1, 0x10, -1.5, 1e3, true, "true", yes, 010, 2027-01-01, "1", ""]'
  const { value, problems } = parseYaml(source)
  assert.equal(problems, [])
  assert.equal(
    JSON.stringify(value),
    '{"a":[1,16,-1.5,1000,true,"true","yes",10,"2027-01-01","1",""]}',
  )
})

test('keys are text as written and never reach a prototype', () => {
  const { value } = parseYaml('__proto__: { polluted: 1 }\nconstructor: 2\n"0x10": 3\n"1": 4')
  assert.equal(
    Object.entries(value as object).map(([key]) => key),
    ['1', '__proto__', 'constructor', '0x10'],
  )
  assert.is(Object.getPrototypeOf(value), null)
  assert.is(({} as Record<string, unknown>)['polluted'], undefined)
})

test('each key and item has its line', () => {
  const { lines } = parseYaml(
    'a:\n  - x\n\n  - { b/c: 1,\n      d~e: 2 }\nf: |\n  text\n  text\ng: 1\n',
  )
  assert.equal(Object.fromEntries(lines), {
    '/a': 1,
    '/a/0': 2,
    '/a/1': 4,
    '/a/1/b~1c': 4,
    '/a/1/d~0e': 5,
    '/f': 6,
    '/g': 9,
  })
})

test('a syntax problem does not repeat the text around it', () => {
  const { problems } = parseYaml('token: "hunter2-hunter2-hunter2\n  x: {')
  assert.not.match(JSON.stringify(problems), /hunter2/)
  assert.is(problems.length, 1)
})

const pieces = [
  'a',
  'b: ',
  ': ',
  '- ',
  '\n',
  '\n  ',
  '{',
  '}',
  '[',
  ']',
  ', ',
  '"',
  "'",
  '#',
  '&x ',
  '*x',
  '!!str ',
  '1',
  '~',
  '|',
  '---',
  '<<',
  '%',
  '\t',
]

test('any text is refused or means what the YAML library says', () => {
  const reached = { refused: 0, read: 0 }
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((some) => some.join(''))
  fc.assert(
    fc.property(text, (source) => {
      const { value, problems } = parseYaml(source)
      if (problems.length > 0) reached.refused += 1
      else {
        reached.read += 1
        assert.is(JSON.stringify(value), JSON.stringify(load(source)))
      }
    }),
    { numRuns: 20_000 },
  )
  assert.ok(reached.refused > 1000 && reached.read > 1000, JSON.stringify(reached))
})

test.run()
