/**
 * The streams without an end that are open now (GET, `subscriptions/listen`). A right to listen does
 * not outlive what it was granted by: every stream is asked about again when a policy is activated,
 * and ends with its caller's credential, be it that its time is over or that it was taken back.
 */
import type { Identity, UnidentifiedReason } from '../domain.js'

export interface OpenStream {
  /** Asks the policy again; ends the stream where the answer is no. */
  reconsider(): void
  /** Tells the caller where it sees something else than it was shown. Must not reject. */
  announce(): Promise<void>
  /** Ends the stream: the credential it was opened with is dead. */
  expire(reason: UnidentifiedReason): void
  /** Ends the stream: whether it may go on could not be decided. Must not throw. */
  fail(thrown: unknown): void
}

export interface Streams {
  /** `identity`: who opened it. Returns what to call when the stream is over. */
  add(stream: OpenStream, identity: Identity): () => void
  /** Asks about each stream, letting others have their turn. Never rejects. */
  reconsider(): Promise<void>
  /** Credentials may have been taken back: ends the streams that were opened with such. */
  recheck(): Promise<void>
}

/** Why a credential that let somebody in was taken back since; null: it was not. */
export type Withdrawn = (identity: Identity, nowMs: number) => UnidentifiedReason | null

/** Asks about one; where that throws, it ends: nobody has said that it may go on. */
export function askAgain(stream: OpenStream): void {
  attempt(stream, () => stream.reconsider())
}

function attempt(stream: OpenStream, work: () => void): void {
  try {
    work()
  } catch (thrown) {
    stream.fail(thrown)
  }
}

/** The longest time a timer takes; a later instant is waited for again. */
const maxDelayMs = 2 ** 31 - 1
/** Streams asked about in one turn of the event loop. */
const slice = 20

export function createStreams(nowMs: () => number, withdrawn: Withdrawn): Streams {
  const open = new Map<OpenStream, Identity>()

  function check(stream: OpenStream, identity: Identity): void {
    attempt(stream, () => {
      const reason = withdrawn(identity, nowMs())
      if (reason !== null) stream.expire(reason)
    })
  }

  function add(stream: OpenStream, identity: Identity): () => void {
    open.set(stream, identity)
    let timer: NodeJS.Timeout | null = null
    const wait = (untilMs: number) => {
      const leftMs = untilMs - nowMs()
      const expire = () => attempt(stream, () => stream.expire('credential-expired'))
      const next = () => (untilMs <= nowMs() ? expire() : wait(untilMs))
      timer = setTimeout(next, Math.min(Math.max(leftMs, 0), maxDelayMs)).unref()
    }
    // Between being let in and being open time passes, in which keys may have been read again.
    if (withdrawn(identity, nowMs()) !== null) timer = setTimeout(() => check(stream, identity), 0)
    else if (identity.expiresAtMs !== null) wait(identity.expiresAtMs)
    return function remove() {
      open.delete(stream)
      if (timer !== null) clearTimeout(timer)
    }
  }

  async function inTurns(
    ask: (stream: OpenStream, identity: Identity) => void | Promise<void>,
  ): Promise<void> {
    let asked = 0
    for (const [stream, identity] of [...open]) {
      if (!open.has(stream)) continue
      const asking = ask(stream, identity)
      if (asking !== undefined) await asking
      asked += 1
      if (asked % slice === 0) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
    }
  }

  async function reconsider(): Promise<void> {
    await inTurns(askAgain)
    // Only when nobody listens any more who may not, and one at a time: each may judge long lists.
    await inTurns((stream) => stream.announce())
  }

  return { add, reconsider, recheck: () => inTurns(check) }
}
