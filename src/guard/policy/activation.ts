/**
 * The one way a policy becomes active, wherever it came from: read, compiled (and verified, where
 * somebody has to have signed it), found to be one that may follow, activated, kept. One at a time, in
 * the order in which they were offered; but an operator's rollback waits for no compiling, and what was
 * being compiled meanwhile is judged after it. Whatever goes wrong, what was active stays, and it is told.
 */
import type { Observer } from '../../domain.js'
import { asGuardError, GuardError } from '../../errors.js'
import { cutText } from '../../lib/printable.js'
import type { ActivePolicy } from '../../policy/activate.js'
import type { FramedBundle } from '../../rego/bundle-frame.js'
import {
  type BundleVerification,
  type CompiledPolicy,
  compileSource,
  formatProblem,
} from '../../rego/compile-policy.js'
import type { CompilerSession } from '../../rego/compiler-session.js'
import type { PolicyProblem } from '../../rego/problem.js'
import type { PolicySource, ReadSources } from '../../rego/sources.js'
import type { Newest } from './newest.js'
import type { Revisions } from './revisions.js'

export interface Offer {
  /** `kept`: the last good one, in place of a source that does not answer. */
  readonly from: 'source' | 'kept' | 'rollback'
  readonly read: () => Promise<ReadSources>
  /** How people find a file of it; absent: by its name in the policy. */
  readonly shown?: (file: string) => string
  /** Of what was kept: its content has to make this very revision. */
  readonly expected?: string
  /** Asked when it could be activated or refused: whether it is still what is on offer. */
  readonly isCurrent?: () => Promise<boolean>
}

export type Outcome =
  | { readonly kind: 'activated'; readonly revision: string }
  /** The source offers what the operator went back from. */
  | { readonly kind: 'held'; readonly revision: string }
  | { readonly kind: 'superseded' }
  /** Nothing was offered: the source cannot be asked. */
  | { readonly kind: 'unanswered'; readonly error: GuardError }
  /** `lasting`: the same would be refused again. */
  | { readonly kind: 'refused'; readonly error: GuardError; readonly lasting: boolean }

export interface ActivationOptions {
  readonly policy: ActivePolicy
  readonly observer: Observer
  readonly cacheDir: string | null | undefined
  readonly verify: BundleVerification | null
  /** For what follows the first policy. */
  readonly session: CompilerSession
  readonly revisions: Revisions
  readonly newest: Newest
  /** What is not taken from the source now. */
  readonly isHeldBack: (revision: string) => boolean
  /** Whether the operator went back. */
  readonly isRolledBack: () => boolean
  /** Whether anything is left on disk. */
  readonly keeps: boolean
  /** What has to stay there. */
  readonly needed: () => string | null
  /** Called as soon as another policy decides; the offer is answered when that is told to others. */
  readonly activated: (from: Offer['from'], revision: string) => Promise<void>
  /** Nothing is activated any more. */
  readonly stopped: () => boolean
}

export type Activate = (offer: Offer) => Promise<Outcome>

export interface Activation {
  readonly activate: Activate
  /** Resolves when what is being activated is active and kept. */
  settled(): Promise<void>
}

type Refused = Extract<Outcome, { kind: 'refused' }>
type Prepared =
  | Refused
  | ({ readonly kind: 'prepared'; readonly source: PolicySource } & FramedBundle)

