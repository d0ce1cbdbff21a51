/** One HTTP request of a client: its body within limits, its answer at once or as it passes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connection } from '../../domain.js'
import { ByteBuffer } from '../../lib/bytes.js'
import type { BodyResult, Gone, Inbound } from '../inbound.js'
import type { HttpAnswer } from '../outcome.js'
import { closeWhenStalled, HttpSink } from './http-sink.js'

export interface InboundLimits {
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
}

function settled(): void {}

export class HttpInbound implements Inbound {
  readonly transport = 'http'
  readonly hasStatus = true
  readonly holdsConnection = true
  readonly verb: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly ip: string
  readonly connection: Connection
  readonly sink: HttpSink
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #limits: InboundLimits
  #bytesIn = 0
  #endsOnDrain = false
  #why: Gone | null = null
  #gone: (why: Gone) => void = () => undefined
  /** Says what became of the body; only the first time counts. */
  #settle: (result: BodyResult) => void = settled

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    limits: InboundLimits,
    { connection, ip }: Pick<Inbound, 'connection' | 'ip'>,
  ) {
    this.verb = request.method ?? ''
    this.target = request.url ?? ''
    this.rawHeaders = request.rawHeaders
    this.ip = ip
    this.connection = connection
    this.sink = new HttpSink(response)
    this.#request = request
    this.#response = response
    this.#limits = limits
  }

  get begun(): boolean {
    return this.#response.headersSent
  }

  /** The body is not there to its end. */
  get isReading(): boolean {
    return !this.#request.complete
  }

  get bytesIn(): number {
    return this.#bytesIn
  }

  onGone(listener: (why: Gone) => void): void {
    this.#gone = listener
    if (this.#why !== null) listener(this.#why)
  }

  /** The answer or its connection is over. */
  closed(): void {
    this.#settle({ ok: false, problem: 'aborted' })
    if (!this.#response.writableFinished) this.#leave('client')
  }

  readBody(): Promise<BodyResult> {
    const request = this.#request
    const { maxBodyBytes, bodyTimeoutMs } = this.#limits
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      return Promise.resolve({ ok: false, problem: 'too-large' })
    }
    if (request.headers.expect?.toLowerCase() === '100-continue') this.#response.writeContinue()
    if (this.#why !== null) return Promise.resolve({ ok: false, problem: 'aborted' })
    return new Promise((resolve) => {
      const body = new ByteBuffer()
      const timer = setTimeout(
        () => this.#settle({ ok: false, problem: 'too-slow' }),
        bodyTimeoutMs,
      )
      this.#settle = (result) => {
        clearTimeout(timer)
        this.#settle = settled
        resolve(result)
      }
      request.on('data', (chunk: Buffer) => {
        // What comes after a refusal is read to its end, and is nobody's.
        if (this.#settle === settled) return
        this.#bytesIn += chunk.length
        if (this.#bytesIn > maxBodyBytes) this.#settle({ ok: false, problem: 'too-large' })
        else body.append(chunk)
      })
      request.on('end', () => this.#settle({ ok: true, bytes: body.take() }))
      request.on('error', () => this.#settle({ ok: false, problem: 'aborted' }))
    })
  }

  reply(answer: HttpAnswer): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    const body = answer.body === null ? '' : answer.body
    const headers = [...answer.headers, 'content-length', String(Buffer.byteLength(body))]
    // What is left of an unread body must not be taken for the next request.
    if (!this.#request.complete) headers.push('connection', 'close')
    response.writeHead(answer.status, headers)
    response.end(body)
    closeWhenStalled(response)
    if (!this.#request.complete) this.#discardRest()
  }

  /** One request has one answer: there is nothing to say before it. */
  forwarded(): void {}

  endOnDrain(): void {
    this.#endsOnDrain = true
  }

  keepAlive(): void {
    this.sink.keepAlive()
  }

  /** Ends a stream that would go on for ever, so that its client connects elsewhere. */
  endStream(): void {
    if (!this.#endsOnDrain) return
    this.#leave('stopping')
    this.#response.end()
  }

  /** The time to finish is over: whoever handles this answers now, as well as it can. */
  cutShort(): void {
    this.#leave('stopping')
  }

  #leave(why: Gone): void {
    this.#why ??= why
    this.#gone(why)
  }

  /** Reads on for a moment, so that the answer is not lost to a reset, then closes. */
  #discardRest(): void {
    const socket = this.#request.socket
    this.#request.resume()
    const timer = setTimeout(() => socket.destroy(), 1000)
    socket.once('close', () => clearTimeout(timer))
  }
}
