/**
 * Durations as configuration and policy write them: one whole number and one unit, `250ms 5s 10m
 * 24h 31d`. No sign, fraction, space, leading zero or sum of units. Bounds are the caller's.
 */

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** Milliseconds of a duration text; null = not a duration. */
export function parseDuration(text: string): number | null {
  const match = /^(0|[1-9][0-9]{0,9})(ms|s|m|h|d)$/.exec(text)
  const factor = unitMs.get(match?.[2] ?? '')
  if (match === null || factor === undefined) return null
  const ms = Number(match[1]) * factor
  return Number.isSafeInteger(ms) ? ms : null
}
