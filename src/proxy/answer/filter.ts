/**
 * Passes one upstream answer to a client, message by message, by what each message *is*, never by
 * what was asked: any result that holds a list is cut to what the caller may see, a response goes
 * on only as the answer to the one request this stream belongs to, a server's own message only when
 * policy allows it, and what cannot be understood not at all. Ids that a server gives away leave as
 * sealed texts.
 * A message is held back until it is complete; only a result without a list that outgrows
 * `holdBytes` is streamed, in constant memory, and its last byte waits for the verdict. If that is
 * bad, the answer is broken off so that no reader takes it for a whole one.
 */
import type { Era, ListKind, Message, MessageId } from '../../domain.js'
import { GuardError } from '../../errors.js'
import { ByteBuffer } from '../../lib/bytes.js'
import { EnvelopeReader } from '../../mcp/envelope.js'
import type { EventFields } from '../../mcp/sse.js'
import type { AnswerHead, Flow, FrameSink, Framing } from '../frames.js'
import { cacheEdits } from './cache-hints.js'
import { type ListPage, readPage } from './list-page.js'
import { type ExchangeIds, IdStream, messageEdits, resultEdits } from './sealed-ids.js'
import { readInputRequests, readServerMessage } from './server-message.js'
import { type Cut, type Edit, listEdits, splice } from './splice.js'
import { withoutUnfitTools } from './unfit-tools.js'

/** How much of a message is held before a large result starts to stream; also the high-water mark. */
export const holdBytes = 64 * 1024
/** Largest list answer. */
export const maxListBytes = 8 * 1024 * 1024
/** Largest message other than a result: requests and notifications of a server, errors. */
export const maxMessageBytes = 4 * 1024 * 1024
/** A message that is left out of a stream is read to its end, but not for ever. */
export const maxLeftOutBytes = 64 * 1024 * 1024

/** Which responses may come: to this request only, to any (a resumed stream), or none (GET). */
export type Expected =
  | { readonly type: 'own'; readonly id: MessageId }
  | { readonly type: 'any' }
  | { readonly type: 'none' }

/** What became of a response, told before its last byte leaves. */
export interface Settled {
  readonly hidden: number
  readonly dropped: number
  readonly bytes: number
}

export interface AnswerContext {
  readonly expected: Expected
  readonly era: Era
  /** `page`: the list as the upstream sent it, for whoever has to know what its items are. */
  visible(kind: ListKind, names: readonly string[], page: () => ListPage): Promise<boolean[]>
  /** Judges and records a server's own request or notification; true = it may pass. */
  allows(message: Message): boolean
  /** The same for a request inside a result, to which no answer of the gateway's is due. */
  allowsInput(request: Message): boolean
  /** Answers the caller's request with the denial of what the server asked for in its result. */
  deny(): void
  /** Records that something was withheld from the client, and why. */
  dropped(why: string): void
  /** Records the response; throws GuardError when that is impossible. */
  settle(settled: Settled): void
}

export class AnswerFilter implements FrameSink {
  readonly #context: AnswerContext
  readonly #out: FrameSink
  /** null: nobody gets the ids, they need no sealing. */
  readonly #ids: ExchangeIds | null
  #idStream: IdStream | null = null
  #framing: Framing = 'none'
  /** A JSON answer's head waits for its message: status and body are decided together. */
  #head: AnswerHead | null = null
  #reader = new EnvelopeReader()
  readonly #held = new ByteBuffer()
  #bytes = 0
  #mode: 'hold' | 'stream' | 'drop' = 'hold'
  #answered = false
  #resumable = false
  #over = false

  constructor(context: AnswerContext, out: FrameSink, ids: ExchangeIds | null = null) {
    this.#context = context
    this.#out = out
    this.#ids = ids
  }

  head(head: AnswerHead): Flow {
    this.#framing = head.framing
    if (head.framing === 'none' && this.#expectsOwn && head.status < 300) {
      return this.#giveUp('an answer without a body where one was due')
    }
    if (head.framing !== 'json') return this.#out.head(head)
    this.#head = head
    return undefined
  }

