/**
 * One exchange of a client that has one way for all its answers (stdio, HTTP+SSE): to the pipeline a
 * request of Streamable HTTP, to the client messages on a shared channel. What HTTP would say by a
 * status becomes a JSON-RPC error for the request's id; a notification is told nothing. An answer
 * that ends without a response is answered here, unless the server lets it be resumed.
 */
import type { Connection, Message, RawHeaders } from '../../domain.js'
import type { GuardError } from '../../errors.js'
import { ByteBuffer } from '../../lib/bytes.js'
import { EnvelopeReader } from '../../mcp/envelope.js'
import type { EventFields } from '../../mcp/sse.js'
import type { AnswerHead, Flow, FrameSink, Framing } from '../frames.js'
import type { BodyResult, Gone, Inbound } from '../inbound.js'
import type { HttpAnswer } from '../outcome.js'
import { rpcCodes, rpcError } from '../respond.js'
import type { Channel, Sender } from './channel.js'

export interface ChannelRequest {
  readonly transport: Inbound['transport']
  readonly verb: 'POST' | 'GET' | 'DELETE'
  readonly target: string
  readonly ip: string
  readonly connection: Connection
  readonly owner: string | null | undefined
  readonly rawHeaders: RawHeaders
  readonly body: Uint8Array
  /** What is posted, when it can be read; null also for a batch and where nothing is posted. */
  readonly asked: Message | null
  /** False: an answer that the server interrupts is taken up by nobody. Default true. */
  readonly resumes?: boolean
}

export interface ExchangeEvents {
  forwarded?(): void
  /** Whoever asked was told by other means: nothing goes on the channel. */
  refused?(answer: HttpAnswer): boolean
  head?(head: AnswerHead): void
  /** A response has passed, large ones in part. `id`: null where it was too large to be looked at. */
  responded?(id: string | null, bytes: Uint8Array): void
}

/** How an exchange ended, as far as it matters for what comes next. */
export interface Ended {
  /** Of a refusal, or of the answer; null: it was broken off. */
  readonly status: number | null
  /** The last event's id, as a header says it: where the stream may be taken up again. */
  readonly lastEventId: string | null
  readonly retryMs: number | null
  /** What came that was more than a comment. */
  readonly events: number
  /** How much of that was for the client. */
  readonly messages: number
}

/** What waits is told when the gateway ends first. */
export const stoppingText = 'the gateway is stopping'
/** Of the answer to `initialize`, which somebody has to read. */
const maxKeptBytes = 4 * 1024 * 1024

export class ChannelInbound implements Inbound, FrameSink {
  readonly transport: Inbound['transport']
  readonly verb: string
  readonly target: string
  readonly rawHeaders: RawHeaders
  readonly ip: string
  readonly connection: Connection
  readonly owner: string | null | undefined
  readonly bytesIn: number
  readonly ended: Promise<Ended>
  readonly #request: ChannelRequest
  readonly #events: ExchangeEvents
  readonly #sender: Sender
  readonly #kept = new ByteBuffer()
  #settle: (ended: Ended) => void = () => undefined
  #framing: Framing = 'none'
  #status: number | null = null
  #said = false
  /** Bytes of a message were handed on whose end was not. */
  #partial = false
  #answered = false
  #over = false
  #lastEventId: string | null = null
  #retryMs: number | null = null
  #count = 0
  #messages = 0
  #endsOnDrain = false
  #why: Gone | null = null
  #gone: (why: Gone) => void = () => undefined