export function createActivation(options: ActivationOptions): Activation {
  const { policy, observer, verify, revisions, newest } = options
  const cache = options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir }
  const { session } = options
  const inOrder = createQueue()
  const alone = createQueue()

  async function compile(source: PolicySource, from: Offer['from']): Promise<CompiledPolicy> {
    const ordered = verify !== null && from !== 'rollback'
    policy.expect()
    return compileSource(source, {
      ...cache,
      // The first one comes once; a child that ends with it gives its memory back at once. The session
      // may be busy with what a rollback is from.
      ...(policy.current() === null || from === 'rollback' ? {} : { session }),
      verify,
      newest: ordered ? await newest.read() : null,
    })
  }

  async function prepare({ read, from, expected, shown }: Offer): Promise<Prepared> {
    try {
      const found = await read()
      const compiled = found.ok ? await compile(found.source, from) : found
      if (!found.ok || !compiled.ok) {
        const problems = compiled.ok ? [] : compiled.problems
        return invalid(problems.map((one) => formatProblem(placed(one, shown))).join('\n'))
      }
      const { revision } = compiled.bundle
      if (expected !== undefined && revision !== expected) {
        return invalid(`what was kept as ${expected} is something else, ${revision}`)
      }
      return { ...compiled, kind: 'prepared', source: found.source }
    } catch (thrown) {
      const error = asGuardError(thrown, 'GUARD_POLICY_UNAVAILABLE', 'the policy was not compiled')
      return { kind: 'refused', error, lasting: false }
    }
  }

  /** The newest signed bundle is what somebody went back from, in whatever bytes it comes. */
  async function isHeldBack(revision: string, serial: number | null): Promise<boolean> {
    if (options.isHeldBack(revision)) return true
    if (verify === null || serial === null || !options.isRolledBack()) return false
    return (await newest.read())?.serial === serial
  }

  async function activate(offer: Offer, prepared: Prepared): Promise<Outcome> {
    if (offer.isCurrent !== undefined && !(await offer.isCurrent())) return { kind: 'superseded' }
    if (prepared.kind === 'refused') {
      const { message } = prepared.error
      observer.policy?.({ type: 'refused', message, keeps: policy.status().revision })
      return prepared
    }
    const { bundle, serial, signedDigest, warnings, source } = prepared
    const { revision } = bundle
    try {
      if (offer.from === 'source' && (await isHeldBack(revision, serial))) {
        return { kind: 'held', revision }
      }
      for (const warning of warnings) {
        observer.log?.('warn', formatProblem(placed(warning, offer.shown)))
      }
      await policy.activate(bundle)
    } catch (thrown) {
      // Who refused it has told of it.
      const error = asGuardError(thrown, 'GUARD_POLICY_INVALID', 'the policy is not usable')
      return { kind: 'refused', error, lasting: error.code === 'GUARD_POLICY_INVALID' }
    }
    await options.activated(offer.from, revision)
    if (offer.from === 'source' && options.keeps) {
      if (serial !== null && signedDigest !== null) {
        await newest.raise({ serial, content: signedDigest })
      }
      await revisions.keep(revision, source, options.needed())
    }
    return { kind: 'activated', revision }
  }

  async function take(offer: Offer): Promise<Outcome> {
    if (options.stopped()) return stopping()
    const prepared = await prepare(offer)
    return alone(async () => (options.stopped() ? stopping() : activate(offer, prepared)))
  }

  return {
    activate: (offer) => (offer.from === 'rollback' ? take(offer) : inOrder(() => take(offer))),
    settled: () => alone(async () => undefined),
  }
}

function placed(problem: PolicyProblem, shown: Offer['shown']): PolicyProblem {
  return shown === undefined || problem.file === null
    ? problem
    : { ...problem, file: shown(problem.file) }
}

type Queue = <T>(work: () => Promise<T>) => Promise<T>

/** One after the other. */
function createQueue(): Queue {
  let turn: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = turn.then(work)
    turn = next.catch(() => undefined)
    return next
  }
}

function stopping(): Refused {
  const error = new GuardError('GUARD_POLICY_UNAVAILABLE', 'the gateway is stopping')
  return { kind: 'refused', error, lasting: false }
}

/** Problems say what is in a bundle that anybody may have written: logs and health repeat it. */
const maxMessageCharacters = 16_384

function invalid(message: string): Refused {
  const error = new GuardError('GUARD_POLICY_INVALID', cutText(message, maxMessageCharacters))
  return { kind: 'refused', error, lasting: true }
}
