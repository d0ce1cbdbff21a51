/**
 * The sink of an answer to `initialize`. Its head holds the sealed session id, and that id what the
 * server's first message says of changed lists; so the head waits for that message. A message too
 * large to be held, or one before the answer, lets it go without.
 */
import type { GuardError } from '../errors.js'
import type { EventFields } from '../mcp/sse.js'
import type { AnswerHead, Flow, FrameSink } from './frames.js'
import { declared } from './listen.js'

/** Null: the upstream's id cannot be used. */
export type SealSession = (upstreamId: string, announced: number) => string | null

const nothing = new Uint8Array()

export class SessionBeginning implements FrameSink {
  readonly #sink: FrameSink
  readonly #seal: SealSession
  #upstreamId: string | null = null
  #head: AnswerHead | null = null
  #priming: EventFields | null = null

  constructor(sink: FrameSink, seal: SealSession) {
    this.#sink = sink
    this.#seal = seal
  }

  /** The server's own id; null: it has given none. */
  get upstreamId(): string | null {
    return this.#upstreamId
  }

  /** The id as far as it is known with the head. */
  seal(upstreamId: string): string | null {
    this.#upstreamId = upstreamId
    return this.#seal(upstreamId, 0)
  }

  head(head: AnswerHead): Flow {
    if (this.#upstreamId === null) return this.#sink.head(head)
    this.#head = head
    return undefined
  }

  part(bytes: Uint8Array): Flow {
    this.#begin(null)
    return this.#sink.part(bytes)
  }

  message(bytes: Uint8Array, fields: EventFields): Flow {
    if (this.#head !== null && bytes.length === 0) {
      this.#priming = fields
      return undefined
    }
    this.#begin(bytes)
    return this.#sink.message(bytes, fields)
  }

  /** What keeps a connection open is not needed before there is an answer on it. */
  idle(fields: EventFields): Flow {
    return this.#head === null ? this.#sink.idle(fields) : undefined
  }

  end(): Flow {
    this.#begin(null)
    return this.#sink.end()
  }

  fail(error: GuardError): void {
    this.#sink.fail(error)
  }

  #begin(first: Uint8Array | null): void {
    const head = this.#head
    if (head === null || this.#upstreamId === null) return
    this.#head = null
    const announced = first === null ? 0 : declared(first)
    const id = announced === 0 ? null : this.#seal(this.#upstreamId, announced)
    const headers = id === null ? head.headers : new Map(head.headers).set('mcp-session-id', id)
    void this.#sink.head({ ...head, headers })
    if (this.#priming !== null) void this.#sink.message(nothing, this.#priming)
  }
}
