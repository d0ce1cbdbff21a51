/**
 * The scanner accepts exactly what the grammar accepts, wherever the bytes are cut, and its offsets
 * point at the values they name.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  JsonScanner,
  maxAnswerDepth,
  type ScanVisitor,
  type ValueType,
} from '../../src/mcp/scan.js'
import { seededRandom } from '../support/random.js'

interface Told {
  readonly what: 'key' | 'start' | 'end'
  readonly depth: number
  readonly name?: string | null
  readonly type?: ValueType
  readonly offset?: number
  readonly text?: string | null
}

class Listener implements ScanVisitor {
  readonly told: Told[] = []
  key(depth: number, name: string | null): void {
    this.told.push({ what: 'key', depth, name })
  }
  start(depth: number, type: ValueType, offset: number): boolean {
    this.told.push({ what: 'start', depth, type, offset })
    return type === 'string' || type === 'number'
  }
  end(depth: number, type: ValueType, offset: number, text: string | null): void {
    this.told.push({ what: 'end', depth, type, offset, text })
  }
}

function scan(bytes: Uint8Array, cuts: readonly number[] = []) {
  const listener = new Listener()
  const scanner = new JsonScanner(listener)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    scanner.push(bytes.subarray(from, cut))
    from = cut
  }
  const ok = scanner.finish()
  return { ok, problem: scanner.problem, told: listener.told }
}

const refused: readonly { text: string | Uint8Array; problem: string }[] = [
  { text: '', problem: 'the text ends before the value is complete' },
  { text: ' ', problem: 'the text ends before the value is complete' },
  { text: '{"a":1', problem: 'the text ends before the value is complete' },
  { text: '"a', problem: 'the text ends before the value is complete' },
  { text: '"\\', problem: 'the text ends before the value is complete' },
  { text: 'tru', problem: 'the text ends before the value is complete' },
  { text: '1', problem: 'the text ends before the value is complete' },
  { text: 'tru ', problem: 'unknown word' },
  { text: 'nulx', problem: 'unknown word' },
  { text: 'NaN', problem: 'a value was expected' },
  { text: '+1 ', problem: 'a value was expected' },
  { text: '.5 ', problem: 'a value was expected' },
  { text: '\ufeff1 ', problem: 'a value was expected' },
  { text: "'a'", problem: 'a value was expected' },
  { text: '[,]', problem: 'a value was expected' },
  { text: '[1,]', problem: 'a value was expected' },
  { text: '{"a":}', problem: 'a value was expected' },
  { text: '01 ', problem: 'text after the value' },
  { text: '1. ', problem: 'malformed number' },
  { text: '1e ', problem: 'malformed number' },
  { text: '1e+ ', problem: 'malformed number' },
  { text: '- ', problem: 'malformed number' },
  { text: '-a', problem: 'malformed number' },
  { text: '{a:1}', problem: 'missing member name' },
  { text: '{"a":1,}', problem: 'missing member name' },
  { text: '{,}', problem: 'missing member name' },
  { text: '{"a" 1}', problem: 'missing colon' },
  { text: '{"a","b"}', problem: 'missing colon' },
  { text: '[1 2]', problem: 'missing comma' },
  { text: '[1}', problem: 'missing comma' },
  { text: '{"a":1]', problem: 'missing comma' },
  { text: '{"a":1 "b":2}', problem: 'missing comma' },
  { text: '{}{}', problem: 'text after the value' },
  { text: '[]x', problem: 'text after the value' },
  { text: '"a"\0', problem: 'text after the value' },
  { text: '1 // c', problem: 'text after the value' },
  { text: '"a\nb"', problem: 'control character in a string' },
  { text: '"a\tb"', problem: 'control character in a string' },
  { text: '"\0"', problem: 'control character in a string' },
  { text: '"\\x"', problem: 'unknown escape in a string' },
  { text: '"\\U0041"', problem: 'unknown escape in a string' },
  { text: '"\\u00g1"', problem: 'bad \\u escape in a string' },
  { text: '"\\u00"', problem: 'bad \\u escape in a string' },
  { text: Buffer.of(0x22, 0xff, 0x22), problem: 'invalid UTF-8' },
  { text: Buffer.of(0x22, 0xc0, 0xaf, 0x22), problem: 'invalid UTF-8' },
  { text: Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22), problem: 'invalid UTF-8' },
  { text: Buffer.of(0x22, 0xf4, 0x90, 0x80, 0x80, 0x22), problem: 'invalid UTF-8' },
  { text: Buffer.of(0x22, 0xe2, 0x82), problem: 'invalid UTF-8' },
  { text: '['.repeat(maxAnswerDepth + 1), problem: 'nested too deeply' },
  { text: '{"a":'.repeat(maxAnswerDepth + 1), problem: 'nested too deeply' },
]

for (const { text, problem } of refused) {
  const shown = typeof text === 'string' ? text : Buffer.from(text).toString('hex')
  test(`refuses ${JSON.stringify(shown.slice(0, 20))}`, () => {
    const bytes = Buffer.from(text)
    const whole = scan(bytes)
    assert.equal([whole.ok, whole.problem], [false, problem])
    for (let cut = 1; cut < Math.min(bytes.length, 40); cut++) {
      assert.is(scan(bytes, [cut]).problem, problem, `cut at ${cut}`)
    }
  })
}

const accepted = [
  '{}',
  ' [ ] ',
  '"x"\n',
  '-0.5e-10 ',
  'true',
  '{"a":{"b":[1,2,{"c":null}]},"d":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}',
  '{"":"","é":"\ud83d\ude00","\\u0061":1e999}',
  '['.repeat(maxAnswerDepth) + ']'.repeat(maxAnswerDepth),
]
for (const text of accepted) {
  test(`tells the same of ${JSON.stringify(text.slice(0, 20))} wherever it is cut`, () => {
    const bytes = Buffer.from(text)
    const whole = scan(bytes)
    assert.equal([whole.ok, whole.problem], [true, null])
    const step = bytes.length > 200 ? 97 : 1
    for (let first = 1; first < bytes.length; first += step) {
      assert.equal(scan(bytes, [first]).told, whole.told)
      for (let second = first; second < bytes.length; second += step * 3) {
        assert.equal(scan(bytes, [first, second]).told, whole.told)
      }
    }
  })
}

test('offsets are those of the values, names and texts are decoded', () => {
  const text = ' {"n\\u0061me" : "é\\n" , "l":[12, true]} '
  const bytes = Buffer.from(text)
  const { told } = scan(bytes)
  assert.equal(told, [
    { what: 'start', depth: 0, type: 'object', offset: 1 },
    { what: 'key', depth: 1, name: 'name' },
    { what: 'start', depth: 1, type: 'string', offset: 16 },
    { what: 'end', depth: 1, type: 'string', offset: 22, text: 'é\n' },
    { what: 'key', depth: 1, name: 'l' },
    { what: 'start', depth: 1, type: 'array', offset: 29 },
    { what: 'start', depth: 2, type: 'number', offset: 30 },
    { what: 'end', depth: 2, type: 'number', offset: 32, text: '12' },
    { what: 'start', depth: 2, type: 'literal', offset: 34 },
    { what: 'end', depth: 2, type: 'literal', offset: 38, text: null },
    { what: 'end', depth: 1, type: 'array', offset: 39, text: null },
    { what: 'end', depth: 0, type: 'object', offset: 40, text: null },
  ])
})

test('what is too long or no text is told as null', () => {
  const longKey = 'k'.repeat(1025)
  const longText = 't'.repeat(8193)
  const texts: readonly [string, Told][] = [
    [`{"${longKey}":1}`, { what: 'key', depth: 1, name: null }],
    ['{"\\ud800":1}', { what: 'key', depth: 1, name: null }],
    [`{"${longKey.slice(1)}":1}`, { what: 'key', depth: 1, name: longKey.slice(1) }],
  ]
  for (const [text, expected] of texts) {
    assert.equal(scan(Buffer.from(text)).told[1], expected)
    assert.equal(scan(Buffer.from(text), [3, 5, 500]).told[1], expected)
  }
  const lone = scan(Buffer.from('["\\udc00"]')).told
  assert.is(lone[2]?.text, null)
  assert.is(scan(Buffer.from(`["${longText}"]`)).told[2]?.text, null)
  assert.is(scan(Buffer.from(`["${longText.slice(1)}"]`), [100]).told[2]?.text, longText.slice(1))
})

test('names are told down to the fourth level', () => {
  const { told } = scan(Buffer.from('{"a":{"b":{"c":{"d":{"e":1}}}}}'))
  assert.equal(
    told.filter(({ what }) => what === 'key').map(({ name }) => name),
    ['a', 'b', 'c', 'd'],
  )
})

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() & 0xffffff)
const pieces = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '"a"',
  '"b":',
  '1',
  '-1',
  '0',
  '.5',
  'e3',
  'true',
  'null',
  'fals',
  ' ',
  '\n',
  '\\',
  '\\u00',
  '\\n',
  '41',
  'é',
  '\u0001',
  '\ud83d\ude00',
  '"\\u0041"',
  '1e5',
  '/**/',
]

