/**
 * The wall clock in the time zones that the operator configured: `input.context.zones`. Zones by
 * their IANA name, rules from the runtime's own time zone data (ICU), daylight saving included.
 */
import type { Facts } from '../contracts.js'

export type Zones = Facts['context']['zones']
type Clock = Zones[string]

export interface ZoneClock {
  /** Throws a RangeError for a moment that is no date. The same object within a minute. */
  at(nowMs: number): Zones
}

export const noZones: ZoneClock = { at: () => ({}) }

const minuteMs = 60_000
const weekdays: ReadonlyMap<string, Clock['weekday']> = new Map(
  (['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const).map(
    (day) => [day, day],
  ),
)

/** Throws a RangeError for a zone the runtime does not know. */
export function createZoneClock(names: readonly string[]): ZoneClock {
  const formats = names.map((name) => [name, formatOf(name)] as const)
  let minute = Number.NaN
  let zones: Zones = {}
  return {
    at(nowMs) {
      // Every zone is whole minutes away from UTC nowadays.
      const asked = Math.floor(nowMs / minuteMs)
      if (asked !== minute) {
        zones = Object.fromEntries(formats.map(([name, format]) => [name, clockOf(format, nowMs)]))
        minute = asked
      }
      return zones
    },
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB-u-ca-iso8601-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'long',
  })
}

function clockOf(format: Intl.DateTimeFormat, nowMs: number): Clock {
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]))
  const weekday = weekdays.get((parts.get('weekday') ?? '').toLowerCase())
  const [year, month, day] = [parts.get('year'), parts.get('month'), parts.get('day')]
  const hour = Number(parts.get('hour'))
  const minute = Number(parts.get('minute'))
  if (weekday === undefined || year === undefined) throw new RangeError('the moment has no date')
  return { date: `${year.padStart(4, '0')}-${month}-${day}`, hour, minute, weekday }
}
