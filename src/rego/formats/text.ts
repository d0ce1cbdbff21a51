/**
 * Text that others wrote, on its way into a report: whole characters only, and in place of those
 * that some reader refuses or nobody sees, their escapes.
 */
import { escapeUnprintable } from '../../lib/printable.js'

/**
 * JSON of whole characters: half of one is written as an escape, which strict readers refuse. An
 * even number of backslashes before the escape are characters of their own.
 */
export function toJson(value: unknown, indent?: number): string {
  const halves = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g
  return JSON.stringify(value, null, indent).replace(halves, '$1\ufffd')
}

/** Also what neither XML nor YAML may hold, though it is no control character. */
export function escaped(text: string): string {
  return escapeUnprintable(text.toWellFormed())
    .replaceAll('\ufffe', '\\ufffe')
    .replaceAll('\uffff', '\\uffff')
}
