/**
 * The matrix as text, one line for each client and way, one letter for each step that worked, and
 * under it why a step did not, in the words of who said so.
 */
import type { Cells, Row, Step, Steps } from './peer-matrix.js'
import { type Column, columns, hiddenTools } from './peer-matrix-items.js'

const letters = [
  ['list', 'l'],
  ['call', 'c'],
  ['denied', 'd'],
  ['progress', 'p'],
  ['cancel', 'x'],
  ['elicitation', 'e'],
] as const

export function tableOf(cells: Cells): string {
  const reasons: string[] = []
  const rows = [...cells].map(([row, ofRow]) => [
    `${row.client} ${row.mode}, ${row.over}`,
    ...columns.map((column) => cellOf(row, ofRow.get(column) ?? null, reasons)),
  ])
  const heads: string[][] = [0, 1].map((line) => [
    line === 0 ? 'l list  c call  d denied' : 'p progress  x cancel  e elicitation',
    ...columns.map((column: Column) => column.split(' ')[line] ?? ''),
  ])
  const lines = [...heads, ...rows]
  const widths = ['', ...columns].map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  )
  const aligned = lines.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...aligned, ...reasons.map((reason, index) => `${index + 1}: ${reason}`)].join('\n')
}

function cellOf({ over }: Row, steps: Steps | null, reasons: string[]): string {
  if (steps === null) return ''
  const { connect } = steps
  if (connect !== undefined) return numberOf(stable(connect.why ?? ''), reasons)
  const text = letters.map(([name, letter]) => {
    if (name !== 'denied') return steps[name]?.done === undefined ? '-' : letter
    if (over === 'direct') return ' '
    return isDenied(steps) ? letter : '!'
  })
  const whys = new Map<string, string[]>()
  for (const [name] of letters) {
    const why = name === 'denied' ? undefined : steps[name]?.why
    if (why !== undefined) whys.set(stable(why), [...(whys.get(stable(why)) ?? []), name])
  }
  const reason = [...whys].map(([why, names]) => `${names.join(', ')}: ${why}`).join(' | ')
  return reason === '' ? text.join('') : `${text.join('')} ${numberOf(reason, reasons)}`
}

/** What is not for the client is not listed, and its call is refused if the client makes it. */
function isDenied({ list, denied, hidden }: Steps): boolean {
  const isRefused = (step: Step | undefined) => step?.why?.startsWith('Denied by policy (') === true
  const listed = JSON.stringify(list?.done ?? [])
  const isListed = hiddenTools.some((name) => listed.includes(`"name":"${name}"`))
  return !isListed && isRefused(denied) && (hidden === undefined || isRefused(hidden))
}

function numberOf(reason: string, reasons: string[]): string {
  if (!reasons.includes(reason)) reasons.push(reason)
  return String(reasons.indexOf(reason) + 1)
}

/** The first sentence. */
function stable(why: string): string {
  return why.replace(/\. .*$/s, '')
}
