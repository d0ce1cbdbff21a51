/**
 * The operator's side of a rollback: writes down what is wanted and waits for what the running
 * gateways make of it. A rollback that one of them cannot make is taken back.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Choice, chooseRollback, type RollbackState } from './choose-rollback.js'
import { type Hold, readHold, removeAnyHold, removeHold, writeHold } from './hold.js'
import { createRevisions } from './revisions.js'
import { readStatements, type Statement } from './statements.js'

export interface RollbackStatus extends RollbackState {
  readonly gateways: readonly Statement[]
  /** Why it is not known whether a rollback is in force; null: it is. */
  readonly problem: string | null
}

export interface Ordered {
  /** What the gateways say that have taken notice; none runs where it is empty. */
  readonly gateways: readonly Statement[]
  /** Running, as far as is known, and have said nothing yet. */
  readonly silent: number
  /** None of them is silent, or still at it. */
  readonly confirmed: boolean
}

interface Patience {
  /** A gateway looks several times a second. */
  readonly noticeMs: number
  readonly doneMs: number
}

const usualPatience: Patience = { noticeMs: 5_000, doneMs: 60_000 }
const intervalMs = 50

export async function readRollbackStatus(folder: string): Promise<RollbackStatus> {
  const kept = await createRevisions(join(folder, 'revisions'), {}).list()
  const reading = await readHold(folder)
  const hold = reading.kind === 'hold' ? reading.hold : null
  const problem = reading.kind === 'unreadable' ? `${reading.problem}; ${reading.fix}` : null
  const gateways = await readStatements(join(folder, 'gateways'))
  const revisions = gateways.map(({ revision }) => revision)
  const active = [...new Set(revisions.filter((revision) => revision !== null))]
  return { kept, hold, gateways, active, problem }
}

export interface OrderedRollback {
  readonly ok: true
  readonly to: string
  readonly ordered: Ordered
}

/** Throws where the folder cannot be written. */
export async function orderRollback(
  folder: string,
  wanted: string | undefined,
  patience = usualPatience,
): Promise<OrderedRollback | Extract<Choice, { ok: false }>> {
  const status = await readRollbackStatus(folder)
  if (status.problem !== null) return { ok: false, problem: status.problem }
  const choice = chooseRollback(status, wanted)
  if (!choice.ok) return choice
  const { to, from } = choice
  if ((await createRevisions(join(folder, 'revisions'), {}).read(to)) === null) {
    return { ok: false, problem: `what is kept of ${to} is damaged` }
  }
  const hold: Hold = { id: randomUUID(), to, from, since: new Date().toISOString() }
  await writeHold(folder, hold)
  const ordered = await waitFor(folder, status.gateways, patience, (one) => one.hold === hold.id)
  const failed = ordered.gateways.find(({ state }) => state === 'failed')
  if (failed === undefined) return { ok: true, to, ordered }
  if (status.hold === null) await removeHold(folder, hold.id)
  else await writeHold(folder, status.hold)
  return { ok: false, problem: failed.problem ?? 'the gateway did not say why' }
}

/** null: none is in force. Throws where the folder cannot be written. */
export async function orderRelease(folder: string): Promise<Ordered | null> {
  const { hold, gateways, problem } = await readRollbackStatus(folder)
  if (hold === null && problem === null) return null
  if (hold === null) await removeAnyHold(folder)
  else await removeHold(folder, hold.id)
  return waitFor(folder, gateways, usualPatience, (one) => one.hold === null)
}

async function waitFor(
  folder: string,
  running: readonly Statement[],
  { noticeMs, doneMs }: Patience,
  noticed: (one: Statement) => boolean,
): Promise<Ordered> {
  const startedMs = performance.now()
  for (;;) {
    const all = await readStatements(join(folder, 'gateways'))
    const gateways = all.filter(noticed)
    const silent = all.length - gateways.length
    const tookMs = performance.now() - startedMs
    const busy = gateways.some(({ state }) => state === 'working')
    const found = { gateways, silent, confirmed: !busy && silent === 0 }
    if (!busy && (silent === 0 || tookMs > noticeMs)) return found
    if (tookMs > doneMs || (running.length === 0 && all.length === 0)) return found
    await sleep(intervalMs)
  }
}
