/**
 * The clock of facts of which somebody wrote a part: an instant, or a date, a weekday or an hour,
 * in UTC or in one time zone. All the rest follows from it, so a part that says something else is a
 * problem, never a choice. Without any part it is the usual moment, a Monday morning.
 */
import type { Facts, PartialFacts } from '../contracts.js'
import type { FactsProblem } from './facts-problem.js'
import { createZoneClock } from './zones.js'

type Context = Facts['context']
type Given = NonNullable<PartialFacts['context']>
export type Clock = Pick<Context, 'time' | 'time_ns' | 'date' | 'hour' | 'weekday' | 'zones'>

/** A moment as clocks show it; what is missing is the usual. */
interface Shown {
  readonly date?: string
  readonly weekday?: string
  readonly hour?: number
  readonly minute?: number
}

const usualMs = Date.UTC(2026, 0, 5, 9)
const dayMs = 86_400_000
const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/** Paths of problems are below the context. */
export function completeClock(given: Given): Clock | FactsProblem[] {
  const zones = given.zones ?? {}
  const unknown = Object.keys(zones).filter((name) => !isZone(name))
  if (unknown.length > 0) {
    return unknown.map((name) =>
      problem(['zones', name], 'is no time zone', 'write an IANA name such as Europe/Zurich'),
    )
  }
  const nowMs = momentOf(given, zones)
  if (typeof nowMs !== 'number') return nowMs
  const clock = clockAt(nowMs, Object.keys(zones))
  const problems = disagreements(clock, given)
  return problems.length > 0 ? problems : clock
}

function momentOf(given: Given, zones: NonNullable<Given['zones']>): number | FactsProblem[] {
  const { time, time_ns: nanoseconds } = given
  if (nanoseconds !== undefined) return wholeMilliseconds(nanoseconds)
  if (time !== undefined) return instantOf(time)
  const [zone] = Object.entries(zones).filter(([, shown]) => Object.keys(shown).length > 0)
  const inUtc = [given.date, given.hour, given.weekday].some((part) => part !== undefined)
  if (inUtc || zone === undefined) return shownAt(given, ['date'])
  const [name, shown] = zone
  const local = shownAt(shown, ['zones', name, 'date'])
  return typeof local === 'number' ? instantIn(name, local) : local
}

function wholeMilliseconds(nanoseconds: number): number | FactsProblem[] {
  const nowMs = Math.round(nanoseconds / 1_000_000)
  if (nowMs * 1_000_000 === nanoseconds && isDate(nowMs)) return nowMs
  return [problem(['time_ns'], 'is no moment', 'write whole milliseconds, or `time` instead')]
}

function instantOf(time: string): number | FactsProblem[] {
  const nowMs = instant.test(time) ? Date.parse(time) : Number.NaN
  // A day that a month does not have would be one of the next month.
  if (isDate(nowMs) && timeText(nowMs) === time) return nowMs
  return [problem(['time'], 'is no instant in UTC', 'write it as 2026-01-05T09:00:00Z')]
}

/** As if the clock were one of UTC. */
function shownAt(shown: Shown, path: readonly string[]): number | FactsProblem[] {
  const { date, weekday, hour = 9, minute = 0 } = shown
  const day = date === undefined ? usualDay(weekday) : Date.parse(`${date}T00:00:00Z`)
  if (!isDate(day) || (date !== undefined && dateText(day) !== date)) {
    return [problem(path, 'is no date', 'write it as 2026-01-05')]
  }
  return day + (hour * 60 + minute) * 60_000
}

function usualDay(weekday: string | undefined): number {
  const days = weekdays.map(String).indexOf(weekday ?? 'monday')
  return Math.floor(usualMs / dayMs) * dayMs + Math.max(days, 0) * dayMs
}

/** An hour that the zone's clock skips gives the hour after it. */
function instantIn(zone: string, local: number): number {
  const clock = createZoneClock([zone])
  let guess = local
  for (let round = 0; round < 3; round += 1) {
    const shown = clock.at(guess)[zone]
    if (shown === undefined) break
    const { date, hour, minute } = shown
    guess += local - (Date.parse(`${date}T00:00:00Z`) + (hour * 60 + minute) * 60_000)
  }
  return guess
}

function clockAt(nowMs: number, zones: readonly string[]): Clock {
  const date = new Date(nowMs)
  return {
    time: timeText(nowMs),
    time_ns: nowMs * 1_000_000,
    date: dateText(nowMs),
    hour: date.getUTCHours(),
    weekday: weekdays[(date.getUTCDay() + 6) % 7] ?? 'monday',
    zones: createZoneClock(zones).at(nowMs),
  }
}

function disagreements(clock: Clock, given: Given): FactsProblem[] {
  const parts: [readonly string[], unknown, unknown][] = [
    [['time'], given.time, clock.time],
    [['date'], given.date, clock.date],
    [['weekday'], given.weekday, clock.weekday],
    [['hour'], given.hour, clock.hour],
  ]
  for (const [name, shown] of Object.entries(given.zones ?? {})) {
    const there = clock.zones[name]
    for (const part of ['date', 'weekday', 'hour', 'minute'] as const) {
      parts.push([['zones', name, part], shown[part], there?.[part]])
    }
  }
  return parts
    .filter(([, said, is]) => said !== undefined && said !== is)
    .map(([path, said, is]) => {
      const told = `is ${said}, but at ${clock.time} it is ${is}`
      return problem(path, told, 'keep one of them, the rest is worked out')
    })
}

function isZone(name: string): boolean {
  try {
    createZoneClock([name])
    return true
  } catch {
    return false
  }
}

function isDate(nowMs: number): boolean {
  return !Number.isNaN(new Date(nowMs).getTime())
}

function timeText(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, -5)}Z`
}

function dateText(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, -14)
}

function problem(path: readonly string[], text: string, fix: string): FactsProblem {
  return { path, problem: text, fix }
}
