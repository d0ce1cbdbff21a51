/**
 * Keeps metric labels few. Every distinct label value is a time series that is never forgotten, so
 * values that come from outside this code pass a gate: the first so many, the rest is `other`.
 */

const none = 'none'
const other = 'other'
const readable = /^[!-~]{1,64}$/

/** A gate for one label: up to `max` distinct values, printable ASCII, at most 64 characters. */
export function createLabelGate(max: number): (value: string | null) => string {
  const seen = new Set<string>()
  return function label(value) {
    if (value === null) return none
    if (seen.has(value)) return value
    if (seen.size >= max || !readable.test(value)) return other
    seen.add(value)
    return value
  }
}

/** A gate for a label with a closed list of values, told by a predicate. */
export function createKnownGate(
  isKnown: (value: string) => boolean,
): (value: string | null) => string {
  return (value) => (value === null ? none : isKnown(value) ? value : other)
}
