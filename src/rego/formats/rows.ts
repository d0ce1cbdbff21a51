/** Rows of a file, written short: `3-5, 9`. */
export function rowRanges(rows: readonly number[]): string {
  const ranges: { first: number; last: number }[] = []
  for (const row of rows) {
    const open = ranges.at(-1)
    if (open !== undefined && open.last + 1 === row) open.last = row
    else ranges.push({ first: row, last: row })
  }
  return ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ')
}
