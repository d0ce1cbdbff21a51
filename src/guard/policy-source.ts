/**
 * Where the gateway's policy comes from: a folder, a bundle file, a bundle URL, the last good
 * revision on disk, or the one an operator went back to. All of them are offered to the one
 * activation; here is decided only which is offered when.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PolicyConfig } from '../config/config.js'
import { isUrl } from '../config/policy-place.js'
import type { Observer } from '../domain.js'
import { GuardError } from '../errors.js'
import type { Fetcher } from '../fetcher/fetcher.js'
import type { ActivePolicy } from '../policy/activate.js'
import { openCompilerSession } from '../rego/compiler-session.js'
import { type Activate, createActivation, type Outcome } from './policy/activation.js'
import { openLocalSource, type Source } from './policy/local.js'
import { createNewest } from './policy/newest.js'
import { createRemoteSource, type RemoteSource } from './policy/remote.js'
import { createRevisions, readRevision } from './policy/revisions.js'
import { createRollback, type Rollback } from './policy/rollback.js'
import { createStating } from './policy/statements.js'

export interface PolicySourceOptions {
  readonly config: PolicyConfig
  readonly policy: ActivePolicy
  readonly observer: Observer
  readonly fetcher: Fetcher
  readonly cacheDir: string | null | undefined
  /** Called as soon as another policy decides. */
  readonly activated: () => void
}

export interface GuardPolicySource {
  /** Before anybody listens. Throws what keeps a policy on this machine from being active. */
  begin(): Promise<void>
  start(): void
  /** What the source has now is offered; for a URL its server is asked. */
  reload(): Promise<{ ok: boolean; message: string }>
  /** For operators. */
  health(): object
  stop(): Promise<void>
}

/** So long a start waits for the server of a URL before the last good revision is taken. */
const firstAnswerMs = 5_000

/** An author who saves again within that has the policy active in half the time. */
const compilerIdleMs = 120_000

/** `trial`: nothing is kept, no server is asked and no rollback looked at. */
export async function openPolicySource(
  options: PolicySourceOptions,
  { trial = false } = {},
): Promise<GuardPolicySource> {
  const { config, policy, observer, cacheDir } = options
  const folder = config.state
  const revisions = createRevisions(join(folder, 'revisions'), observer)
  const stating = createStating(join(folder, 'gateways'))
  const revision = () => policy.status().revision
  const session = openCompilerSession({ idleMs: compilerIdleMs })
  let problem: string | null = null
  let stale = false
  let stopped = false

  const rollback: Rollback = createRollback({
    folder,
    revisions,
    stating,
    observer,
    active: revision,
    activate: (offer) => activate(offer),
    async resume() {
      remote?.forget()
      const outcome = await ask()
      return 'error' in outcome ? outcome.error.message : null
    },
  })
  const activation = createActivation({
    policy,
    observer,
    cacheDir,
    verify: config.verify,
    session,
    revisions,
    newest: createNewest(join(folder, 'serials'), observer),
    isHeldBack: rollback.isHeldBack,
    isRolledBack: () => rollback.current() !== null,
    keeps: !trial,
    needed: () => rollback.current()?.to ?? null,
    stopped: () => stopped,
    async activated(from, activated) {
      stale = from === 'kept'
      if (from === 'source') problem = null
      options.activated()
      if (from === 'source' && !trial) await rollback.sourceMoved(activated)
    },
  })
  const { activate } = activation

  function settled(outcome: Outcome): void {
    if (outcome.kind === 'refused') problem = outcome.error.message
    if (outcome.kind === 'activated' || outcome.kind === 'held') problem = null
  }

  async function ask(): Promise<Outcome> {
    const outcome = await source.ask()
    settled(outcome)
    return outcome
  }

  const { remote, source } = await openSource({ ...options, activate, settled })

  async function begin(): Promise<void> {
    const held = trial ? null : await rollback.look()
    if (held !== null) {
      const text = `the rollback that is in force cannot be kept up: ${held.problem}`
      throw new GuardError('GUARD_POLICY_INVALID', `${text}; ${held.fix}`)
    }
    if (remote === null) {
      const outcome = await ask()
      if (outcome.kind === 'refused' && revision() === null) throw outcome.error
      return
    }
    if (trial) return
    const first = ask()
    if (revision() !== null) return
    await Promise.race([first, sleep(firstAnswerMs, undefined, { ref: false })])
    if (revision() === null) await takeLastGood()
  }

  async function takeLastGood(): Promise<void> {
    const last = (await revisions.list())[0]
    if (last !== undefined) {
      const read = () => readRevision(revisions, last.revision)
      // What the server gave at the last moment is before it in the queue, and not to be undone.
      const isCurrent = async () => revision() === null
      const { kind } = await activate({ from: 'kept', read, expected: last.revision, isCurrent })
      if (kind === 'superseded') return
      const text = 'the server of the policy has given none: the last good one from disk decides'
      if (kind === 'activated') return observer.log?.('warn', text, { revision: last.revision })
    }
    observer.log?.('error', 'no policy is active, and every message is denied')
  }

  return {
    begin,
    start() {
      source.start()
      rollback.start()
    },
    async reload() {
      await rollback.look()
      const before = revision()
      return describe(await ask(), before, rollback)
    },
    health() {
      const { activatedAtMs } = policy.status()
      const hold = rollback.current()
      return {
        revision: revision(),
        activated: instant(activatedAtMs),
        problem,
        stale,
        rollback: hold === null ? null : { to: hold.to, from: hold.from, since: hold.since },
        ...(remote !== null && {
          server: { answered: instant(remote.answeredAtMs()), problem: remote.problem() },
        }),
      }
    },
    async stop() {
      stopped = true
      source.stop()
      rollback.stop()
      session.close()
      policy.close()
      // Nothing is written any more once it has stopped.
      await activation.settled()
      if (!trial) await stating.end()
    },
  }
}

interface Opened {
  readonly source: Source
  /** null: the source is on this machine. */
  readonly remote: RemoteSource | null
}

async function openSource({
  config: { path, poll },
  fetcher,
  observer,
  activate,
  settled,
}: PolicySourceOptions & {
  readonly activate: Activate
  readonly settled: (outcome: Outcome) => void
}): Promise<Opened> {
  if (!isUrl(path)) {
    return { source: await openLocalSource({ path, activate, settled }), remote: null }
  }
  const remote = createRemoteSource({ url: path, poll, fetcher, activate, observer, settled })
  return { source: remote, remote }
}

function describe(
  outcome: Outcome,
  before: string | null,
  rollback: Rollback,
): { ok: boolean; message: string } {
  const hold = rollback.current()
  const held = { ok: true, message: `rolled back: ${hold?.to ?? before} stays active` }
  switch (outcome.kind) {
    case 'activated': {
      const { revision } = outcome
      // A server that has nothing new is answered by what became of it before the rollback.
      if (hold?.from.includes(revision)) return held
      return {
        ok: true,
        message: revision === before ? 'unchanged' : `revision ${revision} is active`,
      }
    }
    case 'held':
      return held
    case 'superseded':
      return { ok: true, message: 'unchanged' }
    case 'refused':
    case 'unanswered':
      return { ok: false, message: outcome.error.message }
    default:
      return outcome satisfies never
  }
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
