/**
 * An upstream that speaks Streamable HTTP. Uses undici's `dispatch`: the one form of it that adds
 * no stream objects. Follows no redirects, accepts no encoding (a compressed answer could not be
 * read while it passes) and lets only listed headers of the answer through.
 * No time limit on event streams; a JSON answer has one to its first byte and between its bytes.
 */
import { Pool } from 'undici'
import { asGuardError, GuardError } from '../../errors.js'
import { parseMediaType } from '../../lib/media-type.js'
import type { AnswerHead, Flow, FrameSink, Framing } from '../frames.js'
import type { Back, Exchange, UpstreamRequest } from './back.js'
import { type BodyDecoder, EventBody, JsonBody } from './decode.js'

export interface HttpBackOptions {
  readonly url: string
  /** Milliseconds to the head of an answer, and between two chunks of a JSON body. */
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxConnections: number
}

type Headers = Record<string, string | string[] | undefined>
type Controller = { abort(reason: Error): void; pause(): void; resume(): void }

/** Headers of an upstream's answer that a client may see. Framing and identity are the gateway's. */
const passedHeaders = [
  'mcp-session-id',
  'mcp-protocol-version',
  'retry-after',
  'cache-control',
  'x-accel-buffering',
  'allow',
] as const

export function createHttpBack(options: HttpBackOptions): Back {
  const url = new URL(options.url)
  const path = url.pathname + url.search
  const pool = new Pool(url.origin, {
    connections: options.maxConnections,
    pipelining: 1,
    headersTimeout: options.timeoutMs,
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs },
  })

  function open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const exchange = new HttpExchange(sink, options.timeoutMs)
    const headers = [...request.headers, 'accept-encoding', 'identity']
    try {
      pool.dispatch({ path, method: request.verb, headers, body: request.body }, exchange)
    } catch (error) {
      exchange.onResponseError(null, error)
    }
    return exchange
  }

  async function answers(): Promise<boolean> {
    try {
      const { body } = await pool.request({ path, method: 'HEAD', headersTimeout: 2000 })
      await body.dump()
      return true
    } catch {
      return false
    }
  }

  return { open, answers, close: () => pool.destroy() }
}

class HttpExchange implements Exchange {
  readonly #sink: FrameSink
  readonly #timeoutMs: number
  #controller: Controller | null = null
  #body: BodyDecoder | null = null
  #timer: NodeJS.Timeout | null = null
  /** What the sink still works on: everything that arrives meanwhile queues behind it. */
  #tail: Promise<void> | null = null
  #over = false

  constructor(sink: FrameSink, timeoutMs: number) {
    this.#sink = sink
    this.#timeoutMs = timeoutMs
  }

  abort(): void {
    this.#stop('the exchange was ended')
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('the exchange was ended'))
  }

  onResponseStart(_: Controller, status: number, headers: Headers): void {
    if (status < 200 || this.#over) return
    const read = readHead(status, headers)
    if (typeof read === 'string') return this.#fail(new GuardError('GUARD_UPSTREAM_INVALID', read))
    if (read.framing === 'json') {
      this.#body = new JsonBody(this.#sink)
      this.#timer = setTimeout(() => {
        this.#fail(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'the answer stopped half way'))
      }, this.#timeoutMs)
    } else if (read.framing === 'sse') this.#body = new EventBody(this.#sink)
    this.#run(() => this.#sink.head(read))
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#timer?.refresh()
    const body = this.#body
    if (body === null || this.#over) return
    this.#run(() => body.push(chunk))
    if (this.#tail === null) return
    controller.pause()
    this.#tail = this.#tail.then(() => controller.resume())
  }

  onResponseEnd(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#run(() => {
      if (this.#over) return undefined
      const flow = this.#body === null ? this.#sink.end() : this.#body.end()
      this.#over = flow === undefined
      return flow
    })
  }

  onResponseError(_: Controller | null, error: unknown): void {
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
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(new Error(reason))
  }
}

/** The head as frames know it, or why the answer cannot be passed on. */
function readHead(status: number, headers: Headers): AnswerHead | string {
  if (status === 401 || status === 403) return `the upstream refused the gateway with ${status}`
  if (status >= 300 && status < 400) return `the upstream redirects (${status})`
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') return 'the answer is encoded'
  const framing = readFraming(status, headers['content-type'])
  if (framing === null) return 'the answer has a content type that is not MCP'
  if (framing === 'none' && status >= 500 && status !== 503) return `the upstream failed: ${status}`
  const passed = new Map<string, string>()
  for (const name of passedHeaders) {
    const value = headers[name]
    if (Array.isArray(value)) return `the answer has two \`${name}\` headers`
    if (value !== undefined) passed.set(name, value)
  }
  return { status, framing, headers: passed }
}

function readFraming(status: number, contentType: string | string[] | undefined): Framing | null {
  if (status === 202 || status === 204 || status === 205) return 'none'
  // Error pages in other formats keep their status and lose their body.
  const otherwise = status >= 400 || contentType === undefined ? 'none' : null
  if (typeof contentType !== 'string') return otherwise
  const media = parseMediaType(contentType)
  if (media === null || (media.charset ?? 'utf-8') !== 'utf-8') return otherwise
  if (media.essence === 'application/json') return 'json'
  if (media.essence === 'text/event-stream') return status === 200 ? 'sse' : otherwise
  return otherwise
}

function upstreamError(error: unknown): GuardError {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer in time', { cause: error })
  }
  const invalid = typeof code === 'string' && (code.startsWith('HPE_') || code.includes('OVERFLOW'))
  return invalid
    ? asGuardError(error, 'GUARD_UPSTREAM_INVALID', 'the answer is not HTTP')
    : asGuardError(error, 'GUARD_UPSTREAM_UNREACHABLE', 'the upstream cannot be reached')
}
