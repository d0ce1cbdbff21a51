/**
 * One exchange with a server that speaks Streamable HTTP, as undici's handler: what comes is handed
 * to its sink in order and at its pace. No time limit on event streams; a JSON answer has one to its
 * first byte, waiting for a connection included, and between its bytes.
 */
import { asGuardError, GuardError } from '../../errors.js'
import type { Flow, FrameSink } from '../frames.js'
import type { Exchange } from './back.js'
import { type BodyDecoder, EventBody, JsonBody } from './decode.js'
import { readHead, readHeaders } from './head.js'
import { tooLate } from './in-turn.js'

/** What the upstream as a whole is told of one exchange. */
export interface Watched {
  connected(): void
  /** There was no connection to be had. */
  unconnected(): void
  /** It has begun to answer. */
  reached(): void
  /** It had the request, and said nothing in time or broke off before it did. */
  failed(): void
  /** Nobody waits for it any more. */
  orphaned(): void
  /** Exactly once. */
  over(): void
}

// undici's older form of handler: its connections call it as it is. The newer one is wrapped in it,
// with an object for all headers of each answer (measured: 2 % of a call).
export class HttpExchange implements Exchange {
  readonly #sink: FrameSink
  readonly #upstream: Watched
  #heard = false
  /** To the head of the answer, waiting for a connection included; then between JSON chunks. */
  readonly #timer: NodeJS.Timeout
  /** It has its place: whatever it waits for now is the upstream. */
  #begun = false
  #abort: ((reason: Error) => void) | null = null
  #resume: () => void = () => undefined
  #body: BodyDecoder | null = null
  /** What the sink still works on: everything that arrives meanwhile queues behind it. */
  #tail: Promise<void> | null = null
  #over = false

  constructor(sink: FrameSink, timeoutMs: number, upstream: Watched) {
    this.#sink = sink
    this.#upstream = upstream
    this.#timer = setTimeout(() => {
      // The client is slow, or the sink at work: the upstream is not what is waited for.
      if (this.#tail !== null) return void this.#timer.refresh()
      if (!this.#begun) return this.#fail(tooLate())
      if (!this.#heard && this.#abort !== null) this.#upstream.failed()
      this.#fail(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer, or no more of it, in time'))
    }, timeoutMs)
  }

  /** Ends it before it began. The sink hears of it later, as of any other failure. */
  refuse(error: GuardError): this {
    queueMicrotask(() => this.#fail(error))
    return this
  }

  /** False: it is over already. */
  begin(): boolean {
    this.#begun = true
    return !this.#over
  }

  abort(): void {
    this.#stop('the exchange was ended')
  }

  orphan(): void {
    // What waits has not been sent, and nobody wants it any more.
    if (!this.#begun) this.abort()
    else if (!this.#over) this.#upstream.orphaned()
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#upstream.connected()
    if (this.#over) abort(new Error('the exchange was ended'))
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < 200 || this.#over) return true
    this.#resume = resume
    this.#heard = true
    const read = readHead(status, readHeaders(headers))
    if (typeof read === 'string' && status >= 500) this.#upstream.failed()
    else this.#upstream.reached()
    if (typeof read === 'string') {
      this.#fail(new GuardError('GUARD_UPSTREAM_INVALID', read))
      return true
    }
    if (read.framing === 'sse') clearTimeout(this.#timer)
    else this.#timer.refresh()
    if (read.framing === 'json') this.#body = new JsonBody(this.#sink)
    if (read.framing === 'sse') this.#body = new EventBody(this.#sink)
    this.#run(() => this.#sink.head(read))
    return true
  }

  /** False: the upstream is to wait until `resume`. */
  onData(chunk: Buffer): boolean {
    const body = this.#body
    // Resuming hands over an empty chunk first.
    if (body === null || this.#over || chunk.length === 0) return true
    if (body instanceof JsonBody) this.#timer.refresh()
    this.#run(() => body.push(chunk))
    if (this.#tail === null) return true
    void this.#tail.then(() => {
      // Only now is the upstream waited for again.
      if (body instanceof JsonBody && !this.#over) this.#timer.refresh()
      this.#resume()
    })
    return false
  }

  onComplete(): void {
    clearTimeout(this.#timer)
    this.#run(() => {
      if (this.#over) return undefined
      const flow = this.#body === null ? this.#sink.end() : this.#body.end()
      if (flow !== undefined) return flow.then(() => this.#finish())
      this.#finish()
      return undefined
    })
  }

  onError(error: unknown): void {
    if (!this.#heard && !this.#over) {
      if (this.#abort === null) this.#upstream.unconnected()
      else this.#upstream.failed()
    }
    this.#run(() => {
      this.#fail(upstreamError(error))
      return undefined
    })
  }

  #run(work: () => Flow): void {
    if (this.#tail !== null) {
      this.#follow(this.#tail.then(() => work() ?? undefined))
      return
    }
    try {
      const flow = work()
      if (flow !== undefined) this.#follow(flow)
    } catch (error) {
      this.#fail(asGuardError(error, 'GUARD_INTERNAL', 'the answer could not be passed on'))
    }
  }

  #follow(flow: Promise<void>): void {
    const tail = flow
      .catch((error: unknown) => {
        this.#fail(asGuardError(error, 'GUARD_INTERNAL', 'the answer could not be passed on'))
      })
      .then(() => {
        if (this.#tail === tail) this.#tail = null
      })
    this.#tail = tail
  }

  #fail(error: GuardError): void {
    if (this.#over) return
    this.#stop(error.message)
    this.#sink.fail(error)
  }

  #stop(reason: string): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    this.#finish()
    this.#abort?.(new Error(reason))
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#upstream.over()
  }
}

export function upstreamError(error: unknown): GuardError {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  // undici's parser error has no code for bytes that do not even begin like HTTP.
  const invalid = name === 'HTTPParserError' || String(code).includes('OVERFLOW')
  return invalid
    ? asGuardError(error, 'GUARD_UPSTREAM_INVALID', 'the answer is not HTTP')
    : asGuardError(error, 'GUARD_UPSTREAM_UNREACHABLE', 'the upstream cannot be reached')
}
