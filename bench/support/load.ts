/**
 * The load generator, a process of its own: opens sessions, lets each call without a pause, and
 * measures a window of that after a warm-up. Lives through a whole run, so that its own machine code
 * is the same for every subject. Takes orders from whoever forked it, one at a time.
 */

import { treeCost } from './process-tree.js'
import { Session, type Target } from './session.js'

export interface LoadOrder {
  readonly target: Target
  /** Part of every argument; another for every order. */
  readonly name: string
  readonly sessions: number
  readonly warmMs: number
  readonly measureMs: number
  /** Whose CPU time counts as the subject's; null where nothing stands in between. */
  readonly subjectPid: number | null
  readonly upstreamPid: number
}

export interface LoadResult {
  readonly callsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds a call. */
  readonly subjectUs: number | null
  readonly upstreamUs: number
  readonly generatorUs: number
  readonly peakMb: number | null
  /** Calls sent, warm-up included. */
  readonly calls: number
  readonly wrong: number
  /** The first of what was wrong. */
  readonly problems: readonly string[]
  /** The window on the monotonic clock. */
  readonly startUs: number
  readonly endUs: number
}

export type LoadReply =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly problem: string }

const maxProblems = 5

async function run(order: LoadOrder): Promise<LoadResult> {
  const { target, name, warmMs, measureMs, subjectPid, upstreamPid } = order
  let measuring = false
  const latencies: number[] = []
  const problems: string[] = []
  let wrong = 0
  const events = {
    answered(ms: number) {
      if (measuring) latencies.push(ms)
    },
    wrong(why: string) {
      wrong += 1
      if (problems.length < maxProblems) problems.push(why)
    },
  }
  const sessions: Session[] = []
  for (let index = 1; index <= order.sessions; index += 1) {
    const session = new Session(target, `${name}-${index}`, events)
    await session.open()
    sessions.push(session)
  }
  for (const session of sessions) session.start()
  await sleep(warmMs)
  const before = costs(subjectPid, upstreamPid)
  measuring = true
  const startUs = monotonicUs()
  await sleep(measureMs)
  measuring = false
  const endUs = monotonicUs()
  const after = costs(subjectPid, upstreamPid)
  await Promise.all(sessions.map((session) => session.stop()))
  latencies.sort((a, b) => a - b)
  const perCall = (from: number, to: number) => ((to - from) * 1000) / latencies.length
  return {
    callsPerSecond: (latencies.length / (endUs - startUs)) * 1e6,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    subjectUs: subjectPid === null ? null : perCall(before.subject.cpuMs, after.subject.cpuMs),
    upstreamUs: perCall(before.upstreamMs, after.upstreamMs),
    generatorUs: perCall(before.generatorMs, after.generatorMs),
    peakMb: subjectPid === null ? null : after.subject.peakMb,
    calls: sessions.reduce((sum, session) => sum + session.calls, 0),
    wrong,
    problems,
    startUs,
    endUs,
  }
}

function costs(subjectPid: number | null, upstreamPid: number) {
  const { user, system } = process.cpuUsage()
  return {
    subject: subjectPid === null ? { cpuMs: 0, peakMb: 0 } : treeCost(subjectPid),
    upstreamMs: treeCost(upstreamPid).cpuMs,
    generatorMs: (user + system) / 1000,
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.({ ok: true, result } satisfies LoadReply),
    (error: unknown) => process.send?.({ ok: false, problem: String(error) } satisfies LoadReply),
  )
})
process.on('disconnect', () => process.exit(0))
