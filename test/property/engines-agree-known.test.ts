/**
 * Where the production evaluator and OPA's interpreter are known to differ, each with the smallest
 * policy that shows it. The differential does not draw these. A row that has come to agree fails:
 * the list may only shrink. All but the order of sets and members lie in the library that OPA links
 * into every compiled policy; the gateway cannot replace it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBatch, interpretEach, production } from '../support/engines.js'
import { canonical } from '../support/same-answer.js'

/** What an answer is written as: its JSON, or `undefined`, or `error`. */
type Row = readonly [why: string, expression: string, input: unknown, ours: string, opa: string]

const rows: readonly Row[] = [
  ['sets in hash order', '[v | some v in {"a", "b"}]', {}, '["b","a"]', '["a","b"]'],
  ['sets in hash order', 'concat("", {"a", "b"})', {}, '"ba"', '"ab"'],
  [
    'members in hash order',
    'json.marshal({"b": 1, "a": 2})',
    {},
    '"{\\"b\\":1,\\"a\\":2}"',
    '"{\\"a\\":2,\\"b\\":1}"',
  ],
  [
    'members in hash order',
    '$"{{"b": 1, "a": input}}"',
    2,
    '"{\\"b\\": 1, \\"a\\": 2}"',
    '"{\\"a\\": 2, \\"b\\": 1}"',
  ],
  ['no escapes for HTML', 'json.marshal("<")', {}, '"\\"<\\""', '"\\"\\\\u003c\\""'],
  ['lenient JSON', 'json.unmarshal(input)', '01', '0', 'undefined'],
  ['lenient JSON', 'json.unmarshal(input)', 'truex', 'true', 'undefined'],
  ['lenient JSON', 'json.unmarshal(input)', '[1 2]', '[1,2]', 'undefined'],
  ['lenient JSON', 'json.unmarshal(input)', '{} x', '{}', 'undefined'],
  ['lenient JSON', 'json.is_valid(input)', '01', 'true', 'false'],
  ['a lone surrogate ends it', 'json.unmarshal(input)', '"\\ud800"', 'error', '"\ufffd"'],
  ['lenient base64', 'base64.decode(input)', 'YWRtaW4', '"admin"', 'undefined'],
  ['lenient base64', 'base64.decode(input)', 'YWRtaW4=x', '"admin"', 'undefined'],
  ['lenient base64', 'base64url.decode(input)', 'a|b', '"i"', 'undefined'],
  ['lenient base64', 'base64.is_valid(input)', 'YWRtaW4', 'true', 'false'],
  ['nothing is not base64', 'base64.decode(input)', '', 'undefined', '""'],
  ['nothing is not base64', 'base64.is_valid(input)', '', 'false', 'true'],
  ['bytes that are no text', 'base64.decode(input)', '/w==', 'error', '"\ufffd"'],
  [
    'addresses end at NUL',
    'net.cidr_contains("10.0.0.0/8", input)',
    '10.0.0.1\u0000x',
    'true',
    'undefined',
  ],
  ['IPv4 in IPv6', 'net.cidr_contains("10.0.0.0/8", input)', '::ffff:10.1.2.3', 'false', 'true'],
  ['IPv4 in IPv6', 'net.cidr_contains(input, "10.1.2.3")', '::ffff:0:0/96', 'false', 'true'],
  ['IPv4 in IPv6', 'net.cidr_intersects("10.0.0.0/8", input)', '::ffff:0:0/96', 'false', 'true'],
  ['patterns end at NUL', 'regex.match(input, "z")', 'z\u0000a', 'true', 'false'],
  ['patterns end at NUL', 'glob.match(input, [], "\\u0000")', '\u0000', 'false', 'true'],
  ['an invalid pattern', 'glob.match("(", ["a", "b"], input)', 'x', 'undefined', 'false'],
  ['an empty needle', 'indexof(input, "")', 'ab', '0', 'undefined'],
  ['an endless loop', 'replace(input, "", "x")', 'ab', 'error', '"xaxbx"'],
  ['an empty path', 'json.remove({"a": 1}, [input])', [], 'error', '{"a":1}'],
  ['an empty path', 'json.remove({"a": 1}, [input])', '', 'error', '{"a":1}'],
  ['an empty path', 'json.filter({"a": 1}, [input])', '', 'error', '{}'],
  ['nothing to unite', 'object.union_n(input)', [], 'undefined', '{}'],
  ['rounding toward zero', 'floor(input)', -0.5, '-1', '0'],
  ['rounding toward zero', 'ceil(input)', -0.5, '0', '1'],
  ['nothing by nothing', 'input / 0', 0, 'error', 'undefined'],
  [
    'other digits of a quotient',
    '1 / input',
    2 ** 53 - 1,
    '1.1102230246251565e-16',
    '1.1102230246251568e-16',
  ],
  ['other digits of a product', 'product([input, 3])', 0.1, '0.3', '0.30000000000000004'],
  ['an element that comes twice', '[1 | y := {"a", input}; some x in y]', 'a', '[1]', '[1,1]'],
  [
    'spelling of large fractions',
    'json.marshal(sum([9007199254740992, input]))',
    1000.5,
    '"9007199254741992.5"',
    '"9.0071992547419925e+15"',
  ],
  [
    'a sum is no integer',
    'bits.rsh(sum([input, 0.5, 0.5]), 2)',
    -(2 ** 53),
    'undefined',
    '-2251799813685248',
  ],
  ['two spellings of a number', 'count({1e20, input})', 1e20, '2', '1'],
  ['larger than any double', 'to_number(input)', '1e400', 'Infinity', 'undefined'],
  [
    'large numbers in another base',
    'format_int(input, 2)',
    2 ** 32,
    'error',
    `"1${'0'.repeat(32)}"`,
  ],
  ['text as an index of data', 'data.list[input]', '1', 'undefined', '"b"'],
]
const data = { list: ['a', 'b'] }

test('each is still there, and nothing else has changed', () => {
  const made = rows.map(([, expression], index) => ({
    name: `d${index}`,
    text: `package gen.d${index}\n\nout := v if {\n\tv := ${expression}\n}\n`,
  }))
  const { batch, refused } = buildBatch(made, data)
  assert.equal([...refused], [])
  const facts = rows.map(([, , input]) => JSON.stringify(input))
  const evaluate = production(batch)
  const written = (answer: ReturnType<typeof evaluate>) => {
    return answer.kind === 'defined' ? canonical(answer.value) : answer.kind
  }
  const interpreted = interpretEach(
    batch,
    facts,
    rows.map((_, index) => [index, index]),
  )
  for (const [index, row] of rows.entries()) {
    const [why, expression, input] = row
    const other = interpreted[index]
    const ours = written(evaluate(index, facts[index] ?? ''))
    const found = [why, expression, input, ours, other === undefined ? '' : written(other)]
    assert.is(JSON.stringify(found), JSON.stringify(row), expression)
    assert.is.not(found[3], found[4], `${why}: ${expression}`)
  }
})

test('a contradiction denies also where the interpreter does not get to see it', () => {
  const text = `package gen.late

r := 1 if input.a

r := 2 if input.a

out := 1 if {
	x := r
	x != input.absent
}

out := 2 if not input.absent
`
  const { batch } = buildBatch([{ name: 'late', text }], {})
  assert.is(production(batch)(0, '{"a": 1}').kind, 'error')
  assert.equal(interpretEach(batch, ['{"a": 1}'], [[0, 0]]), [{ kind: 'defined', value: 2 }])
})

test.run()
