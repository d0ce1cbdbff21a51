/**
 * A run as JUnit XML, in the form that Jenkins describes with a schema: a suite for each package and
 * each file of decision cases. Of a table test each case is a test case of its own; it has the
 * reason of the whole test. Where it is in the source stands in the text, for the form has no place.
 */
import type { DecisionCase, PolicyTest, TestReport } from '../test-report.js'
import { caseFailure, countedCases, type Failure, testFailure } from './failures.js'
import { element, formatXml, type XmlElement } from './xml.js'

interface TestCase {
  readonly suite: string
  readonly name: string
  readonly seconds: number
  readonly verdict: 'passed' | 'failure' | 'error' | 'skipped'
  readonly failure: Failure | null
  readonly output: string
}

export function formatJunit({ tests, cases, durationMs }: TestReport): string {
  const testCases = [...tests.flatMap(testCasesOf), ...cases.map(decisionTestCase)]
  const bySuite = new Map<string, TestCase[]>()
  for (const one of testCases) bySuite.set(one.suite, [...(bySuite.get(one.suite) ?? []), one])
  const { tests: all, failures, errors } = totals(testCases)
  return formatXml(
    element(
      'testsuites',
      {
        name: 'mcp-guard test-policy',
        tests: all,
        failures,
        errors,
        time: seconds(durationMs / 1e3),
      },
      [...bySuite].map(([name, members]) => suite(name, members)),
    ),
  )
}

function testCasesOf(test: PolicyTest): TestCase[] {
  const { verdict, durationNs, name, output } = test
  const suite = `data.${test.package}`
  const failure = testFailure(test)
  const kind = failure === null ? 'passed' : failure.kind === 'test-error' ? 'error' : 'failure'
  const whole: TestCase = {
    suite,
    name,
    seconds: durationNs / 1e9,
    verdict: verdict === 'skipped' ? 'skipped' : kind,
    failure,
    output,
  }
  const leaves = countedCases(test)
  if (leaves.length === 0) return [whole]
  return leaves.map((leaf, index) => ({
    ...whole,
    name: `${name}: ${leaf.name.join(' / ')}`,
    seconds: index === 0 ? whole.seconds : 0,
    verdict: leaf.passed ? 'passed' : 'failure',
    output: index === 0 ? output : '',
  }))
}

function decisionTestCase(one: DecisionCase): TestCase {
  const failure = caseFailure(one)
  const kind = one.verdict === 'error' ? 'error' : 'failure'
  return {
    suite: one.file,
    name: one.name,
    seconds: one.durationNs / 1e9,
    verdict: failure === null ? 'passed' : kind,
    failure,
    output: '',
  }
}

function suite(name: string, cases: readonly TestCase[]): XmlElement {
  const time = seconds(cases.reduce((sum, one) => sum + one.seconds, 0))
  const attributes = { name, ...totals(cases), skipped: count(cases, 'skipped'), time }
  return element(
    'testsuite',
    attributes,
    cases.map((one) => testCase(one)),
  )
}

function testCase({ suite, name, seconds: took, verdict, failure, output }: TestCase): XmlElement {
  const why = verdict === 'skipped' ? [element('skipped')] : []
  if ((verdict === 'failure' || verdict === 'error') && failure !== null) {
    const { kind, message, details, file, row } = failure
    const text = [`${file}:${row}: ${message}`, ...details].join('\n')
    why.push(element(verdict, { message, type: kind }, text))
  }
  const printed = output === '' ? [] : [element('system-out', {}, output)]
  return element('testcase', { name, classname: suite, time: seconds(took) }, [...why, ...printed])
}

function totals(cases: readonly TestCase[]) {
  const failures = count(cases, 'failure')
  return { tests: cases.length, failures, errors: count(cases, 'error') }
}

function count(cases: readonly TestCase[], verdict: TestCase['verdict']): number {
  return cases.filter((one) => one.verdict === verdict).length
}

function seconds(value: number): string {
  return value.toFixed(6)
}