  part(bytes: Uint8Array): Flow {
    if (this.#over) return undefined
    this.#bytes += bytes.length
    if (this.#mode === 'drop') {
      return this.#bytes > maxLeftOutBytes ? this.#giveUp('a message without an end') : undefined
    }
    this.#reader.push(bytes)
    if (this.#reader.problem !== null) return this.#refuse(this.#reader.problem)
    if (this.#mode === 'stream') return this.#stream(bytes)
    this.#held.append(bytes)
    return this.#held.length > holdBytes ? this.#outgrown() : undefined
  }

  message(bytes: Uint8Array, fields: EventFields): Flow {
    const flow = this.part(bytes)
    return flow === undefined
      ? this.#complete(fields)
      : flow.then(() => this.#complete(fields) ?? undefined)
  }

  idle(fields: EventFields): Flow {
    if (fields.id !== undefined) this.#resumable = true
    return this.#over ? undefined : this.#out.idle(fields)
  }

  end(): Flow {
    if (this.#over) return undefined
    // A stream that can be resumed may bring the response later (2025-11-25); no other may end so.
    const due = this.#expectsOwn && !this.#answered && this.#framing !== 'none'
    if (this.#mode === 'stream') return this.#giveUp('the answer ended inside a message')
    if (due && !this.#resumable) return this.#giveUp('the answer ended without a response')
    this.#over = true
    return this.#out.end()
  }

  fail(error: GuardError): void {
    if (this.#over) return
    this.#over = true
    this.#out.fail(error)
  }

  get #expectsOwn(): boolean {
    return this.#context.expected.type === 'own'
  }

  /** A message is larger than what is held back of one: may it be streamed, held on, or neither? */
  #outgrown(): Flow {
    const reader = this.#reader
    const limit = reader.hasList ? maxListBytes : maxMessageBytes
    const whole = reader.hasList || reader.asksForInput || !reader.inResult
    if (whole || reader.has('method') || reader.has('error')) {
      return this.#held.length > limit ? this.#refuse('a message over the size limit') : undefined
    }
    if (reader.has('id') && !this.#isExpected())
      return this.#refuse('a response to another request')
    this.#mode = 'stream'
    this.#idStream = this.#ids === null ? null : new IdStream(this.#ids)
    const held = this.#sealStreamed(this.#held.take())
    if (held === null) return this.#refuseLongId()
    const head = this.#sendHead()
    return head === undefined
      ? this.#out.part(held)
      : head.then(() => this.#out.part(held) ?? undefined)
  }

  #stream(bytes: Uint8Array): Flow {
    const { hasList, asksForInput } = this.#reader
    if (hasList || asksForInput || this.#reader.has('method')) {
      return this.#refuse('a list or request inside a large result')
    }
    const sealed = this.#sealStreamed(bytes)
    if (sealed === null) return this.#refuseLongId()
    if (!this.#reader.complete) return sealed.length === 0 ? undefined : this.#out.part(sealed)
    // The closing bracket waits until the whole message is known to be good.
    this.#held.append(sealed)
    return this.#held.length > holdBytes * 16 ? this.#refuse('white space without end') : undefined
  }

  /** null: it holds an id that cannot be sealed. */
  #sealStreamed(bytes: Uint8Array): Uint8Array | null {
    return this.#idStream === null ? bytes : this.#idStream.pass(bytes, this.#reader)
  }

  #complete(fields: EventFields): Flow {
    if (this.#over) return undefined
    if (fields.id !== undefined) this.#resumable = true
    const reader = this.#reader
    const mode = this.#mode
    const bytes = this.#bytes
    const held = this.#held.take()
    this.#reader = new EnvelopeReader()
    this.#mode = 'hold'
    this.#bytes = 0
    if (mode === 'drop') return undefined
    const priming = mode === 'hold' && held.length === 0 && this.#framing === 'sse'
    if (priming) return this.#out.message(held, fields)
    if (!reader.finish()) {
      if (mode === 'stream') this.#mode = mode
      return this.#refuse(reader.problem ?? 'an unreadable message', true)
    }
    if (reader.has('method')) return this.#serverMessage(held, fields, reader)
    if (!this.#isExpected(reader)) {
      if (mode === 'stream') this.#mode = mode
      return this.#refuse('a response to another request', true)
    }
    if (reader.asksForInput) {
      const requests = readInputRequests(held)
      if (requests === null) return this.#refuse('unreadable requests inside a result', true)
      if (!this.#allowsInput(requests)) return this.#denyInput()
    }
    return this.#respondSealed(held, fields, reader, bytes)
  }

  /** `size`: of the whole message, of which `held` may be only the end. */
  #respondSealed(
    held: Uint8Array,
    fields: EventFields,
    reader: EnvelopeReader,
    size: number,
  ): Flow {
    const places = reader.takeIds()
    const sealed = this.#ids === null ? [] : resultEdits(places, this.#ids)
    if (sealed === null) return this.#refuseLongId(true)
    const edits = [...sealed, ...cacheEdits(places, reader.hasList)]
    if (reader.hasList) return this.#respondWithLists(held, fields, reader, edits)
    const left = splice(held, edits)
    return this.#respond(left, fields, {
      hidden: 0,
      dropped: 0,
      bytes: size + left.length - held.length,
    })
  }

  #serverMessage(held: Uint8Array, fields: EventFields, reader: EnvelopeReader): Flow {
    if (this.#framing !== 'sse') return this.#refuse('a request in place of a response', true)
    const message = readServerMessage(held, reader.id)
    if (message === null) return this.#refuse('an unreadable request or notification', true)
    const sealed =
      this.#ids === null ? [] : messageEdits(reader, reader.takeIds(), message, this.#ids)
    if (sealed === null) return this.#refuseLongId(true)
    if (!this.#context.allows(message)) return undefined
    return this.#out.message(splice(held, sealed), fields)
  }

  /** Every request is judged, so that each leaves its own record. */
  #allowsInput(requests: readonly Message[]): boolean {
    return requests.map((request) => this.#context.allowsInput(request)).every(Boolean)
  }

  #denyInput(): Flow {
    // On a resumed stream it is not this exchange's request that would be answered.
    if (!this.#expectsOwn) return this.#refuse('a request inside a result was denied', true)
    this.#over = true
    this.#context.deny()
    return undefined
  }

  async #respondWithLists(
    held: Uint8Array,
    fields: EventFields,
    reader: EnvelopeReader,
    edits: readonly Edit[],
  ): Promise<void> {
    const cuts: Cut[] = []
    let hidden = 0
    let dropped = 0
    for (const written of reader.lists) {
      const modern = this.#context.era === 'modern'
      const list = modern ? withoutUnfitTools(written, held) : written
      const names = new Set<string>()
      const first = list.items.map(({ name }) => {
        const fresh = name !== null && !names.has(name)
        if (fresh) names.add(name)
        return fresh
      })
      const page = () => readPage(held, list, reader)
      const answers = await this.#context.visible(list.kind, [...names], page)
      const allowed = new Set([...names].filter((_, index) => answers[index] === true))
      const keep = list.items.map(
        ({ name }, index) => first[index] === true && name !== null && allowed.has(name),
      )
      dropped += first.filter((fresh) => !fresh).length
      hidden += names.size - allowed.size
      cuts.push({ list, keep })
    }
    if (this.#over) return
    const bytes = splice(held, [...listEdits(held, cuts), ...edits])
    await this.#respond(bytes, fields, { hidden, dropped, bytes: bytes.length })
  }

  #respond(bytes: Uint8Array, fields: EventFields, settled: Settled): Flow {
    // A JSON answer's head leaves with its first byte, so what is recorded has its status.
    const head = this.#sendHead()
    try {
      this.#context.settle(settled)
    } catch (error) {
      this.fail(error instanceof GuardError ? error : unrecorded(error))
      return undefined
    }
    this.#answered = true
    return head === undefined
      ? this.#out.message(bytes, fields)
      : head.then(() => this.#out.message(bytes, fields) ?? undefined)
  }

  #isExpected(reader = this.#reader): boolean {
    const { expected } = this.#context
    // Errors about a message that could not be read carry no id; they name nothing either.
    if (reader.id === null) return this.#framing === 'json' && reader.has('error')
    if (expected.type !== 'own') return expected.type === 'any'
    if (this.#answered) return false
    return reader.id.type === typeof expected.id && reader.id.text === String(expected.id)
  }

  #refuseLongId(complete = false): Flow {
    return this.#refuse('an id over the size limit', complete)
  }

  /** Nothing of this message goes on. `complete`: its last byte has been read. */
  #refuse(why: string, complete = false): Flow {
    if (this.#mode === 'stream' || this.#framing === 'json') return this.#giveUp(why)
    this.#held.take()
    this.#mode = complete ? 'hold' : 'drop'
    this.#context.dropped(why)
    return undefined
  }

  #giveUp(why: string): Flow {
    this.fail(new GuardError('GUARD_UPSTREAM_INVALID', why))
    return undefined
  }

  #sendHead(): Flow {
    const head = this.#head
    this.#head = null
    return head === null ? undefined : this.#out.head(head)
  }
}

function unrecorded(cause: unknown): GuardError {
  return new GuardError('GUARD_AUDIT_UNAVAILABLE', 'the answer could not be recorded', { cause })
}
