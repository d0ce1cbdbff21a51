/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/lib/clock.js'

export interface TestClock extends Clock {
  /** Moves both readings forward. */
  forward(ms: number): void
  /** Moves the wall clock alone, either way: a jump that limits must not notice. */
  jump(ms: number): void
}

export function createTestClock(startMs = Date.UTC(2026, 10, 22, 9)): TestClock {
  let wallMs = startMs
  let monotonicMs = 0
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    forward(ms) {
      wallMs += ms
      monotonicMs += ms
    },
    jump(ms) {
      wallMs += ms
    },
  }
}
