/**
 * What a result tells caches (2026-07-28): here it is always its caller's alone, since policy has let
 * it pass for this caller; and a list may be cut otherwise after the next activation, so nobody goes
 * by it for long without asking again.
 */
import type { IdPlace } from '../../mcp/id-places.js'
import type { Edit } from './splice.js'

/** How long a caller may go by a list without asking again. */
const maxListTtlMs = 60_000

const encoder = new TextEncoder()
const privateScope = encoder.encode('"private"')
const longestTtl = encoder.encode(String(maxListTtlMs))

export function cacheEdits(places: readonly IdPlace[], isList: boolean): Edit[] {
  const edits: Edit[] = []
  for (const place of places) {
    const { use, id } = place
    if (use === 'scope' && id?.text !== 'private')
      edits.push({ range: place, pieces: [privateScope] })
    const tooLong = use === 'ttl' && isList && Number(id?.text) > maxListTtlMs
    if (tooLong) edits.push({ range: place, pieces: [longestTtl] })
  }
  return edits
}
