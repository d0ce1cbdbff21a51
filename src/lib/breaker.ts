/**
 * When something has failed often, asking again at once helps nobody: after so many failures in a
 * row it is not tried for a while, then once; each failed trial doubles the while. Pure but for the
 * clock.
 */
import type { Clock } from './clock.js'
import { createRecent } from './recent.js'

export interface Breaker {
  /** Whether it may be tried now; a true counts as the trial. */
  allows(): boolean
  succeeded(): void
  failed(): void
}

const maxFailures = 5
const firstPauseMs = 1000
const longestPauseMs = 30_000
/** Breakers remembered; who has failed long ago begins anew. */
const maxBreakers = 1000

/** One for each who asks: what somebody's own requests cause closes the way for nobody else. */
export function createBreakers(clock: Clock): (asker: string) => Breaker {
  const breakers = createRecent<Breaker>(maxBreakers)
  return (asker) => {
    const known = breakers.get(asker)
    if (known !== undefined) return known
    const made = createBreaker(clock)
    breakers.set(asker, made)
    return made
  }
}

export function createBreaker(clock: Clock): Breaker {
  let failures = 0
  let pauseMs = firstPauseMs
  /** null: closed. */
  let openUntilMs: number | null = null
  let onTrial = false

  function open(): void {
    onTrial = false
    openUntilMs = clock.monotonicMs() + pauseMs
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }

  return {
    allows() {
      if (openUntilMs === null) return true
      if (clock.monotonicMs() < openUntilMs) return false
      // One trial; the next only when this one was heard of, or after as long again.
      openUntilMs = clock.monotonicMs() + pauseMs
      onTrial = true
      return true
    },
    succeeded() {
      failures = 0
      pauseMs = firstPauseMs
      openUntilMs = null
      onTrial = false
    },
    failed() {
      failures += 1
      // What began before the breaker opened says nothing new.
      if (openUntilMs === null ? failures >= maxFailures : onTrial) open()
    },
  }
}
