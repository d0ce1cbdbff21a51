/**
 * The operator's rollback in a running gateway: looked for several times a second, begun and ended
 * by the same activation as everything else. What is on disk decides, so that it survives a restart;
 * what was made of it is said on disk too, for the command that waits for it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Observer } from '../../domain.js'
import { describeThrown } from '../../errors.js'
import type { Activate } from './activation.js'
import { type Hold, holdState, readHold, removeHold } from './hold.js'
import { type Revisions, readRevision } from './revisions.js'
import type { Stating } from './statements.js'

export interface RollbackOptions {
  readonly folder: string
  readonly activate: Activate
  readonly revisions: Revisions
  readonly stating: Stating
  readonly observer: Observer
  readonly active: () => string | null
  /** Offers what the source has, after the rollback is over. The problem with it, if any. */
  readonly resume: () => Promise<string | null>
}

export interface RollbackProblem {
  readonly problem: string
  readonly fix: string
}

export interface Rollback {
  /** In force now; null: none. */
  current(): Hold | null
  isHeldBack(revision: string): boolean
  /** Looks whether there is one and puts it into force; the problem with that, if any. */
  look(): Promise<RollbackProblem | null>
  /**
   * What the source offers is active: if there was a rollback from something else, it is over. One
   * that was activated while the rollback from it began is followed by what it goes back to.
   */
  sourceMoved(revision: string): Promise<void>
  start(): void
  stop(): void
}

const intervalMs = 300
const otherFix = 'choose another revision with `mcp-guard rollback --to`, or end it with --release'

export function createRollback(options: RollbackOptions): Rollback {
  const { folder, revisions, stating, observer, active } = options
  let hold: Hold | null = null
  let seen = ''
  let stopped = false
  let unreadable = false
  let begun = 0
  let turn: Promise<unknown> = Promise.resolve()
  const stopping = new AbortController()

  async function state(of: string | null, problem: string | null): Promise<void> {
    const done = problem === null ? 'done' : 'failed'
    await stating.state({ revision: active(), hold: of, state: done, problem })
  }

  async function begin(wanted: Hold): Promise<RollbackProblem | null> {
    begun += 1
    const { id, to, from } = wanted
    await stating.state({ revision: active(), hold: id, state: 'working', problem: null })
    const before = hold
    // From here on nothing of what is rolled back from is taken any more.
    hold = wanted
    const outcome = await options.activate({
      from: 'rollback',
      read: () => readRevision(revisions, to),
      expected: to,
      isCurrent: async () => hold === wanted,
    })
    if (outcome.kind === 'activated') {
      observer.policy?.({ type: 'rolled-back', revision: to, from })
      await state(id, null)
      return null
    }
    if (hold === wanted) hold = before
    const why = outcome.kind === 'refused' ? outcome.error.message : 'it was not activated'
    await state(id, why)
    return { problem: why, fix: otherFix }
  }

  function over(): void {
    if (hold === null) return
    const { from } = hold
    hold = null
    observer.policy?.({ type: 'released', revision: active(), from })
  }

  /** Not waited for by the next look: who ends a rollback may begin another at once. */
  async function resume(): Promise<void> {
    const before = begun
    const problem = await options.resume()
    if (begun === before) await state(null, problem)
  }

  async function lookNow(): Promise<RollbackProblem | null> {
    seen = await holdState(folder)
    const found = await readHold(folder)
    if (found.kind === 'unreadable') {
      const { problem, fix } = found
      if (!unreadable) observer.log?.('error', `${problem}; ${fix}`)
      unreadable = true
      return { problem, fix }
    }
    unreadable = false
    if (found.kind === 'hold') return found.hold.id === hold?.id ? null : begin(found.hold)
    if (hold === null) return null
    over()
    await stating.state({ revision: active(), hold: null, state: 'working', problem: null })
    resume().catch(() => undefined)
    return null
  }

  /** One at a time, so that nobody begins what another is about to. */
  function look(): Promise<RollbackProblem | null> {
    const next = turn.then(lookNow)
    turn = next.catch(() => undefined)
    return next
  }

  async function watch(): Promise<void> {
    while (!stopped) {
      await sleep(intervalMs, undefined, { signal: stopping.signal })
      if ((await holdState(folder)) === seen) continue
      await look().catch((thrown: unknown) => {
        observer.log?.('error', `a rollback was not looked at: ${describeThrown(thrown)}`)
      })
    }
  }

  return {
    current: () => hold,
    isHeldBack: (revision) => hold?.from.includes(revision) === true,
    look,
    async sourceMoved(revision) {
      if (hold?.from.includes(revision) === true) return
      if (hold !== null) {
        const { id } = hold
        over()
        await removeHold(folder, id).catch((thrown: unknown) => {
          const text = 'the rollback is over but will be back after a restart'
          observer.log?.('error', `${text}: ${describeThrown(thrown)}`)
        })
        seen = await holdState(folder)
      }
      await state(null, null)
    },
    start() {
      void state(hold?.id ?? null, null)
      watch().catch(() => undefined)
    },
    stop() {
      stopped = true
      stopping.abort()
    },
  }
}
