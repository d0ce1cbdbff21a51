/**
 * Tools that no client may take over HTTP, for what they say of headers (2026-07-28): left out of
 * every list of that era, whatever the transports, so that all clients see one list, and unknown to
 * a policy that reads definitions. Calls are judged by policy alone, as for any item without a list.
 */
import type { List } from '../../mcp/envelope.js'
import { isMirrorable, mayAnnotate } from '../../mcp/parameters.js'

/** The list, in which such tools have no name that anybody could see. */
export function withoutUnfitTools(list: List, bytes: Uint8Array): List {
  const { kind, start, end } = list
  if (kind !== 'tools' || !mayAnnotate(bytes.subarray(start, end))) return list
  const items = list.items.map((item) =>
    isMirrorable(bytes.subarray(item.start, item.end)) ? item : { ...item, name: null },
  )
  return { ...list, items }
}
