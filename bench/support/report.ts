/** The figures of a run: medians with the range over the rounds, ratios within each round. */
import type { LoadResult } from './load.js'
import { type Measured, manyConnections } from './rounds.js'
import { table } from './table.js'

export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Summary {
  /** CPU microseconds a call, of the subject's process tree; null where there is no subject. */
  readonly cpuUs: Figure | null
  /** The same as a multiple of the yardstick's in the same round. */
  readonly cpuRatio: Figure | null
  readonly callsPerSecond: Figure
  readonly callsRatio: Figure
  readonly p50Ms: Figure
  readonly p99Ms: Figure
  readonly upstreamUs: Figure
  readonly generatorUs: Figure
  /** Share of the other core that upstream and load generator took. */
  readonly loadCoreShare: Figure
}

export interface SubjectReport {
  readonly name: string
  readonly many: Summary
  readonly one: Summary
  readonly peakMb: number | null
  /** Calls checked, warm-up included; not one answer was wrong, or there would be no report. */
  readonly calls: number
}

/** The first subject is the yardstick. */
export function summarise(measured: readonly Measured[]): SubjectReport[] {
  const [yardstick] = measured
  if (yardstick === undefined) return []
  return measured.map(({ subject, many, one, calls }) => {
    const peaks = [...many, ...one].map(({ peakMb }) => peakMb ?? 0)
    return {
      name: subject.name,
      many: summaryOf(many, yardstick.many),
      one: summaryOf(one, yardstick.one),
      peakMb: subject.pid === null ? null : Math.max(...peaks),
      calls,
    }
  })
}

function summaryOf(rounds: readonly LoadResult[], yardstick: readonly LoadResult[]): Summary {
  const figure = (read: (round: LoadResult) => number) => figureOf(rounds.map(read))
  const ratio = (read: (round: LoadResult) => number) =>
    figureOf(rounds.map((round, index) => read(round) / read(yardstick[index] ?? round)))
  const cpu = ({ subjectUs }: LoadResult) => subjectUs ?? 0
  const hasSubject = rounds.every(({ subjectUs }) => subjectUs !== null)
  return {
    cpuUs: hasSubject ? figure(cpu) : null,
    cpuRatio: hasSubject ? ratio(cpu) : null,
    callsPerSecond: figure((round) => round.callsPerSecond),
    callsRatio: ratio((round) => round.callsPerSecond),
    p50Ms: figure((round) => round.p50Ms),
    p99Ms: figure((round) => round.p99Ms),
    upstreamUs: figure((round) => round.upstreamUs),
    generatorUs: figure((round) => round.generatorUs),
    loadCoreShare: figure(
      (round) => ((round.generatorUs + round.upstreamUs) * round.callsPerSecond) / 1e6,
    ),
  }
}

function figureOf(values: readonly number[]): Figure {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

export function reportTables(reports: readonly SubjectReport[]): string {
  const part = (title: string, read: (report: SubjectReport) => Summary) =>
    table(
      [
        title,
        'CPU us/call',
        'x bare',
        'calls/s',
        'x bare',
        'p50 ms',
        'p99 ms',
        'peak MB',
        'other core',
      ],
      reports.map((report) => {
        const summary = read(report)
        return [
          report.name,
          ranged(summary.cpuUs, 1),
          ranged(summary.cpuRatio, 2),
          ranged(summary.callsPerSecond, 0),
          ranged(summary.callsRatio, 2),
          ranged(summary.p50Ms, 3),
          ranged(summary.p99Ms, 2),
          report.peakMb?.toFixed(0) ?? '-',
          otherCore(summary),
        ]
      }),
    )
  const calls = reports.reduce((sum, report) => sum + report.calls, 0)
  return [
    part(`${manyConnections} connections`, ({ many }) => many),
    part('1 connection', ({ one }) => one),
    `Medians (range over the rounds). ${calls} answers checked for id and text, none wrong.`,
    'Other core: share of it in use = load generator + upstream, us/call.',
  ].join('\n\n')
}

function otherCore({ loadCoreShare, generatorUs, upstreamUs }: Summary): string {
  const share = `${(loadCoreShare.median * 100).toFixed(0)} %`
  return `${share} = ${generatorUs.median.toFixed(0)} + ${upstreamUs.median.toFixed(0)}`
}

function ranged(figure: Figure | null, digits: number): string {
  if (figure === null) return '-'
  const { median, min, max } = figure
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}
