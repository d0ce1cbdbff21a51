/**
 * The streams without an end that are open now (GET, `subscriptions/listen`). A right to listen does
 * not outlive what it was granted by: every stream is asked about again when a policy is activated,
 * and ends with its caller's credential.
 */
export interface OpenStream {
  /** Asks the policy again; ends the stream where the answer is no. */
  reconsider(): void
  /** Ends the stream: the credential it was opened with is dead. */
  expire(): void
  /** Ends the stream: whether it may go on could not be decided. Must not throw. */
  fail(thrown: unknown): void
}

export interface Streams {
  /** `expiresAtMs`: of the credential, null = never. Returns what to call when the stream is over. */
  add(stream: OpenStream, expiresAtMs: number | null): () => void
  /** Asks about each stream, letting others have their turn. Never rejects. */
  reconsider(): Promise<void>
}

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

export function createStreams(nowMs: () => number): Streams {
  const open = new Set<OpenStream>()

  function add(stream: OpenStream, expiresAtMs: number | null): () => void {
    open.add(stream)
    let timer: NodeJS.Timeout | null = null
    const wait = (untilMs: number) => {
      const leftMs = untilMs - nowMs()
      const expire = () => attempt(stream, () => stream.expire())
      const next = () => (untilMs <= nowMs() ? expire() : wait(untilMs))
      timer = setTimeout(next, Math.min(Math.max(leftMs, 0), maxDelayMs)).unref()
    }
    if (expiresAtMs !== null) wait(expiresAtMs)
    return function remove() {
      open.delete(stream)
      if (timer !== null) clearTimeout(timer)
    }
  }

  async function reconsider(): Promise<void> {
    let asked = 0
    for (const stream of [...open]) {
      if (!open.has(stream)) continue
      askAgain(stream)
      asked += 1
      if (asked % slice === 0) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
    }
  }

  return { add, reconsider }
}
