/**
 * Annotations for GitHub Actions: workflow commands, which the runner reads from the output of a
 * step, folded into one group. The runner also reads commands from the middle of a line (`##[…]`)
 * and after leading spaces, so whatever others wrote is only ever inside a command's value.
 */
import type { Annotation } from './annotations.js'
import { escaped } from './text.js'

/** `lines` say what was fine, `summary` is the last word. */
export function formatGithub(
  title: string,
  annotations: readonly Annotation[],
  lines: readonly string[],
  summary: string,
): string {
  const inside = [...lines.map(plainLine), ...annotations.map(command)]
  return [`::group::${data(title)}`, ...inside, '::endgroup::', plainLine(summary), ''].join('\n')
}

/** Begins with a word of ours, so only the older form of a command could be in it. */
function plainLine(text: string): string {
  return escaped(text).replaceAll('##[', '#\\u0023[')
}

function command({ level, title, message, details, file, row, col }: Annotation): string {
  const properties = [
    ['title', title],
    ['file', file],
    ['line', row],
    ['col', row === null ? null : col],
  ].flatMap(([name, value]) =>
    value === null || value === '' ? [] : [`${name}=${property(String(value))}`],
  )
  const words = properties.length === 0 ? '' : ` ${properties.join(',')}`
  return `::${level}${words}::${[message, ...details].map(data).join('%0A')}`
}

function data(text: string): string {
  return escaped(text).replaceAll('%', '%25')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
