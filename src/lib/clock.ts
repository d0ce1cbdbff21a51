/**
 * Time as something passed in. `nowMs` is for what is shown or compared with dates and may jump;
 * `monotonicMs` is for measuring and for limits and never runs backwards.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Milliseconds since an arbitrary start, with fractions. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
