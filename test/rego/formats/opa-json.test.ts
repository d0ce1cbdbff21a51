/**
 * The JSON that `opa test` writes. test/vectors/test-report.json is what these reports become; OPA's
 * own reader reads that file in compiler/ops.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import { formatReport } from '../../../src/rego/formats/index.js'
import type { TestReport } from '../../../src/rego/test-report.js'
import { hostile, hostileText, ordinary, policyTest, testReport } from './reports.js'

const options = { paint: unpainted, verbose: false, version: '0.1.0' }
const json = (report: TestReport) => JSON.parse(formatReport('json', report, options))

test('hostile text: reads back as it was, but for halves of characters', () => {
  const [first, second, third] = json(hostile)
  assert.is(Buffer.from(first.output, 'base64').toString(), hostileText.toWellFormed())
  assert.is(first.name, `test_${hostileText.toWellFormed()}`)
  assert.is(second.error.message, hostileText.toWellFormed())
  assert.equal(Object.keys(first.sub_results), [hostileText.toWellFormed(), '__proto__'])
  const inner = Object.getOwnPropertyDescriptor(first.sub_results, '__proto__')?.value
  assert.equal(Object.keys(inner.sub_results), ['constructor'])
  assert.equal(Object.keys(first.mcp_guard.failed_at.values).length, 2)
  assert.is(third.skip, true)
})

test('a run: members as OPA names them, ours apart', () => {
  const results = json(ordinary)
  assert.equal(results[0], {
    location: { file: 'policies/a_test.rego', row: 3, col: 1 },
    package: 'data.a_test',
    name: 'test_a',
    duration: 1_234_567,
    mcp_guard: {
      kind: 'test',
      verdict: 'passed',
      engines: {
        interpreter: { outcome: 'pass', text: 'true' },
        wasm: { outcome: 'pass', text: 'true' },
      },
      failed_at: null,
    },
  })
  assert.equal(results[2].sub_results, {
    one: { name: 'one' },
    two: {
      name: 'two',
      fail: true,
      sub_results: { deep: { name: 'deep', fail: true }, else: { name: 'else' } },
    },
  })
  assert.equal(
    results.map(({ fail, error, skip }: Record<string, unknown>) => [fail, error, skip]),
    [
      [undefined, undefined, undefined],
      [true, undefined, undefined],
      [true, undefined, undefined],
      [undefined, undefined, true],
      [
        undefined,
        { message: 'eval_conflict_error: complete rules must not produce multiple outputs' },
        undefined,
      ],
      [true, undefined, undefined],
      [undefined, undefined, undefined],
      [true, undefined, undefined],
      [undefined, { message: 'subject: is missing' }, undefined],
    ],
  )
  assert.equal(results[7].mcp_guard.differences[0], {
    member: 'allow',
    expected: false,
    actual: true,
  })
})

test('benchmarks as Go writes them', () => {
  const one = { package: 'a', name: 'test_a', file: 'a', row: 1, engine: 'wasm' } as const
  const [result] = json(testReport({ benchmarks: [{ ...one, runs: 10, nsPerOp: 5.25 }] }))
  assert.equal(result.benchmark_result, {
    N: 10,
    T: 53,
    Bytes: 0,
    MemAllocs: 0,
    MemBytes: 0,
    Extra: null,
  })
})

test('test/vectors/test-report.json is what is written', () => {
  const benchmarks = [
    { package: 'a', name: 'test_a', file: 'a', row: 1, engine: 'wasm', runs: 10, nsPerOp: 5 },
  ] as const
  const tests = [...ordinary.tests, ...hostile.tests, policyTest({ output: '\u00ff' })]
  const text = formatReport('json', { ...ordinary, tests, benchmarks }, options)
  const compact = (json: string) => JSON.stringify(JSON.parse(json))
  assert.is(compact(text), compact(readFileSync('test/vectors/test-report.json', 'utf8')))
})

test.run()
