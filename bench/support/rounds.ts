/**
 * Subjects take turns: in each round every one of them is measured once, beginning with another one
 * each time, so that what drifts on the machine meets all of them. Many connections come before one,
 * because a subject that is not warm yet would be measured as slow.
 */
import type { LoadOrder, LoadResult } from './load.js'
import type { Target } from './session.js'

export interface Subject {
  readonly name: string
  /** null: nothing stands between client and server. */
  readonly pid: number | null
  readonly target: Target
}

export interface Measured {
  readonly subject: Subject
  /** One entry a round. */
  readonly many: LoadResult[]
  readonly one: LoadResult[]
  /** Calls sent, warm-up included. */
  calls: number
}

export interface Load {
  measure(order: LoadOrder): Promise<LoadResult>
}

export interface Plan {
  readonly rounds: number
  readonly measureMs: number
}

/** The subjects of a comparison. */
export const bareName = 'bare proxy'
export const guardedName = 'mcp-guard'
export const directName = 'no proxy'

export const manyConnections = 16
const firstWarmMs = 3000
const warmMs = 300

export async function alternate(
  load: Load,
  upstreamPid: number,
  subjects: readonly Subject[],
  plan: Plan,
): Promise<Measured[]> {
  const measured = subjects.map((subject): Measured => ({ subject, many: [], one: [], calls: 0 }))
  let orders = 0

  async function measure(of: Measured, order: Partial<LoadOrder>): Promise<LoadResult> {
    orders += 1
    const { target, pid } = of.subject
    const result = await load.measure({
      target,
      name: `order-${orders}`,
      sessions: manyConnections,
      warmMs,
      measureMs: plan.measureMs,
      subjectPid: pid,
      upstreamPid,
      ...order,
    })
    of.calls += result.calls
    if (result.wrong === 0) return result
    const problems = result.problems.join('\n')
    throw new Error(`${result.wrong} wrong answers from ${of.subject.name}:\n${problems}`)
  }

  for (const each of measured) await measure(each, { warmMs: firstWarmMs, measureMs: warmMs })
  for (let round = 0; round < plan.rounds; round += 1) {
    const first = round % measured.length
    for (const each of [...measured.slice(first), ...measured.slice(0, first)]) {
      each.many.push(await measure(each, {}))
      each.one.push(await measure(each, { sessions: 1 }))
    }
  }
  return measured
}
