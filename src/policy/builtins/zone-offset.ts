/**
 * How far a time zone is from UTC at a moment, from the runtime's own time zone data. Names as in
 * Go: exact case; `Local` is UTC, because a decision must not depend on the machine it is made on.
 */
import { charge, madeOnce } from './bounds.js'
import { zoneNames } from './zone-names.js'

/** In units: a zone's data in an evaluation, and each look into them. */
const zoneUnits = 10_000
const lookUnits = 600
/** As many as there are zones: about 600, of 50 KB. */
const formats = new Map<string, Intl.DateTimeFormat>()
const utcNames: ReadonlySet<string> = new Set(['', 'UTC', 'Local', 'Factory'])

export function isZone(name: string): boolean {
  return utcNames.has(name) || zoneNames.has(name)
}

/** Seconds to add to UTC. */
export function zoneOffset(name: string, unixSeconds: bigint): bigint {
  if (utcNames.has(name)) return 0n
  const format = madeOnce(`zone ${name}`, zoneUnits, () => formatOf(name))
  charge(lookUnits)
  const part = new Map(
    format
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
  formats.set(timeZone, format)
  return format
}
