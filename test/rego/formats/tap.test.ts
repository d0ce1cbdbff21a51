/** TAP 14, read by a parser of other people's making in its strict mode. */
import { Parser, type Result } from 'tap-parser'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import { formatReport } from '../../../src/rego/formats/index.js'
import type { TestReport } from '../../../src/rego/test-report.js'
import { hostile, hostileText, ordinary, policyTest, testReport } from './reports.js'

const options = { paint: unpainted, verbose: false, version: '0.1.0' }

function parse(report: TestReport) {
  const parser = new Parser({ strict: true })
  const points: Result[] = []
  const strays: unknown[] = []
  parser.on('assert', (point: Result) => points.push(point))
  parser.on('extra', (text: unknown) => strays.push(text))
  parser.on('comment', (text: unknown) => strays.push(text))
  parser.end(formatReport('tap', report, options))
  return { parser, points, strays, results: parser.results }
}

test('hostile text: one point each, no comment, no directive, nothing beside', () => {
  const { points, strays, results } = parse(hostile)
  assert.equal(strays, [])
  assert.is(points.length, 8)
  assert.equal(
    points.map(({ ok }) => ok),
    [false, false, true, false, true, false, false, true],
  )
  assert.is(results?.todo, 0)
  assert.is(results?.skip, 1)
  assert.is(results?.bailout, false)
  assert.is(points[1]?.diag.output, hostileText.toWellFormed())
  for (const { name } of points) assert.match(name, /^(data\.|[^ ])/)
})

for (const name of ['x # TODO y', 'x # SKIP', 'x \\# todo', 'x \\\\# skip', '# time=5ms']) {
  test(`a name that looks like a directive: ${name}`, () => {
    const failed = policyTest({ package: 'p', name, verdict: 'failed' })
    const { points, results } = parse(testReport({ tests: [failed] }))
    assert.equal(
      points.map(({ name: read, todo, skip }) => [read, todo, skip]),
      [[`data.p.${name}`, false, false]],
    )
    assert.is(results?.ok, false)
  })
}

test('a name that ends in a brace begins no test of its own', () => {
  const failed = policyTest({ package: 'p', name: 'x { ', verdict: 'failed' })
  const { points } = parse(testReport({ tests: [failed, policyTest({})] }))
  assert.equal(
    points.map(({ name }) => name),
    ['data.p.x \\u007b', 'data.a_test.test_a'],
  )
})

test('a run: counts, reasons and places', () => {
  const { points, strays, results } = parse(ordinary)
  assert.equal(strays, [])
  assert.is(results?.count, 9)
  assert.is(results?.pass, 3)
  assert.is(results?.fail, 6)
  assert.is(results?.failures.length, 6)
  assert.equal(points[1]?.diag, {
    message: 'not true: x == 2',
    severity: 'fail',
    kind: 'test-failed',
    at: { file: 'policies/a_test.rego', line: 6, column: 2 },
    details: ['at policies/a_test.rego:6:2', 'x = 1', 'y = "b"'],
    output: 'x is 1\nno more\n',
  })
  assert.is(points[1]?.time, 1.235)
  assert.equal(points[2]?.diag.cases, ['two / deep'])
  assert.is(points[3]?.skip, true)
  assert.is(points[7]?.name, 'cases/a.yaml: mallory deletes')
})

test('no tests: a plan that says so', () => {
  const { results } = parse(testReport({}))
  assert.is(results?.ok, true)
  assert.is(results?.plan.skipAll, true)
})

test.run()
