/** The known key that a misspelt one was most likely meant to be. */

/** Undefined when nothing is near: more than a third of the longer text would have to change. */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  if (unknown.length > 64) return undefined
  let nearest: string | undefined
  let nearestDistance = Number.POSITIVE_INFINITY
  for (const key of known) {
    const distance = editDistance(unknown.toLowerCase(), key.toLowerCase())
    if (distance > Math.max(1, Math.floor(Math.max(key.length, unknown.length) / 3))) continue
    if (distance < nearestDistance) {
      nearest = key
      nearestDistance = distance
    }
  }
  return nearest
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1]
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (row > 1 && column > 1 && swapped) {
        cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1)
      }
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length] ?? 0
}
