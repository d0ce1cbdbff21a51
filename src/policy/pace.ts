/**
 * Lets others have their turn during long work: between steps that are long by themselves, and
 * every few milliseconds between short ones.
 */
import { systemClock } from '../lib/clock.js'

export interface Pace {
  /** Returns at once, or after everybody else had a turn. */
  rest(): Promise<void>
  /** A long step is over: whoever rests next lets others go first. */
  end(): void
}

/** With one evaluation that goes to the end of its budget on top, still within 20 ms. */
const sliceMs = 2

export function createPace(): Pace {
  let untilMs = systemClock.monotonicMs() + sliceMs
  return {
    async rest() {
      if (systemClock.monotonicMs() < untilMs) return
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      untilMs = systemClock.monotonicMs() + sliceMs
    },
    end() {
      untilMs = Number.NEGATIVE_INFINITY
    },
  }
}
