/**
 * The operator's side of a rollback: writes down what is wanted and waits for what the running
 * gateways make of it. A rollback that one of them cannot make is taken back.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Choice, chooseRollback, type RollbackState } from './choose-rollback.js'
import { type Hold, readHold, removeHold, writeHold } from './hold.js'
import { createRevisions } from './revisions.js'
import { readStatements, type Statement } from './statements.js'

export interface RollbackStatus extends RollbackState {
  readonly gateways: readonly Statement[]
}

export interface Ordered {
  /** What the gateways say that have taken notice; none runs where it is empty. */
  readonly gateways: readonly Statement[]
  /** Running, as far as is known, and have said nothing yet. */
  readonly silent: number
}

/** A gateway looks several times a second. */
const noticeMs = 3_000
const doneMs = 60_000
const intervalMs = 50

export async function readRollbackStatus(folder: string): Promise<RollbackStatus> {
  const kept = await createRevisions(join(folder, 'revisions'), {}).list()
  const hold = await readHold(folder)
  const gateways = await readStatements(join(folder, 'gateways'))
  const active = gateways.find(({ revision }) => revision !== null)?.revision ?? null
  return { kept, hold, gateways, active }
}

/** Throws where the folder cannot be written. */
export async function orderRollback(
  folder: string,
  wanted: string | undefined,
): Promise<Choice | { readonly ok: true; readonly to: string; readonly ordered: Ordered }> {
  const status = await readRollbackStatus(folder)
  const choice = chooseRollback(status, wanted)
  if (!choice.ok) return choice
  const { to, from } = choice
  if ((await createRevisions(join(folder, 'revisions'), {}).read(to)) === null) {
    return { ok: false, problem: `what is kept of ${to} is damaged` }
  }
  const hold: Hold = { id: randomUUID(), to, from, since: new Date().toISOString() }
  await writeHold(folder, hold)
  const ordered = await waitFor(folder, status.gateways, (one) => one.hold === hold.id)
  const failed = ordered.gateways.find(({ state }) => state === 'failed')
  if (failed === undefined) return { ok: true, to, ordered }
  if (status.hold === null) await removeHold(folder, hold.id)
  else await writeHold(folder, status.hold)
  return { ok: false, problem: failed.problem ?? 'the gateway did not say why' }
}

/** null: none is in force. Throws where the folder cannot be written. */
export async function orderRelease(folder: string): Promise<Ordered | null> {
  const { hold, gateways } = await readRollbackStatus(folder)
  if (hold === null) return null
  await removeHold(folder, hold.id)
  return waitFor(folder, gateways, (one) => one.hold === null)
}

async function waitFor(
  folder: string,
  running: readonly Statement[],
  noticed: (one: Statement) => boolean,
): Promise<Ordered> {
  const startedMs = performance.now()
  for (;;) {
    const all = await readStatements(join(folder, 'gateways'))
    const gateways = all.filter(noticed)
    const silent = all.length - gateways.length
    const tookMs = performance.now() - startedMs
    const busy = gateways.some(({ state }) => state === 'working')
    if (!busy && (silent === 0 || tookMs > noticeMs)) return { gateways, silent }
    if (tookMs > doneMs || (running.length === 0 && all.length === 0)) return { gateways, silent }
    await sleep(intervalMs)
  }
}
