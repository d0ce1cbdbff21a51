/**
 * What the whole chain is allowed to cost, and whether it did: medians over the rounds, each figure
 * taken inside one round. A goal that was missed is marked; it does not fail the run, since a busy
 * machine misses goals that a quiet one meets.
 */

import { median } from './report.js'
import { bareName, directName, guardedName, type Measured } from './rounds.js'
import { table } from './table.js'

export interface Goal {
  readonly name: string
  readonly limit: number
  /** `most`: at most the limit is right; `least`: at least. */
  readonly bound: 'most' | 'least'
  readonly digits: number
  readonly measured: number
  readonly met: boolean
}

export function goalsOf(measured: readonly Measured[]): Goal[] {
  const bare = find(measured, bareName)
  const guarded = find(measured, guardedName)
  const direct = find(measured, directName)
  const inRounds = (read: (round: number) => number) =>
    median(guarded.many.map((_, at) => read(at)))
  const cpuUs = ({ many }: Measured, at: number) => many[at]?.subjectUs ?? Number.NaN
  const p50Ms = ({ one }: Measured, at: number) => one[at]?.p50Ms ?? Number.NaN
  return [
    goal(
      'CPU at 16 connections, x bare',
      'most',
      1.6,
      2,
      inRounds((at) => cpuUs(guarded, at) / cpuUs(bare, at)),
    ),
    goal(
      'p50 at 1 connection, ms over no proxy',
      'most',
      0.2,
      3,
      inRounds((at) => p50Ms(guarded, at) - p50Ms(direct, at)),
    ),
    goal(
      'calls/s on one core',
      'least',
      10_000,
      0,
      inRounds((at) => guarded.many[at]?.callsPerSecond ?? Number.NaN),
    ),
    goal(
      'peak MB',
      'most',
      150,
      0,
      Math.max(...guarded.many.map(({ peakMb }) => peakMb ?? Number.NaN)),
    ),
  ]
}

export function goalTable(goals: readonly Goal[]): string {
  return table(
    ['goal', 'limit', 'measured', ''],
    goals.map(({ name, limit, bound, digits, measured, met }) => [
      name,
      `${bound === 'most' ? '<=' : '>='} ${limit}`,
      measured.toFixed(digits),
      met ? 'met' : 'MISSED',
    ]),
  )
}

function goal(
  name: string,
  bound: Goal['bound'],
  limit: number,
  digits: number,
  measured: number,
): Goal {
  // Written so that a figure that is missing misses its goal.
  const met = bound === 'most' ? measured <= limit : measured >= limit
  return { name, limit, bound, digits, measured, met }
}

function find(measured: readonly Measured[], name: string): Measured {
  const found = measured.find(({ subject }) => subject.name === name)
  if (found === undefined) throw new Error(`${name} was not measured`)
  return found
}
