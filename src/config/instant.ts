/** An instant as the configuration writes it: RFC 3339 with a time zone, without leap seconds. */

const instant =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-](\d{2}):(\d{2}))$/i

/** Milliseconds since the epoch; null = not an instant. */
export function parseInstant(text: string): number | null {
  const match = instant.exec(text)
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ...offset] = match
    .slice(1)
    .map((digits) => Number(digits ?? 0))
  const [offsetHour = 0, offsetMinute = 0] = offset
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null
  // Date.parse rolls 30 February over into March.
  const midnight = new Date(Date.UTC(year, month - 1, day))
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return null
  const ms = Date.parse(text.toUpperCase())
  return Number.isNaN(ms) ? null : ms
}
