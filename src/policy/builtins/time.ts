/**
 * Moments in nanoseconds since the epoch, 64 bits with sign (1677 to 2262); what leads beyond is
 * undefined. A moment is a number or `[ns, zone]` or `[ns, zone, layout]`; the layout says nothing
 * here. RFC 3339 is read as Go's parser does: one digit for the hour and a comma before the fraction
 * pass, second 60 does not.
 */
import { asInt64, readBinaryFloat } from './binary-float.js'
import { fits64, int64Of } from './int64.js'
import { isArray, isNumber, numberText, type Value } from './rego-value.js'
import { isZone, zoneOffset } from './zone-offset.js'

interface Moment {
  readonly ns: bigint
  readonly zone: string
}

interface LocalTime {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
  readonly secondOfDay: number
  readonly weekday: number
}

const nsPerSecond = 1_000_000_000n
const secondsPerDay = 86_400
/** Further than 64 bits of nanoseconds reach. */
const maxMs = 1e13
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

export function timeDate(moment: Value): Value | undefined {
  const local = localTimeOf(moment)
  return local === null ? undefined : [local.year, local.month + 1, local.day]
}

export function timeClock(moment: Value): Value | undefined {
  const second = localTimeOf(moment)?.secondOfDay
  if (second === undefined) return undefined
  return [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60]
}

export function timeWeekday(moment: Value): Value | undefined {
  const local = localTimeOf(moment)
  return local === null ? undefined : weekdays[local.weekday]
}

export function parseRfc3339Ns(text: Value): Value | undefined {
  const ns = typeof text === 'string' ? rfc3339Ns(text) : null
  return ns === null ? undefined : (fits64(ns) ?? undefined)
}

/** Nanoseconds since the epoch, in years 0 to 9999; null: not of that form. */
export function rfc3339Ns(text: string): bigint | null {
  const parts = rfc3339.exec(text)
  if (parts === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map(Number)
  const [offsetHour, offsetMinute] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  if (offsetHour > 24 || offsetMinute > 60) return null
  const offset = (offsetHour * 60 + offsetMinute) * 60 * (parts[8] === '-' ? -1 : 1)
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day) / 1000
  const seconds = midnight + hour * 3600 + minute * 60 + second - offset
  const fraction = BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0'))
  return BigInt(seconds) * nsPerSecond + fraction
}

export function timeAddDate(
  moment: Value,
  years: Value,
  months: Value,
  days: Value,
): Value | undefined {
  const read = momentOf(moment)
  const local = localTimeOf(moment)
  const added = [years, months, days].map((count) =>
    isNumber(count) ? int64Of(numberText(count)) : null,
  )
  if (read === null || local === null || added.includes(null)) return undefined
  const [year, month, day] = added.map((count) => Number(count))
  const unix = unixSeconds(
    local.year + (year ?? 0),
    local.month + (month ?? 0),
    local.day + (day ?? 0),
  )
  if (unix === null) return undefined
  const wall = unix + BigInt(local.secondOfDay)
  const utc = wall - zoneOffset(read.zone, wall)
  const offset = zoneOffset(read.zone, utc)
  const rest = read.ns - secondOf(read.ns) * nsPerSecond
  return fits64((wall - offset) * nsPerSecond + rest) ?? undefined
}

/** The seconds at the start of a day; null where no 64-bit moment can be near. */
function unixSeconds(year: number, month: number, day: number): bigint | null {
  const ms = new Date(0).setUTCFullYear(year, month, day)
  return Math.abs(ms) < maxMs ? BigInt(ms / 1000) : null
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2) return leap ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

function localTimeOf(value: Value): LocalTime | null {
  const moment = momentOf(value)
  if (moment === null) return null
  const second = secondOf(moment.ns)
  const local = Number(second + zoneOffset(moment.zone, second))
  const date = new Date(local * 1000)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    secondOfDay: ((local % secondsPerDay) + secondsPerDay) % secondsPerDay,
    weekday: date.getUTCDay(),
  }
}

function momentOf(value: Value): Moment | null {
  const [number, zone = 'UTC', layout = ''] = isArray(value) ? value : [value]
  if (!isNumber(number) || typeof zone !== 'string' || typeof layout !== 'string') return null
  const read = readBinaryFloat(numberText(number))
  const ns = read === null ? null : asInt64(read)
  return ns === null || !isZone(zone) ? null : { ns, zone }
}

/** Rounded down. */
function secondOf(ns: bigint): bigint {
  const second = ns / nsPerSecond
  return ns < 0n && second * nsPerSecond !== ns ? second - 1n : second
}
