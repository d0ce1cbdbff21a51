/** When a breaker lets something be tried: as a table over time. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBreaker } from '../../src/lib/breaker.js'
import { createTestClock } from '../support/clock.js'

function broken() {
  const clock = createTestClock()
  const breaker = createBreaker(clock)
  for (let count = 0; count < 5; count += 1) {
    assert.ok(breaker.allows())
    breaker.failed()
  }
  return { clock, breaker }
}

test('after five failures in a row nothing is tried for a second, then once', () => {
  const { clock, breaker } = broken()
  assert.not.ok(breaker.allows())
  clock.forward(999)
  assert.not.ok(breaker.allows())
  clock.forward(1)
  assert.ok(breaker.allows())
  assert.not.ok(breaker.allows())
})

test('a success in between counts from the beginning', () => {
  const breaker = createBreaker(createTestClock())
  for (let count = 0; count < 20; count += 1) {
    breaker.failed()
    if (count % 4 === 3) breaker.succeeded()
    assert.ok(breaker.allows())
  }
})

test('each failed trial doubles the pause, up to 30 s', () => {
  const { clock, breaker } = broken()
  for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    clock.forward(pauseMs - 1)
    assert.not.ok(breaker.allows(), `${pauseMs}`)
    clock.forward(1)
    assert.ok(breaker.allows(), `${pauseMs}`)
    breaker.failed()
  }
})

test('a trial that succeeds opens the way, and the next pause is a second again', () => {
  const { clock, breaker } = broken()
  clock.forward(1000)
  assert.ok(breaker.allows())
  breaker.succeeded()
  for (let count = 0; count < 5; count += 1) {
    assert.ok(breaker.allows())
    breaker.failed()
  }
  assert.not.ok(breaker.allows())
  clock.forward(1000)
  assert.ok(breaker.allows())
})

test('what began before and fails later does not make the pause longer', () => {
  const { clock, breaker } = broken()
  for (let count = 0; count < 50; count += 1) breaker.failed()
  clock.forward(1000)
  assert.ok(breaker.allows())
})

test('a trial of which nothing is heard does not close the way for ever', () => {
  const { clock, breaker } = broken()
  clock.forward(1000)
  assert.ok(breaker.allows())
  clock.forward(30_000)
  assert.ok(breaker.allows())
})

test.run()
