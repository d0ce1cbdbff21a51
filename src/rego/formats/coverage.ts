/**
 * Coverage as other tools read it: JSON as OPA writes it, LCOV's tracefile, Cobertura's XML. How
 * often a line was evaluated is not known, so a covered line counts as evaluated once.
 */
import type { JsonObject } from '../../domain.js'
import type { CoverageReport, FileCoverage, Range } from '../test-report.js'
import { escaped, toJson } from './text.js'
import { element, formatXml, type XmlElement } from './xml.js'

export function formatCoverageJson(coverage: CoverageReport): string {
  const files = coverage.files.map((one): [string, JsonObject] => [one.file, fileJson(one)])
  const report = {
    files: Object.fromEntries(files),
    covered_lines: coverage.coveredLines,
    not_covered_lines: coverage.notCoveredLines,
    coverage: coverage.percent,
  }
  return `${toJson(report, 2)}\n`
}

/** Like OPA's, without members that say nothing. */
function fileJson({ covered, notCovered, ranges, percent }: FileCoverage): JsonObject {
  return {
    ...(ranges.covered.length === 0 ? {} : { covered: ranges.covered.map(rangeJson) }),
    ...(ranges.notCovered.length === 0 ? {} : { not_covered: ranges.notCovered.map(rangeJson) }),
    ...(covered.length === 0 ? {} : { covered_lines: covered.length }),
    ...(notCovered.length === 0 ? {} : { not_covered_lines: notCovered.length }),
    ...(percent === 0 ? {} : { coverage: percent }),
  }
}

function rangeJson({ start, end }: Range): JsonObject {
  return { start: { ...start }, end: { ...end } }
}

export function formatLcov({ files }: CoverageReport): string {
  return files
    .flatMap((one) => [
      'TN:',
      `SF:${escaped(one.file)}`,
      ...lineHits(one).map(({ row, hits }) => `DA:${row},${hits}`),
      `LF:${one.covered.length + one.notCovered.length}`,
      `LH:${one.covered.length}`,
      'end_of_record',
    ])
    .map((line) => `${line}\n`)
    .join('')
}

const cobertura = 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'
/** What the form asks for and coverage of lines does not have. */
const noBranches = { 'branch-rate': '0', complexity: '0' }

export function formatCobertura({ files, coveredLines, notCoveredLines }: CoverageReport): string {
  const byFolder = new Map<string, FileCoverage[]>()
  for (const one of files) {
    const folder = folderOf(one.file)
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), one])
  }
  const attributes = {
    'line-rate': rate(coveredLines, notCoveredLines),
    ...noBranches,
    'lines-covered': coveredLines,
    'lines-valid': coveredLines + notCoveredLines,
    'branches-covered': 0,
    'branches-valid': 0,
    version: '1',
    timestamp: 0,
  }
  const packages = [...byFolder].map(([name, members]) => folderXml(name, members))
  const sources = element('sources', {}, [element('source', {}, '.')])
  const root = element('coverage', attributes, [sources, element('packages', {}, packages)])
  return formatXml(root, `<!DOCTYPE coverage SYSTEM "${cobertura}">\n`)
}

function folderXml(name: string, files: readonly FileCoverage[]): XmlElement {
  const covered = files.reduce((sum, one) => sum + one.covered.length, 0)
  const notCovered = files.reduce((sum, one) => sum + one.notCovered.length, 0)
  const attributes = { name, 'line-rate': rate(covered, notCovered), ...noBranches }
  return element('package', attributes, [element('classes', {}, files.map(fileXml))])
}

function fileXml(one: FileCoverage): XmlElement {
  const lines = lineHits(one).map(({ row, hits }) =>
    element('line', { number: row, hits, branch: 'false' }),
  )
  const attributes = {
    name: one.file.slice(one.file.lastIndexOf('/') + 1),
    filename: one.file,
    'line-rate': rate(one.covered.length, one.notCovered.length),
    ...noBranches,
  }
  return element('class', attributes, [element('methods'), element('lines', {}, lines)])
}

function lineHits({ covered, notCovered }: FileCoverage): { row: number; hits: 0 | 1 }[] {
  return [
    ...covered.map((row) => ({ row, hits: 1 as const })),
    ...notCovered.map((row) => ({ row, hits: 0 as const })),
  ].sort((a, b) => a.row - b.row)
}

function folderOf(file: string): string {
  const end = file.lastIndexOf('/')
  return end < 0 ? '.' : file.slice(0, end)
}

/** Nothing to cover is all covered. */
function rate(covered: number, notCovered: number): string {
  const all = covered + notCovered
  return all === 0 ? '1' : (covered / all).toFixed(4)
}
