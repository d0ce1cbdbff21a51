/**
 * How far a time zone is from UTC at a moment, from the runtime's own time zone data. Names as in
 * Go: exact case; `Local` is UTC, because a decision must not depend on the machine it is made on.
 */
import { zoneNames } from './zone-names.js'

/** Of about 600 zones; a policy names a few, a caller may name them all. */
const maxFormats = 64
const formats = new Map<string, Intl.DateTimeFormat>()
const utcNames: ReadonlySet<string> = new Set(['', 'UTC', 'Local', 'Factory'])

export function isZone(name: string): boolean {
  return utcNames.has(name) || zoneNames.has(name)
}

/** Seconds to add to UTC. */
export function zoneOffset(name: string, unixSeconds: bigint): bigint {
  if (utcNames.has(name)) return 0n
  const part = new Map(
    formatOf(name)
      .formatToParts(Number(unixSeconds) * 1000)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const field = (type: Intl.DateTimeFormatPartTypes) => part.get(type) ?? Number.NaN
  const local = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return BigInt(local / 1000) - unixSeconds
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (formats.size >= maxFormats) formats.clear()
  formats.set(timeZone, format)
  return format
}