test(`accepts what JSON.parse accepts, in 60,000 texts (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const counts = { accepted: 0, refused: 0 }
  for (let index = 0; index < 60_000; index++) {
    const text = random.chance(0.5) ? generateValue(random, 3) : generateNoise(random)
    const broken = random.chance(0.3) ? mutate(text, random) : text
    const bytes = Buffer.from(broken)
    let parses = true
    try {
      JSON.parse(broken)
    } catch {
      parses = false
    }
    // A number at the top has no end of its own: only here a caller has to know the end.
    const top = Buffer.concat([bytes, Buffer.from(' ')])
    const cut = random.below(top.length)
    const { ok } = scan(top, [cut])
    counts[ok ? 'accepted' : 'refused']++
    assert.is(ok, parses, `case ${index} of seed ${seed}: ${JSON.stringify(broken)} cut at ${cut}`)
  }
  console.log(`accepted ${counts.accepted}, refused ${counts.refused}`)
  assert.ok(counts.accepted > 5000 && counts.refused > 5000)
})

type Random = ReturnType<typeof seededRandom>

function generateNoise(random: Random): string {
  return Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)).join('')
}

function generateValue(random: Random, depth: number): string {
  const kind = random.below(depth === 0 ? 3 : 5)
  const space = random.pick(['', '', ' ', '\n\t'])
  if (kind === 0) return `${space}${random.pick(['true', 'null', 'false'])}`
  if (kind === 1)
    return `${random.pick(['0', '-1', '12.50', '1e-7', '-0', '9007199254740993'])}${space}`
  if (kind === 2)
    return JSON.stringify(random.pick(['', 'a"b', '\\', 'é\n', '\ud83d\ude00', 'x'.repeat(30)]))
  const values = Array.from({ length: random.below(4) }, () => generateValue(random, depth - 1))
  if (kind === 3) return `[${values.join(`${space},`)}]`
  return `{${values.map((value, index) => `"k${index}"${space}:${value}`).join(',')}${space}}`
}

function mutate(text: string, random: Random): string {
  const at = random.below(text.length + 1)
  return text.slice(0, at) + random.pick(['', ...pieces]) + text.slice(at + random.below(2))
}

test.run()
