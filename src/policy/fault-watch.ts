/**
 * Counts the faults that each principal's questions cause, and says when there are too many: a
 * policy that fails for one caller only is a caller who found out how. Counting decides nothing.
 * Memory is bounded: the principal whose last fault is longest ago is forgotten first.
 */
import type { Subject } from '../domain.js'

export interface FaultWatch {
  /** True: an alarm is due, `alarmingFaults` within `faultWindowMs`; at most once in that time. */
  count(subject: Subject, nowMs: number): boolean
}

interface Tally {
  /** Of the last faults, at most as many as make an alarm. */
  readonly timesMs: number[]
  alarmMs: number
}

export const faultWindowMs = 60_000
export const alarmingFaults = 10
const maxPrincipals = 1_000

export function createFaultWatch(): FaultWatch {
  const tallies = new Map<string, Tally>()

  function tallyOf({ issuer, tenant, id }: Subject): Tally {
    const principal = JSON.stringify([issuer, tenant, id])
    const tally = tallies.get(principal) ?? { timesMs: [], alarmMs: Number.NEGATIVE_INFINITY }
    tallies.delete(principal)
    tallies.set(principal, tally)
    const [longestAgo] = tallies.keys()
    if (longestAgo !== undefined && tallies.size > maxPrincipals) tallies.delete(longestAgo)
    return tally
  }

  return {
    count(subject, nowMs) {
      const tally = tallyOf(subject)
      const { timesMs } = tally
      timesMs.push(nowMs)
      if (timesMs.length > alarmingFaults) timesMs.shift()
      const [first = nowMs] = timesMs
      if (timesMs.length < alarmingFaults || nowMs - first >= faultWindowMs) return false
      if (nowMs - tally.alarmMs < faultWindowMs) return false
      tally.alarmMs = nowMs
      return true
    },
  }
}
