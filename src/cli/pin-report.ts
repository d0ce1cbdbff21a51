/** What `pin` found, as a table for a person, as lines with tabs for a pipe, or as JSON. */
import { cutText, escapeUnprintable } from '../lib/printable.js'
import type { Unclear } from './list-digests.js'
import { type Difference, pinnedKinds, type ServerPins } from './pins.js'
import { paint, printJson, printLine, printNote } from './terminal.js'

export interface PinReport {
  readonly server: string
  readonly file: string
  readonly check: boolean
  readonly json: boolean
  readonly pins: ServerPins
  readonly differences: readonly Difference[]
  readonly unclear: readonly Unclear[]
}

const colours = { added: 32, removed: 31, changed: 33 } as const
const shortDigest = 19
const maxShownName = 200
const problems = {
  definition: 'definition is not clear',
  name: 'name cannot be a key of the file',
} as const

export function reportPins(report: PinReport): void {
  const { server, file, check, json, pins, differences, unclear } = report
  const counts = Object.fromEntries(pinnedKinds.map((kind) => [kind, pins[kind].size]))
  if (json) return printJson({ server, file, counts, differences, unclear })
  for (const { kind, name, what } of unclear) {
    const shown = escapeUnprintable(cutText(name, maxShownName))
    printNote(`${kind} ${shown}: its ${problems[what]}, so it has no pin`)
  }
  const rows = differences.map(({ change, kind, name, before, now }) => [
    change,
    kind,
    escapeUnprintable(name),
    before ?? '-',
    now ?? '-',
  ])
  if (process.stdout.isTTY) printTable(rows)
  else for (const row of rows) printLine(row.join('\t'))
  const all = pinnedKinds.map((kind) => `${counts[kind]} ${kind}`).join(', ')
  if (!check) printNote(`${server}: ${all} pinned in ${file}`)
  else if (differences.length === 0) printNote(`${server}: ${all}, all as pinned in ${file}`)
  else printNote(`${server}: ${differences.length} not as pinned in ${file}`)
}

function printTable(rows: readonly (readonly string[])[]): void {
  const short = rows.map(([change = '', kind = '', name = '', before = '', now = '']) => [
    change,
    kind,
    name,
    shortened(before),
    shortened(now),
  ])
  const widths = [0, 1, 2, 3].map((at) => Math.max(0, ...short.map((row) => row[at]?.length ?? 0)))
  for (const row of short) {
    const cells = row.map((cell, at) => cell.padEnd(widths[at] ?? 0))
    const colour = colours[row[0] as keyof typeof colours]
    printLine(paint(process.stdout, colour, cells.join('  ').trimEnd()))
  }
}

function shortened(digest: string): string {
  return digest.length > shortDigest ? `${digest.slice(0, shortDigest)}…` : digest
}
