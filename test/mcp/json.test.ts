import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseStrict } from '../../src/mcp/json.js'
import { jsonOf, problemsOf, readNode } from '../support/json-readers.js'
import { threadMs } from '../support/thread-time.js'
import { readVectors } from '../support/vectors.js'

interface Row {
  name: string
  text?: string
  hex?: string
  problem: string | null
}

const test = suite('json')
const limits = { maxDepth: 64, maxMembers: 1000 }
const texts: Record<string, string> = {
  encoding: 'the body is not UTF-8 without a byte order mark',
  syntax: 'the body is not one JSON value',
  depth: 'the body is nested too deeply',
  members: 'the body has too many members',
  duplicate: 'an object has the same member twice',
  number: 'a number cannot be represented exactly',
  surrogate: 'a string has half of a surrogate pair',
}

for (const row of readVectors<Row>('json-strict')) {
  test(row.name, () => {
    const bytes = row.hex === undefined ? utf8(row.text ?? '') : Buffer.from(row.hex, 'hex')
    const result = parseStrict(bytes, limits)
    if (row.problem === null) {
      assert.ok(result.ok, JSON.stringify(result))
      assert.equal(result.ok && result.value, JSON.parse(bytes.toString()))
    } else {
      assert.is(result.ok ? 'accepted' : result.problem, row.problem)
      assert.is(result.ok ? '' : result.text, texts[row.problem])
    }
  })
}

test('65 levels are refused, 64 pass, whatever they are made of', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ]) {
    const nested = (levels: number) =>
      utf8(`${open?.repeat(levels)}${open === '[' ? '' : '1'}${close?.repeat(levels)}`)
    assert.is(problemOf(nested(65)), 'depth')
    assert.is(problemOf(nested(100_000)), 'depth')
    assert.is(problemOf(nested(64)), null)
  }
  assert.is(problemOf(utf8('[]'.repeat(65))), 'syntax')
  assert.is(problemOf(utf8(`[${'[],'.repeat(100)}[]]`)), null)
})

test('members and elements are counted together, and every one of them', () => {
  const elements = (count: number) => utf8(JSON.stringify(Array(count).fill(0)))
  const members = (count: number) =>
    utf8(JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]))))
  assert.is(problemOf(elements(1001)), 'members')
  assert.is(problemOf(members(1001)), 'members')
  assert.is(problemOf(utf8(`{"a":[${'{},'.repeat(999)}{}]}`)), 'members')
  assert.is(problemOf(elements(1000)), null)
  assert.is(problemOf(members(1000)), null)
  assert.is(problemOf(utf8(`{"a":[${'{},'.repeat(998)}{}]}`)), null)
})

test('where exact numbers are not asked for, numbers are free and all else is not', () => {
  const parse = (text: string) => parseStrict(utf8(text), limits, { exactNumbers: false })
  assert.is(problemIn(parse('{"a":1,"a":1e400}')), 'duplicate')
  assert.is(problemIn(parse('[1e]')), 'syntax')
  assert.is(problemIn(parse('[9007199254740993,1e400,0.1000000000000000055]')), null)
})

test('the offset is the byte of the problem, where one byte is to blame', () => {
  const rows: [string, string, number][] = [
    ['{"é":1e400}', 'number', 6],
    ['["é","\\ud800"]', 'surrogate', 7],
    ['[[[', 'depth', 2],
    ['["é",1,2,3]', 'members', 9],
    ['{"a":x}', 'syntax', 0],
    ['{"a":1,"a":1}', 'duplicate', 0],
  ]
  for (const [text, problem, offset] of rows) {
    const result = parseStrict(utf8(text), { maxDepth: 2, maxMembers: 2 })
    assert.equal(result, { ok: false, problem, text: texts[problem], offset }, text)
  }
})

test('own __proto__ members stay members, and nothing gets a prototype from the body', () => {
  const result = parseStrict(utf8('{"__proto__":{"admin":true},"constructor":1}'), limits)
  assert.ok(result.ok)
  if (!result.ok || result.value === null || typeof result.value !== 'object') return
  assert.equal(Object.keys(result.value), ['__proto__', 'constructor'])
  assert.is(Object.getPrototypeOf(result.value), Object.prototype)
  assert.is(Reflect.get(result.value, 'admin'), undefined)
})

test('a huge number is judged without holding up the process', () => {
  const startedMs = threadMs()
  assert.is(problemOf(utf8(`0.${'0'.repeat(1_000_000)}1`)), 'number')
  assert.is(problemOf(utf8(`1${'0'.repeat(1_000_000)}`)), 'number')
  assert.is(problemOf(utf8(`1.${'0'.repeat(1_000_000)}`)), null)
  assert.ok(threadMs() - startedMs < 5000)
})

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