  constructor(request: ChannelRequest, channel: Channel, events: ExchangeEvents = {}) {
    this.transport = request.transport
    this.verb = request.verb
    this.target = request.target
    this.rawHeaders = request.rawHeaders
    this.ip = request.ip
    this.connection = request.connection
    this.owner = request.owner
    this.bytesIn = request.body.length
    this.#request = request
    this.#events = events
    this.#sender = channel.sender(() => this.abort('client', 'the answer stood still half sent'))
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  get sink(): FrameSink {
    return this
  }

  get begun(): boolean {
    return this.#said || this.#partial
  }

  readBody(): Promise<BodyResult> {
    return Promise.resolve({ ok: true, bytes: this.#request.body })
  }

  onGone(listener: (why: Gone) => void): void {
    this.#gone = listener
    if (this.#why !== null) listener(this.#why)
  }

  forwarded(): void {
    this.#events.forwarded?.()
  }

  endOnDrain(): void {
    this.#endsOnDrain = true
  }

  /** Ends a stream that would go on for ever. */
  endStream(): void {
    if (this.#endsOnDrain) this.abort('stopping', stoppingText)
  }

  /** `text`: what the client is told of a request that is given up although it waits. */
  abort(why: Gone, text: string | null = null): void {
    if (this.#over) return
    this.#why = why
    this.#gone(why)
    if (this.#over) return
    const due = text !== null && this.#isRequest && !this.#answered
    this.#sender.fail(due ? this.#error(text) : null)
    this.#finish()
  }

  reply(answer: HttpAnswer): void {
    if (this.#over) return
    this.#status = answer.status
    const told = this.#events.refused?.(answer) === true
    if (!told && this.#isDue && answer.body !== null) {
      // Who is refused before the body is read gets no id by HTTP, where none is needed.
      const own = this.#own(Buffer.from(answer.body))
      if (own !== null) void this.#sender.message(own)
    }
    this.#answered = true
    this.#finish()
  }

  head(head: AnswerHead): Flow {
    this.#framing = head.framing
    this.#status = head.status
    this.#events.head?.(head)
    return undefined
  }

  part(bytes: Uint8Array): Flow {
    if (this.#over) return undefined
    this.#partial = true
    this.#keep(bytes)
    return this.#sender.part(bytes)
  }

  message(bytes: Uint8Array, fields: EventFields): Flow {
    this.#count += 1
    this.#note(fields)
    // A priming event is there to be resumed from, and nobody here could.
    if (this.#over || (bytes.length === 0 && !this.#partial)) return undefined
    this.#said = true
    this.#messages += 1
    if (this.#partial) return this.#lastPart(bytes)
    const reader = readerOf(bytes)
    if (reader.has('method')) return this.#sender.message(bytes)
    const own = this.#own(bytes, reader)
    if (own === null) return undefined
    this.#response(reader.id === null ? this.#asked : keyOf(reader.id), own)
    return this.#sender.message(own)
  }

  idle(fields: EventFields): Flow {
    if (fields.id !== undefined) this.#count += 1
    this.#note(fields)
    return undefined
  }

  end(): Flow {
    if (this.#over) return undefined
    const { resumes = true } = this.#request
    const resumable = resumes && this.#framing === 'sse' && this.#lastEventId !== null
    if (this.#isRequest && !this.#answered && !resumable) {
      void this.#sender.message(this.#error('the server behind the gateway gave no answer'))
    }
    this.#finish()
    return undefined
  }

  fail({ publicMessage }: GuardError): void {
    if (this.#over) return
    const due = this.#isRequest && !this.#answered
    this.#sender.fail(due ? this.#error(publicMessage) : null)
    this.#status = null
    this.#finish()
  }

  get #isRequest(): boolean {
    return this.#request.asked?.kind === 'request'
  }

  /** Requests, and what cannot be told from one. */
  get #isDue(): boolean {
    const { asked, verb } = this.#request
    return verb === 'POST' && (asked === null || asked.kind === 'request')
  }

  get #asked(): string | null {
    const id = this.#request.asked?.id ?? null
    return id === null ? null : keyOf({ type: typeof id, text: String(id) })
  }

  /** Only a response is ever large enough to come in parts. */
  #lastPart(bytes: Uint8Array): Flow {
    this.#partial = false
    this.#keep(bytes)
    this.#response(this.#asked, this.#kept.take())
    return this.#sender.message(bytes)
  }

  #keep(bytes: Uint8Array): void {
    const wanted = this.#request.asked?.method === 'initialize'
    if (wanted && this.#kept.length <= maxKeptBytes) this.#kept.append(Uint8Array.from(bytes))
  }

  #response(id: string | null, bytes: Uint8Array): void {
    this.#answered = true
    this.#events.responded?.(id, bytes)
  }

  #note({ id, retry }: EventFields): void {
    if (id !== undefined) this.#lastEventId = headerOf(id)
    if (retry !== undefined) this.#retryMs = retry
  }

  /** A response as it goes to the client. An error about what could not be read carries no id. */
  #own(bytes: Uint8Array, reader = readerOf(bytes)): Uint8Array | null {
    return reader.id === null ? this.#addressed(bytes) : bytes
  }

  /** The error as the answer to the request; null: nobody waits for one. */
  #addressed(bytes: Uint8Array): Uint8Array | null {
    if (!this.#isDue) return null
    if (!this.#isRequest) return bytes
    try {
      const { error } = JSON.parse(Buffer.from(bytes).toString())
      const id = this.#request.asked?.id ?? null
      return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error }))
    } catch {
      return this.#error('the server behind the gateway gave no answer')
    }
  }

  #error(text: string): Uint8Array {
    const id = this.#request.asked?.id ?? null
    return Buffer.from(rpcError({ id }, rpcCodes.failed, text, {}))
  }

  #finish(): void {
    this.#over = true
    this.#settle({
      status: this.#status,
      lastEventId: this.#lastEventId,
      retryMs: this.#retryMs,
      events: this.#count,
      messages: this.#messages,
    })
  }
}

/** As WHATWG HTML has it: the bytes of UTF-8. Null: there is none, or no header can say it. */
function headerOf(id: string): string | null {
  const text = Buffer.from(id).toString('latin1')
  const isSayable = [...text].every((char) => (char >= ' ' && char !== '\x7f') || char === '\t')
  return text !== '' && isSayable ? text : null
}

function readerOf(bytes: Uint8Array): EnvelopeReader {
  const reader = new EnvelopeReader()
  reader.push(bytes)
  return reader
}

/** A JSON-RPC id with its type: 1 and "1" are two. */
export function keyOf({ type, text }: { readonly type: string; readonly text: string }): string {
  return `${type} ${text}`
}
