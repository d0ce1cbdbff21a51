import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createZoneClock } from '../../src/policy/zones.js'

type Row = readonly [moment: string, zone: string, clock: string]

/** Worked out by hand from the published offsets of each zone. */
const rows: readonly Row[] = [
  ['2026-03-29T00:59:59.999Z', 'Europe/Berlin', '2026-03-29 01:59 sunday'],
  ['2026-03-29T01:00:00.000Z', 'Europe/Berlin', '2026-03-29 03:00 sunday'],
  ['2026-10-25T00:59:59.999Z', 'Europe/Berlin', '2026-10-25 02:59 sunday'],
  ['2026-10-25T01:00:00.000Z', 'Europe/Berlin', '2026-10-25 02:00 sunday'],
  ['2026-12-31T23:00:00.000Z', 'Europe/Berlin', '2027-01-01 00:00 friday'],
  ['2026-11-22T18:29:59.999Z', 'Asia/Kolkata', '2026-11-22 23:59 sunday'],
  ['2026-11-22T18:30:00.000Z', 'Asia/Kolkata', '2026-11-23 00:00 monday'],
  ['2026-11-22T18:15:00.000Z', 'Asia/Kathmandu', '2026-11-23 00:00 monday'],
  // Samoa moved over the date line: there was no 30 December 2011.
  ['2011-12-30T09:59:00.000Z', 'Pacific/Apia', '2011-12-29 23:59 thursday'],
  ['2011-12-30T10:00:00.000Z', 'Pacific/Apia', '2011-12-31 00:00 saturday'],
  ['2026-11-22T11:00:00.000Z', 'Pacific/Apia', '2026-11-23 00:00 monday'],
  ['2028-02-29T12:00:00.000Z', 'UTC', '2028-02-29 12:00 tuesday'],
  ['1970-01-01T00:00:00.000Z', 'America/New_York', '1969-12-31 19:00 wednesday'],
]

test('the wall clock of a zone', () => {
  for (const [moment, zone, expected] of rows) {
    const clock = createZoneClock([zone]).at(Date.parse(moment))[zone]
    assert.ok(clock, zone)
    const { date = '', hour = Number.NaN, minute = Number.NaN, weekday = '' } = clock ?? {}
    const digits = [hour, minute].map((number) => String(number).padStart(2, '0')).join(':')
    assert.is(`${date} ${digits} ${weekday}`, expected, `${moment} ${zone}`)
  }
})

test('all configured zones, and what is told does not hang on what was asked before', () => {
  const names = [...new Set(rows.map(([, zone]) => zone))]
  const clock = createZoneClock(names)
  for (const [moment] of [...rows, ...[...rows].reverse()]) {
    const nowMs = Date.parse(moment)
    assert.equal(clock.at(nowMs), createZoneClock(names).at(nowMs), moment)
    assert.equal(Object.keys(clock.at(nowMs)), names)
  }
  assert.equal(createZoneClock([]).at(0), {})
})

test('one object for a minute, another for the next', () => {
  const clock = createZoneClock(['Asia/Kolkata'])
  const startMs = Date.parse('2026-11-22T18:29:00.000Z')
  assert.is(clock.at(startMs + 59_999), clock.at(startMs))
  assert.is.not(clock.at(startMs + 60_000), clock.at(startMs))
})

test('a moment that is no date, and a zone that is none, are refused', () => {
  const clock = createZoneClock(['Europe/Berlin'])
  for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1]) {
    assert.throws(() => clock.at(nowMs), RangeError, String(nowMs))
  }
  assert.throws(() => createZoneClock(['Mars/Olympus']), RangeError)
})

test.run()
