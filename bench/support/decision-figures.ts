/** The figures of `bench/decision` beside their goals. */
import type { Times } from './stopwatch.js'
import { table } from './table.js'

export interface DecisionFigure {
  readonly what: string
  readonly unit: string
  readonly figure: number
  /** null: nothing was set. */
  readonly goal: number | null
}

/** From 10 to 500,000 grants: what counts as the same. */
const flatRatio = 1.5

export function figuresOf(times: readonly Times[]): DecisionFigure[] {
  const of = (name: string): Times => {
    const found = times.find((one) => one.name === name)
    if (found === undefined) throw new Error(`${name} was not measured`)
    return found
  }
  const us = (what: string, figure: number, goal: number | null): DecisionFigure => {
    return { what, unit: 'us', figure, goal }
  }
  const both = (what: string, name: string, p50: number | null, p99: number | null) => [
    us(`${what}, p50`, of(name).p50, p50),
    us(`${what}, p99`, of(name).p99, p99),
  ]
  const perKb = (of('whole 64 KB').p50 - of('shipped').p50) / (64 - 0.3)
  const perPackage = (of('packages 200').p50 - of('packages 5').p50) / 195
  return [
    us('memo hit, one argument is read, p50', of('memo named').p50, 1),
    us('memo hit, 0.3 KB of arguments are read, p50', of('memo').p50, 1),
    us('memo hit, 0.3 KB of arguments are read, p99', of('memo').p99, null),
    ...both('shipped bundle without memo, 0.3 KB arguments', 'shipped', 12, 25),
    ...both('the same, a caller never seen before', 'stranger', null, null),
    ...both('a policy that names its arguments, 0.3 KB', 'named 0.3 KB', 12, 25),
    ...both('a policy that names its arguments, 64 KB', 'named 64 KB', 12, 25),
    us('shipped bundle, arguments whole, 4 KB, p50', of('whole 4 KB').p50, null),
    us('shipped bundle, arguments whole, 64 KB, p50', of('whole 64 KB').p50, null),
    us('shipped bundle, arguments whole, per KB', perKb, null),
    ...[10, 1_000, 100_000, 500_000].map((count) => {
      return us(`${count.toLocaleString('en')} grants, p50`, of(`grants ${count}`).p50, null)
    }),
    {
      what: '500,000 grants to 10 grants',
      unit: 'x',
      figure: of('grants 500000').p50 / of('grants 10').p50,
      goal: flatRatio,
    },
    ...[5, 50, 200].map((count) => {
      return us(`${count} rule packages, p50`, of(`packages ${count}`).p50, null)
    }),
    us('per rule package', perPackage, 0.8),
    us('tools/list of 1,000 tools without memo, p50', of('list').p50, 6_000),
    us('tools/list of 1,000 tools with memo, p50', of('list memo').p50, 300),
  ]
}

export function figureTable(figures: readonly DecisionFigure[]): string {
  const rows = figures.map(({ what, unit, figure, goal }) => {
    const digits = figure < 100 ? 2 : 0
    const verdict = goal === null ? '' : figure <= goal ? 'ok' : 'missed'
    const due = goal === null ? '' : `${goal.toLocaleString('en')} ${unit}`
    return [what, `${figure.toFixed(digits)} ${unit}`, due, verdict]
  })
  return table(['what', 'figure', 'goal at most', ''], rows)
}
