/**
 * What `check` and `lint` find, for people on a line each, and as JSON in the form of
 * `opa check --format json`, which knows no warnings: they have a list of their own.
 */
import type { Json, JsonObject } from '../../domain.js'
import type { Paint } from '../../lib/paint.js'
import { formatProblem } from '../compile-policy.js'
import type { PolicyFinding } from '../finding.js'
import { escaped, toJson } from './text.js'

/** `file:row:col: level: message (hint) [code]`, and below it the page that explains it. */
export function formatFindingsPretty(findings: readonly PolicyFinding[], paint: Paint): string {
  const lines = findings.flatMap(({ level, page, code, ...problem }) => {
    const word = level === 'error' ? paint(31, level) : paint(33, level)
    const text = formatProblem({
      ...problem,
      code,
      file: safe(problem.file),
      message: `${word}: ${safe(problem.message)}`,
      hint: safe(problem.hint),
    })
    return [`${text} [${code}]`, ...(page === null ? [] : [`  see ${page}`])]
  })
  return lines.map((line) => `${line}\n`).join('')
}

export function formatFindingsJson(findings: readonly PolicyFinding[]): string {
  const of = (level: PolicyFinding['level']): Json =>
    findings.filter((one) => one.level === level).map(findingJson)
  return `${toJson({ errors: of('error'), warnings: of('warning') }, 2)}\n`
}

function findingJson({ message, code, file, row, col, details, hint, page }: PolicyFinding) {
  const location: JsonObject | null = file === null ? null : { file, row, col }
  return { message, code, location, details, hint, page }
}

function safe<Text extends string | null>(text: Text): Text | string {
  return text === null ? text : escaped(text)
}
