/**
 * Milliseconds since the epoch as ISO 8601 in UTC, like `Date.prototype.toISOString`. All but the
 * milliseconds of a second's text is made once a second: it is needed for every record.
 */

let second = Number.NaN
/** Up to and with the point before the milliseconds. */
let start = ''

/** Throws RangeError for a time that no Date can hold. */
export function isoTime(epochMs: number): string {
  const wholeMs = Math.trunc(epochMs)
  const now = Math.floor(wholeMs / 1000)
  if (now !== second) {
    start = new Date(now * 1000).toISOString().slice(0, -4)
    second = now
  }
  return `${start}${String(wholeMs - now * 1000).padStart(3, '0')}Z`
}