test(`any JSON text is judged as the slow reader judges it (seed ${seed})`, () => {
  const scraps = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"a":', '"a"', '"b":1', '"\\u0061":', '1', '-0', '1.0', 'e5'],
    ...[
      '0.1',
      '1e400',
      '9007199254740993',
      'true',
      'null',
      'fals',
      ' ',
      '\n',
      '\\',
      '"',
      '\\ud800',
    ],
    ...['"\\ud83d\\ude00"', '"\\udc00"', '"__proto__":', 'é', '\ufeff', '{"a":', '[[', ']]'],
  )
  const document = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc.array(scraps, { maxLength: 12 }).map((parts) => parts.join('')),
    fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), scraps)
      .map(([text, at, scrap]) => splice(text, at % (text.length + 1), scrap)),
  )
  let accepted = 0
  fc.assert(
    fc.property(document, (text) => {
      if (!text.isWellFormed()) return
      const expected = text.startsWith('\ufeff') ? ['encoding'] : problemsOf(text, 3, 12)
      const result = parseStrict(utf8(text), { maxDepth: 3, maxMembers: 12 })
      if (result.ok) {
        accepted += 1
        assert.equal(expected, [])
        assert.equal(canonical(result.value), canonical(jsonOf(readNode(text), 'last')))
      } else {
        // What is not JSON may be refused for any reason; the scan comes before the syntax.
        assert.ok(expected.length > 0, `${result.problem} of ${text}`)
        if (expected[0] !== 'syntax') assert.ok(expected.includes(result.problem), text)
      }
    }),
    { seed, numRuns: 20_000 },
  )
  assert.ok(accepted > 1000, `only ${accepted} documents were accepted`)
})

test('the text of a member is kept where it is one, short and plainly named', () => {
  const long = `"${'x'.repeat(2_046)}"`
  const rows: [string, string | null][] = [
    ['{"p":{"a":1}}', '1'],
    ['{"p":{"a":{"a":[1,{"a":2}]},"b":3}}', '{"a":[1,{"a":2}]}'],
    ['{"p":{"b":{},"a":[]}}', '[]'],
    ['{"p":{"a" :\t{ "n" : 1e2 }\n, "b":"a"}}', '\t{ "n" : 1e2 }\n'],
    ['{"p":{"b":"a","c":"\\"a\\":","a":"}"}}', '"}"'],
    ['{"p":{"a":"é"}}', Buffer.from('"é"').toString('latin1')],
    ['[{"a":true}]', 'true'],
    [`{"p":{"a":${long}}}`, long],
    [`{"p":{"a":${long} }}`, null],
    ['{"p":{"\\u0061":1}}', null],
    ['{"a":1}', null],
    ['{"p":{"q":{"a":1}}}', null],
    ['{"p":{"a":1},"q":{"a":2}}', null],
    ['[{"a":1},{"a":2},{"a":3}]', null],
    ['{"p":["a"]}', null],
    ['{"p":{"ab":1,"b":2,"":3}}', null],
  ]
  for (const [text, expected] of rows) {
    const bytes = Buffer.concat([Buffer.from('"a":'), utf8(text)]).subarray(4)
    const result = parseStrict(bytes, limits, { textOf: 'a' })
    assert.ok(result.ok, text)
    assert.is(result.ok ? result.memberText : '', expected, text)
    const array = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    assert.equal(parseStrict(array, limits, { textOf: 'a' }), result, 'and from no Buffer')
  }
  const notAsked = parseStrict(utf8('{"p":{"a":1}}'), limits)
  assert.is(notAsked.ok ? notAsked.memberText : '', null)
  const twice = parseStrict(utf8('{"p":{"a":1,"\\u0061":2}}'), limits, { textOf: 'a' })
  assert.is(problemIn(twice), 'duplicate')
})

test('the text of a member does not keep its body in memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept = Array.from({ length: 50 }, (_, n) => {
    const text = `{"x":"${'x'.repeat(1_000_000)}","p":{"a":{"some text of":"one member","n":${n}}}}`
    const result = parseStrict(utf8(text), limits, { textOf: 'a' })
    return result.ok ? result.memberText : null
  })
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  const megabytes = (heapUsed + external + arrayBuffers) / 1e6
  assert.is(kept[49], '{"some text of":"one member","n":49}')
  assert.ok(megabytes < 40, `${megabytes} MB`)
})

function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8')
}

function problemOf(bytes: Uint8Array): string | null {
  return problemIn(parseStrict(bytes, limits))
}

function problemIn(result: ReturnType<typeof parseStrict>): string | null {
  return result.ok ? null : result.problem
}

function splice(text: string, at: number, scrap: string): string {
  return text.slice(0, at) + scrap + text.slice(at)
}

/** -0 and 0 are one value on the wire. */
function canonical(value: unknown): string {
  return JSON.stringify(value)
}

test.run()
