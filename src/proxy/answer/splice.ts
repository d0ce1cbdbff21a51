/**
 * Puts other bytes in the place of ranges of an answer, such as a list cut down to the items a
 * caller may see. Kept items and everything around them stay byte for byte as the upstream wrote
 * them.
 */
import { concat } from '../../lib/bytes.js'
import type { List } from '../../mcp/envelope.js'

export interface Cut {
  readonly list: List
  /** For each item, whether it stays. */
  readonly keep: readonly boolean[]
}

interface Range {
  readonly start: number
  readonly end: number
}

/** What stands in the place of a range. */
export interface Edit {
  readonly range: Range
  readonly pieces: readonly Uint8Array[]
}

const encoder = new TextEncoder()
const comma = encoder.encode(',')
const open = encoder.encode('[')
const close = encoder.encode(']')

/** The edits that cut the lists. */
export function listEdits(bytes: Uint8Array, cuts: readonly Cut[]): Edit[] {
  const edits: Edit[] = []
  for (const { list, keep } of cuts) {
    if (keep.every(Boolean)) continue
    const kept = list.items.filter((_, index) => keep[index] === true)
    const pieces: Uint8Array[] = [open]
    for (const [index, item] of kept.entries()) {
      if (index > 0) pieces.push(comma)
      pieces.push(bytes.subarray(item.start, item.end))
    }
    pieces.push(close)
    edits.push({ range: list, pieces })
  }
  return edits
}

/** The ranges do not overlap; their order is of no consequence. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes
  const out: Uint8Array[] = []
  let at = 0
  for (const { range, pieces } of [...edits].sort((a, b) => a.range.start - b.range.start)) {
    out.push(bytes.subarray(at, range.start), ...pieces)
    at = range.end
  }
  out.push(bytes.subarray(at))
  return concat(out)
}
