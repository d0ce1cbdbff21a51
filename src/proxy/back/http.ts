/**
 * An upstream that speaks Streamable HTTP. Uses undici's `dispatch`: the one form of it that adds
 * no stream objects. Follows no redirects, accepts no encoding (a compressed answer could not be
 * read while it passes) and lets only listed headers of the answer through.
 * No time limit on event streams; a JSON answer has one to its first byte and between its bytes.
 */
import { asGuardError, GuardError } from '../../errors.js'
import { createBreaker, createBreakers } from '../../lib/breaker.js'
import { systemClock } from '../../lib/clock.js'
import { serialise } from '../../mcp/json-rpc.js'
import type { Flow, FrameSink } from '../frames.js'
import type { Back, Exchange, UpstreamRequest } from './back.js'
import { type BodyDecoder, EventBody, JsonBody } from './decode.js'
import { readHead, readHeaders } from './head.js'
import { createPools } from './pools.js'

export interface HttpBackOptions {
  readonly url: string
  /** Milliseconds to the head of an answer, queueing included; and between chunks of JSON. */
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxConnections: number
}

/** Calls that wait for a connection, beside those that have one. */
const maxWaiting = 1024

function tooMany(): GuardError {
  return new GuardError('GUARD_UPSTREAM_BUSY', 'too many calls wait for a connection')
}

function paused(): GuardError {
  const text = 'the upstream failed several times in a row and is not tried for a moment'
  return new GuardError('GUARD_UPSTREAM_UNREACHABLE', text)
}

export function createHttpBack(options: HttpBackOptions): Back {
  const url = new URL(options.url)
  const path = url.pathname + url.search
  const pools = createPools(url.origin, options)
  /** For connections: nobody's request is why there are none. */
  const connecting = createBreaker(systemClock)
  /** For answers that fail or do not come: a caller may well be why. */
  const answering = createBreakers(systemClock)
  const mostCalls = options.maxConnections + maxWaiting
  let inFlight = 0

  function open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const counted = !request.longLived
    const answers = answering(request.principal)
    const exchange = new HttpExchange(sink, options.timeoutMs, {
      connected: () => connecting.succeeded(),
      unconnected: () => connecting.failed(),
      reached: () => answers.succeeded(),
      failed: () => answers.failed(),
      over: () => {
        if (counted) inFlight -= 1
      },
    })
    if (counted) inFlight += 1
    if (counted && inFlight > mostCalls) return exchange.refuse(tooMany())
    if (!answers.allows() || !connecting.allows()) return exchange.refuse(paused())
    const headers = [...request.headers, 'accept-encoding', 'identity']
    try {
      const { verb, message, longLived } = request
      const body = message === null ? null : serialise(message)
      const pool = longLived ? pools.streams : pools.calls
      pool.dispatch({ path, method: verb, headers, body }, exchange)
    } catch (error) {
      exchange.onError(error)
    }
    return exchange
  }

  return { open, answers: () => pools.answers(path), close: () => pools.close() }
}

/** What the upstream as a whole is told of one exchange. */
interface Watched {
  connected(): void
  /** There was no connection to be had. */
  unconnected(): void
  /** It has begun to answer. */
  reached(): void
  /** It had the request, and said nothing in time or broke off before it did. */
  failed(): void
  /** Exactly once. */
  over(): void
}

// undici's older form of handler: its connections call it as it is. The newer one is wrapped in it,
// with an object for all headers of each answer (measured: 2 % of a call).
class HttpExchange implements Exchange {
  readonly #sink: FrameSink
  readonly #upstream: Watched
  #heard = false
  /** To the head of the answer, waiting for a connection included; then between JSON chunks. */
  readonly #timer: NodeJS.Timeout
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
      // Still waiting for a connection it says nothing: others may have them all.
      if (!this.#heard && this.#abort !== null) this.#upstream.failed()
      this.#fail(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer, or no more of it, in time'))
    }, timeoutMs)
  }

  /** Ends it before it began. The sink hears of it later, as of any other failure. */
  refuse(error: GuardError): this {
    queueMicrotask(() => this.#fail(error))
    return this
  }

  abort(): void {
    this.#stop('the exchange was ended')
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
