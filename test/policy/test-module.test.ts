/** Compiled tests on the gateway's evaluator: every kind of answer, and nothing kept between two. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openTestModule, type TestAnswer } from '../../src/policy/test-module.js'
import { must, onSource } from '../rego/reactor-fixture.js'

const text = `package a_test

test_true if true

test_false := false

test_undefined if input.x

test_conflict := x if some x in [1, 2]

test_endless if {
	r := numbers.range(1, 2000)
	some a in r
	some b in r
	some c in r
	a + b + c == 0
}

test_data if data.n == 9007199254740991

test_no_json := to_number(".5")

test_host if sprintf("%d", [1]) == "1"

test_table[name] if {
	some name, n in {"one": 1, "two": 2}
	n == 1
}
`
const files = { 'a_test.rego': text, 'data.json': '{"n": 9007199254740991}' }
const built = must(onSource('testmodule', files, { packages: ['a_test'] }))
const wasm = Buffer.from(String(built['wasm']), 'base64')
const module = openTestModule(wasm, String(built['data']), 1_000_000)

const rows: readonly (readonly [name: string, answer: TestAnswer])[] = [
  ['test_true', { kind: 'defined', value: true, text: 'true' }],
  ['test_false', { kind: 'defined', value: false, text: 'false' }],
  ['test_undefined', { kind: 'undefined' }],
  ['test_conflict', { kind: 'error', problem: 'a_test.rego:9:1: var assignment conflict' }],
  ['test_endless', { kind: 'error', problem: 'more than 1000000 units of work' }],
  ['test_data', { kind: 'defined', value: true, text: 'true' }],
  ['test_no_json', { kind: 'error', problem: 'the result is no JSON' }],
  ['test_host', { kind: 'defined', value: true, text: 'true' }],
  ['test_table', { kind: 'defined', value: { one: true }, text: '{"one":true}' }],
]

for (const [name, answer] of [...rows, ...rows]) {
  test(`${answer.kind}: ${name}`, () => {
    assert.equal(module.ask(`a_test/${name}`), answer)
  })
}

test('an entry point that is not there is a mistake of whoever asks', () => {
  assert.throws(() => module.ask('a_test/test_other'), 'there is no entry point a_test/test_other')
})

test('a package that cannot be evaluated as a whole says so, and one that can has all of it', () => {
  const whole = must(onSource('testmodule', files))
  const open = openTestModule(Buffer.from(String(whole['wasm']), 'base64'), '{"n": 1}', 1_000_000)
  assert.is(open.ask('a_test').kind, 'error')
  const fine = {
    'b_test.rego': 'package b_test\n\ntest_x if true\n\ntest_y if data.z\n\nh(x) := x\n',
  }
  const { wasm: bytes, tests } = must(onSource('testmodule', fine))
  const other = openTestModule(Buffer.from(String(bytes), 'base64'), '{}', 1_000_000)
  assert.equal(other.ask('b_test'), {
    kind: 'defined',
    value: { test_x: true },
    text: '{"test_x":true}',
  })
  assert.equal(tests, [
    { package: 'b_test', name: 'test_x', entryPoint: 'b_test', keys: ['test_x'], table: false },
    { package: 'b_test', name: 'test_y', entryPoint: 'b_test', keys: ['test_y'], table: false },
  ])
})

test.run()
