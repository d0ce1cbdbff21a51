/**
 * Whose place is given up when there are not enough for everybody: that of somebody who has at least
 * two more than whoever asks, so that the tables are never turned; who has most comes first. One
 * caller cannot so keep all places from the others. Pure.
 */

export interface Place {
  readonly principal: string
  /** null: it is needed now. The smallest is given up first. */
  readonly quietSinceMs: number | null
}

export function countByPrincipal(
  places: Iterable<{ readonly principal: string }>,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { principal } of places) counts.set(principal, (counts.get(principal) ?? 0) + 1)
  return counts
}

/** null: nobody has a place to spare for `asker`. */
export function placeToGiveUp<Given extends Place>(
  places: readonly Given[],
  asker: string,
): Given | null {
  const counts = countByPrincipal(places)
  const least = (counts.get(asker) ?? 0) + 2
  let found: Given | null = null
  let foundMs = 0
  let most = 0
  for (const place of places) {
    const count = counts.get(place.principal) ?? 0
    const { quietSinceMs } = place
    if (quietSinceMs === null || count < Math.max(least, most)) continue
    if (count === most && quietSinceMs >= foundMs) continue
    found = place
    foundMs = quietSinceMs
    most = count
  }
  return found
}
