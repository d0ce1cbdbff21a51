/**
 * What a command would change in a file, as a unified diff for people. Characters that a terminal
 * would act on, or that nobody sees, are written as escapes; a missing newline at the end is shown
 * too. Not for machines: a diff with escapes in it cannot be applied.
 */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { Paint } from '../lib/paint.js'
import { escapeUnprintable } from '../lib/printable.js'

const context = 3

/** Ends in a newline; empty when nothing differs. `paint` colours one line's text. */
export function showDiff(name: string, before: string, after: string, paint: Paint): string {
  if (before === after) return ''
  const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, '', '', {
    context,
    headerOptions: FILE_HEADERS_ONLY,
  })
  const lines = patch.replace(/\n$/, '').split('\n')
  return lines.map((line, index) => `${paintLine(line, index, paint)}\n`).join('')
}

const headerLines = 2

function paintLine(line: string, index: number, paint: Paint): string {
  const shown = line.split('\t').map(escapeUnprintable).join('\t')
  if (index < headerLines) return paint(1, shown)
  if (line.startsWith('@@')) return paint(36, shown)
  if (line.startsWith('-')) return paint(31, shown)
  if (line.startsWith('+')) return paint(32, shown)
  return shown
}
