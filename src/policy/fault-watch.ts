/**
 * Counts the faults that each principal's questions cause, and says when there are too many: a
 * policy that fails for one caller only is a caller who found out how. Counting decides nothing.
 * Memory is bounded: the principal that was first seen longest ago is forgotten first.
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
  const records = new Map<string, Tally>()

  function recordOf({ issuer, tenant, id }: Subject): Tally {
    const principal = JSON.stringify([issuer, tenant, id])
    const known = records.get(principal)
    if (known !== undefined) return known
    const [first] = records.keys()
    if (first !== undefined && records.size >= maxPrincipals) records.delete(first)
    const record = { timesMs: [], alarmMs: Number.NEGATIVE_INFINITY }
    records.set(principal, record)
    return record
  }

  return {
    count(subject, nowMs) {
      const record = recordOf(subject)
      const { timesMs } = record
      timesMs.push(nowMs)
      if (timesMs.length > alarmingFaults) timesMs.shift()
      const [first = nowMs] = timesMs
      if (timesMs.length < alarmingFaults || nowMs - first >= faultWindowMs) return false
      if (nowMs - record.alarmMs < faultWindowMs) return false
      record.alarmMs = nowMs
      return true
    },
  }
}
