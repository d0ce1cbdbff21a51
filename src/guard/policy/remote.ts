/**
 * A policy at the URL of a bundle, asked for as OPA's bundle protocol has it: the ETag of what was
 * judged last goes along, a server that says so may keep the question open until there is something
 * new, and one that fails is asked again after twice the time. A bundle that was refused is not
 * fetched again while its ETag stays. Delta bundles are never asked for.
 */
import { webcrypto } from 'node:crypto'
import type { PolicyPollConfig } from '../../config/config.js'
import { readFileText } from '../../config/read-file.js'
import { exposedProblem } from '../../config/secrets.js'
import type { Observer } from '../../domain.js'
import { asGuardError, GuardError } from '../../errors.js'
import type { BytesAnswer, Fetcher } from '../../fetcher/fetcher.js'
import { systemClock } from '../../lib/clock.js'
import { readBundle } from '../../rego/sources.js'
import type { Activate, Outcome } from './activation.js'
import type { Source } from './local.js'

export interface RemoteOptions {
  readonly url: string
  readonly poll: PolicyPollConfig
  readonly fetcher: Fetcher
  readonly activate: Activate
  readonly observer: Observer
  /** Told of every outcome that nobody asked for. */
  readonly settled: (outcome: Outcome) => void
}

export interface RemoteSource extends Source {
  /** What was judged before is to be judged again. */
  forget(): void
  /** When the server last answered with something of use; null: never. */
  answeredAtMs(): number | null
  /** Why it did not, the last time; null: it did. */
  problem(): string | null
}

const maxBytes = 64 * 1024 * 1024
const answerMs = 60_000
const firstBackoffMs = 1_000
const maxBackoffMs = 60_000
/** A server that says it waits and does not is not asked more often than this. */
const leastMs = 1_000
const maxTokenBytes = 16_384

const longPollType = 'application/vnd.openpolicyagent.bundles'
const bundleTypes = new Set([
  longPollType,
  'application/gzip',
  'application/x-gzip',
  'application/octet-stream',
  'binary/octet-stream',
  'application/tar+gzip',
  'application/x-tar',
  'application/x-gtar',
  'application/x-compressed-tar',
  'application/x-tgz',
])

/** What was judged last, by what the server calls it and by what it is. */
interface Judged {
  readonly etag: string | null
  readonly digest: string
  readonly outcome: Outcome
}

export function createRemoteSource(options: RemoteOptions): RemoteSource {
  const { url, poll, fetcher, activate, observer, settled } = options
  const { origin, pathname } = new URL(url)
  // The query of a presigned URL is a secret.
  const shownUrl = `${origin}${pathname}`
  let judged: Judged | null = null
  let waits = false
  let answeredAtMs: number | null = null
  let problem: string | null = null
  let failures = 0
  let stopped = false
  let wake: () => void = () => undefined

  async function get(waitMs: number): Promise<BytesAnswer> {
    const wait = waitMs === 0 ? '' : `;wait=${Math.ceil(waitMs / 1000)}`
    const token = readToken(poll)
    const headers = ['prefer', `modes=snapshot${wait}`]
    if (token !== null) headers.push('authorization', `Bearer ${token}`)
    const asked = {
      headers,
      etag: judged?.etag ?? null,
      accepts: (type: string | null) => type === null || bundleTypes.has(type),
      wanted: 'a bundle',
    }
    const { privateAddresses } = poll
    return fetcher.getBytes(url, asked, {
      privateAddresses,
      timeoutMs: answerMs + waitMs,
      maxBytes,
    })
  }

  /** One question and what became of the answer. */
  async function ask(waitMs: number): Promise<Outcome> {
    const known = judged
    try {
      const answer = await get(waitMs)
      waits = answer.type === longPollType
      const outcome = await judge(answer, known)
      failures = outcome.kind === 'refused' && !outcome.lasting ? failures + 1 : 0
      if (problem !== null)
        observer.log?.('info', 'the policy can be asked for again', { url: shownUrl })
      problem = null
      answeredAtMs = systemClock.nowMs()
      observer.policy?.({ type: 'asked', result: answer.changed ? 'changed' : 'unchanged' })
      return outcome
    } catch (thrown) {
      failures += 1
      const error = asGuardError(thrown, 'GUARD_POLICY_UNAVAILABLE', 'the policy was not asked for')
      if (problem !== error.message && !stopped) {
        observer.log?.('warn', `the policy cannot be asked for: ${error.message}`)
      }
      problem = error.message
      observer.policy?.({ type: 'asked', result: 'failed' })
      return { kind: 'unanswered', error }
    }
  }

  async function judge(answer: BytesAnswer, known: Judged | null): Promise<Outcome> {
    if (!answer.changed) {
      if (known !== null && known.etag !== null) return known.outcome
      const text = 'the server says that nothing changed, and was not told since when'
      throw new GuardError('GUARD_POLICY_UNAVAILABLE', text)
    }
    const sum = await webcrypto.subtle.digest('SHA-256', answer.bytes)
    const digest = Buffer.from(sum).toString('hex')
    if (known !== null && known.digest === digest) {
      judged = { ...known, etag: answer.etag }
      return known.outcome
    }
    const read = async () => readBundle(answer.bytes)
    const outcome = await activate({ from: 'source', read })
    const again = outcome.kind === 'refused' && !outcome.lasting
    judged = again ? null : { etag: answer.etag, digest, outcome }
    return outcome
  }

  /** How long until the next question, after one that took `tookMs`. */
  function pauseMs(tookMs: number, longPolled: boolean): number {
    if (failures > 0) {
      const backoffMs = Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 16), maxBackoffMs)
      return backoffMs * (0.5 + Math.random() / 2)
    }
    if (waits && poll.longPollMs > 0) return longPolled ? Math.max(0, leastMs - tookMs) : 0
    return poll.intervalMs * (1 + Math.random() / 10)
  }

  async function run(firstMs: number): Promise<void> {
    let nextMs = firstMs
    while (!stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, nextMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      if (stopped) return
      const waitMs = waits && failures === 0 && judged !== null ? poll.longPollMs : 0
      const startedMs = systemClock.monotonicMs()
      const before = judged?.outcome
      const outcome = await ask(waitMs)
      if (outcome !== before) settled(outcome)
      nextMs = pauseMs(systemClock.monotonicMs() - startedMs, waitMs > 0)
    }
  }

  return {
    ask: () => ask(0),
    forget() {
      judged = null
    },
    answeredAtMs: () => answeredAtMs,
    problem: () => problem,
    start() {
      run(pauseMs(0, false)).catch(() => undefined)
    },
    stop() {
      stopped = true
      wake()
    },
  }
}

/** Read anew each time: who made it may replace it while the gateway runs. */
function readToken({ token, tokenFile }: PolicyPollConfig): string | null {
  if (tokenFile === null) return token
  const content = readFileText(tokenFile, maxTokenBytes)
  if (!content.ok) throw unusableToken(`the file ${tokenFile} ${content.problem}`)
  if (content.exposedMode !== null) {
    const { problem, fix } = exposedProblem(tokenFile, content.exposedMode)
    throw unusableToken(`${problem}; ${fix}`)
  }
  const text = content.text.trim()
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw unusableToken(`the file ${tokenFile} holds no token of printable characters`)
}

function unusableToken(problem: string): GuardError {
  return new GuardError('GUARD_POLICY_UNAVAILABLE', problem)
}
