import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Subject } from '../../src/domain.js'
import { createFaultWatch } from '../../src/policy/fault-watch.js'
import { identityOf } from './questions.js'

function subjectOf(change: Partial<Subject> = {}): Subject {
  return identityOf(change).subject
}

/** At which of the moments an alarm is due. */
function alarmsAt(timesMs: readonly number[]): number[] {
  const watch = createFaultWatch()
  return timesMs.filter((timeMs) => watch.count(subjectOf(), timeMs))
}

const evenly = (count: number, everyMs: number) => {
  return Array.from({ length: count }, (_, index) => index * everyMs)
}

test('ten faults within a minute are an alarm, once in a minute', () => {
  assert.equal(alarmsAt(evenly(9, 0)), [])
  assert.equal(alarmsAt(evenly(10, 0)), [0])
  assert.equal(alarmsAt(evenly(1_000, 0)), [0])
  assert.equal(alarmsAt(evenly(10, 6_666)), [59_994])
  assert.equal(alarmsAt(evenly(100, 6_667)), [], 'ten in a little more than a minute')
  assert.equal(alarmsAt([...evenly(9, 0), 59_999]), [59_999])
  assert.equal(alarmsAt([...evenly(9, 0), 60_000]), [])
  assert.equal(alarmsAt(evenly(130, 1_000)), [9_000, 69_000, 129_000])
})

test('principals are counted apart, by issuer, tenant and id', () => {
  const watch = createFaultWatch()
  const subjects = [
    subjectOf(),
    subjectOf({ id: 'bob' }),
    subjectOf({ tenant: null }),
    subjectOf({ issuer: 'https://idp.example' }),
    subjectOf({ id: '["a","b"' }),
  ]
  for (let round = 1; round <= 10; round += 1) {
    for (const subject of subjects) assert.is(watch.count(subject, round), round === 10, subject.id)
  }
  assert.not.ok(watch.count(subjectOf({ roles: ['other'] }), 11), 'the same principal')
})

test('principals that come and go do not fill the memory, and one that stays is heard', () => {
  const watch = createFaultWatch()
  let alarms = 0
  for (let count = 0; count < 100_000; count += 1) {
    assert.not.ok(watch.count(subjectOf({ id: `passing ${count}` }), 0))
    if (count % 50 === 0 && watch.count(subjectOf(), count / 10)) alarms += 1
  }
  assert.is(alarms, 1)
})

test.run()
