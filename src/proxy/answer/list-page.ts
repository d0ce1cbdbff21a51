/**
 * A page of a list answer as the upstream sent it: each item's own bytes, where the list goes on,
 * and whether it is the same for everybody. Cut out of bytes that the envelope's reader accepted.
 */
import type { EnvelopeReader, List } from '../../mcp/envelope.js'

export interface ListPage {
  /** Without those that have no unambiguous name. */
  readonly items: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  /** The array with its brackets. */
  readonly bytes: Uint8Array
  /** null: this is the last page, or how it goes on is not said clearly. */
  readonly next: string | null
  readonly shared: boolean
}

/** The gateway sends no longer ones. */
const maxCursorBytes = 8 * 1024
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function readPage(
  bytes: Uint8Array,
  list: List,
  { nextCursor, cacheScope }: Pick<EnvelopeReader, 'nextCursor' | 'cacheScope'>,
): ListPage {
  const textIn = ({ start, end }: { start: number; end: number }) =>
    decoder.decode(bytes.subarray(start, end))
  const items = list.items.flatMap(({ name, start, end }) =>
    name === null ? [] : [{ name, bytes: bytes.subarray(start, end) }],
  )
  const readable = nextCursor !== null && nextCursor.end - nextCursor.start <= maxCursorBytes
  return {
    items,
    bytes: bytes.subarray(list.start, list.end),
    next: readable ? cursorOf(textIn(nextCursor)) : null,
    shared: cacheScope !== null && textIn(cacheScope) === '"public"',
  }
}

function cursorOf(text: string): string | null {
  const cursor = JSON.parse(text) as string
  // Some servers end a list with an empty one; sent back it would begin the list anew.
  return cursor !== '' && cursor.isWellFormed() ? cursor : null
}
