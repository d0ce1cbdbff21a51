import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../src/lib/clock.js'
import { parseDuration } from '../../src/lib/duration.js'
import { createIdSource } from '../../src/lib/ids.js'
import { cutText, escapeUnprintable } from '../../src/lib/printable.js'

test('what is not one number and one unit is no duration', () => {
  const rows = ['', '5', 's', '-5s', '+5s', '5 s', ' 5s', '5s ', '5s\n', '05s', '1.5s', '1e3s']
  rows.push(
    '5S',
    '5sec',
    '1h30m',
    '5w',
    'Infinitys',
    '٣s',
    '12345678901s',
    '9999999999d',
    '0x5s',
    '__proto__',
  )
  for (const text of rows) assert.is(parseDuration(text), null, JSON.stringify(text))
})

test('durations in milliseconds', () => {
  const rows: [string, number][] = [
    ['0s', 0],
    ['250ms', 250],
    ['5s', 5_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['31d', 2_678_400_000],
    ['2678400000ms', 2_678_400_000],
    ['99999999d', 8_639_999_913_600_000],
  ]
  for (const [text, ms] of rows) assert.is(parseDuration(text), ms, text)
})

test('ids of one source share a random prefix and count up; sources differ', () => {
  const next = createIdSource()
  const ids = Array.from({ length: 100 }, next)
  assert.is(new Set(ids).size, 100)
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{16}-[0-9a-z]+$/)
  assert.is(ids[35], `${ids[0]?.slice(0, 16)}-10`)
  assert.is.not(createIdSource()().slice(0, 16), ids[0]?.slice(0, 16))
})

test('the monotonic clock does not run backwards', () => {
  let last = systemClock.monotonicMs()
  for (let count = 0; count < 10_000; count += 1) {
    const reading = systemClock.monotonicMs()
    assert.ok(reading >= last)
    last = reading
  }
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1_000)
})

test('a cut keeps whole characters and says that it cut', () => {
  const rows: [string, string, number, string][] = [
    ['short', 'abc', 3, 'abc'],
    ['long', 'abcd', 3, 'ab…'],
    ['a pair at the cut', 'a\u{1f600}cd', 3, 'a…'],
    ['a pair before the cut', 'a\u{1f600}cd', 4, 'a\u{1f600}…'],
    ['a lone half', 'a\ud800b', 9, 'a\ufffdb'],
    ['a lone half in a long text', '\udc00abcd', 4, '\ufffdab…'],
    ['empty', '', 3, ''],
  ]
  for (const [what, text, max, expected] of rows) assert.is(cutText(text, max), expected, what)
  assert.is(cutText('x'.repeat(1_000_000), 256).length, 256)
})

test('what moves, hides or reverses text is escaped; the rest stays', () => {
  const rows: [string, string][] = [
    ['plain ~ text', 'plain ~ text'],
    ['größe 名前 \u{1f600}', 'größe 名前 \u{1f600}'],
    ['\r\n\t\0', '\\u000d\\u000a\\u0009\\u0000'],
    ['\u001b[31m', '\\u001b[31m'],
    ['\u007f\u0085\u009b', '\\u007f\\u0085\\u009b'],
    ['\u202e\u2066\u200f\u061c', '\\u202e\\u2066\\u200f\\u061c'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u200b\ufeff\u00ad', '\\u200b\\ufeff\\u00ad'],
    ['\u{e0041}', '\\udb40\\udc41'],
  ]
  for (const [text, expected] of rows) {
    assert.is(escapeUnprintable(text), expected)
    assert.is(JSON.parse(`"${expected}"`), text)
  }
})

test.run()
