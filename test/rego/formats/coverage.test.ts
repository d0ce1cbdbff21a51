/** Coverage, read by parsers of other people's making. */
import cobertura from '@cvrg-report/cobertura-json'
import parseLcov from '@friedemannsommer/lcov-parser/sync'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatCoverage } from '../../../src/rego/formats/index.js'
import type { CoverageReport } from '../../../src/rego/test-report.js'
import { hostileText } from './reports.js'
import { readXml } from './xml-reader.js'

/** What version 4 of the form says of each element: its children, and attributes it must have. */
const rates = ['line-rate', 'branch-rate']
const elements: readonly [name: string, children: string, required: readonly string[]][] = [
  [
    'coverage',
    '(sources?,packages)',
    [
      ...rates,
      ...['lines-covered', 'lines-valid', 'branches-covered', 'branches-valid'],
      ...['complexity', 'version', 'timestamp'],
    ],
  ],
  ['sources', '(source*)', []],
  ['source', '(#PCDATA)', []],
  ['packages', '(package*)', []],
  ['package', '(classes)', ['name', ...rates, 'complexity']],
  ['classes', '(class*)', []],
  ['class', '(methods,lines)', ['name', 'filename', ...rates, 'complexity']],
  ['methods', '(method*)', []],
  ['method', '(lines)', ['name', 'signature', ...rates, 'complexity']],
  ['lines', '(line*)', []],
  ['line', 'EMPTY', ['number', 'hits']],
]
const dtd = [
  ...elements.flatMap(([name, children, required]) => [
    `<!ELEMENT ${name} ${children}>`,
    ...required.map((attribute) => `<!ATTLIST ${name} ${attribute} CDATA #REQUIRED>`),
  ]),
  '<!ATTLIST line branch CDATA "false">',
].join('\n')

const range = (row: number, to = row) => ({ start: { row, col: 2 }, end: { row: to, col: 9 } })
const none = { covered: [], notCovered: [] }

const coverage: CoverageReport = {
  percent: 62.5,
  coveredLines: 5,
  notCoveredLines: 3,
  files: [
    {
      file: 'policies/a/a.rego',
      percent: 80,
      covered: [3, 4, 5, 9],
      notCovered: [7],
      ranges: { covered: [range(3, 5), range(9)], notCovered: [range(7)] },
    },
    {
      file: 'b.rego',
      percent: 0,
      covered: [],
      notCovered: [2],
      ranges: { ...none, notCovered: [range(2)] },
    },
    { file: 'empty.rego', percent: 0, ...none, ranges: none },
    {
      file: `policies/${hostileText}/${hostileText}`,
      percent: 50,
      covered: [1],
      notCovered: [2],
      ranges: { covered: [range(1)], notCovered: [range(2)] },
    },
    { file: '__proto__', percent: 0, ...none, ranges: none },
  ],
}

test('lcov: a section for each file, whatever its name', () => {
  const sections = parseLcov({ from: formatCoverage('lcov', coverage) })
  assert.equal(
    sections.map(({ lines }) => [lines.hit, lines.instrumented]),
    [
      [4, 5],
      [0, 1],
      [0, 0],
      [1, 2],
      [0, 0],
    ],
  )
  assert.is(sections[0]?.path, 'policies/a/a.rego')
  assert.equal(
    sections[0]?.lines.details.map(({ line, hit }) => [line, hit]),
    [
      [3, 1],
      [4, 1],
      [5, 1],
      [7, 0],
      [9, 1],
    ],
  )
  assert.match(
    sections[3]?.path ?? '',
    'policies/a"b\'c<d>&e]]>f%g,h:i;j#k\\l`m\\u000a::set-output',
  )
})

test('cobertura: valid, and read as it was meant', async () => {
  const text = formatCoverage('cobertura', coverage)
  const { texts } = readXml(text, { dtd })
  assert.equal(texts('/coverage/@line-rate'), ['0.6250'])
  assert.equal(texts('//package/@name').slice(0, 2), ['policies/a', '.'])
  assert.equal(texts('//class/@line-rate'), ['0.8000', '0.0000', '1', '1', '0.5000'])
  const [first, second] = await cobertura.parseContent(text)
  assert.is(first?.file, 'policies/a/a.rego')
  assert.is(first?.lines.found, 5)
  assert.is(first?.lines.hit, 4)
  assert.equal(first?.lines.details[3], { line: 7, hit: 0 })
  assert.is(second?.lines.hit, 0)
})

test('cobertura: the document type refuses another', () => {
  const text = formatCoverage('cobertura', coverage).replace('<methods/>', '')
  assert.throws(() => readXml(text, { dtd }), /class/)
})

test('json: as OPA writes it', () => {
  const report = JSON.parse(formatCoverage('json', coverage))
  assert.equal(report.files['policies/a/a.rego'], {
    covered: [range(3, 5), range(9)],
    not_covered: [range(7)],
    covered_lines: 4,
    not_covered_lines: 1,
    coverage: 80,
  })
  assert.equal(report.files['empty.rego'], {})
  assert.equal(Object.keys(report.files).length, 5)
  assert.is(report.coverage, 62.5)
  assert.is(report.covered_lines, 5)
  assert.is(report.not_covered_lines, 3)
})

test.run()
