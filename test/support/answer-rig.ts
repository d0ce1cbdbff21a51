/**
 * Runs an upstream's answer through everything between two sockets: head, body decoder, filter and
 * the client's side of HTTP. Stub at one seam: the response object, since there is no socket.
 */
import type { ServerResponse } from 'node:http'
import type { Era, ListKind, Message } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import {
  type AnswerContext,
  AnswerFilter,
  type Expected,
  type Settled,
} from '../../src/proxy/answer/filter.js'
import type { ExchangeIds } from '../../src/proxy/answer/sealed-ids.js'
import { EventBody, JsonBody } from '../../src/proxy/back/decode.js'
import { type ResponseHeaders, readHead } from '../../src/proxy/back/head.js'
import type { FrameSink } from '../../src/proxy/frames.js'
import { HttpSink } from '../../src/proxy/front/http-sink.js'

export interface UpstreamAnswer {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly chunks: readonly Uint8Array[]
}

export interface ClientView {
  /** Status and body on the wire; null: the head itself was refused, nothing left. */
  readonly status: number | null
  readonly contentType: string
  readonly cacheControl: string | undefined
  readonly body: Uint8Array
  /** The connection was broken off: no reader may take the body for a whole one. */
  readonly broken: boolean
  readonly failed: string | null
  readonly settled: readonly Settled[]
  readonly dropped: readonly string[]
  readonly asked: readonly Message[]
}

export interface RigOptions {
  readonly expected: Expected
  readonly era?: Era
  readonly allowed: (kind: ListKind, name: string) => boolean
  readonly allows?: (message: Message) => boolean
  readonly ids?: ExchangeIds
}

export class ResponseStub {
  headersSent = false
  writableEnded = false
  destroyed = false
  status: number | null = null
  readonly headers = new Map<string, string>()
  readonly pieces: Uint8Array[] = []

  writeHead(status: number, headers: readonly string[]): void {
    this.headersSent = true
    this.status = status
    for (let index = 0; index + 1 < headers.length; index += 2) {
      this.headers.set(headers[index] ?? '', headers[index + 1] ?? '')
    }
  }
  flushHeaders(): void {
    this.headersSent = true
  }
  write(bytes: Uint8Array): boolean {
    this.pieces.push(Uint8Array.from(bytes))
    return true
  }
  end(content?: Uint8Array | string, encoding?: 'latin1'): void {
    if (content !== undefined) {
      this.write(typeof content === 'string' ? Buffer.from(content, encoding) : content)
    }
    this.writableEnded = true
  }
  destroy(): void {
    this.destroyed = true
  }
}

/** Ends like the outlet does: a failure before the first byte is a status, after it a break. */
class LastStation implements FrameSink {
  failed: string | null = null
  readonly #sink: HttpSink
  readonly #response: ResponseStub
  constructor(sink: HttpSink, response: ResponseStub) {
    this.#sink = sink
    this.#response = response
  }
  head: FrameSink['head'] = (head) => this.#sink.head(head)
  part: FrameSink['part'] = (bytes) => this.#sink.part(bytes)
  message: FrameSink['message'] = (bytes, fields) => this.#sink.message(bytes, fields)
  idle: FrameSink['idle'] = (fields) => this.#sink.idle(fields)
  end: FrameSink['end'] = () => this.#sink.end()
  fail(error: GuardError): void {
    this.failed = error.message
    if (!this.#response.headersSent) this.#response.status = error.status
    else this.#response.destroy()
  }
}

export async function passAnswer(answer: UpstreamAnswer, options: RigOptions): Promise<ClientView> {
  const response = new ResponseStub()
  const settled: Settled[] = []
  const dropped: string[] = []
  const asked: Message[] = []
  const context: AnswerContext = {
    expected: options.expected,
    era: options.era ?? 'legacy',
    visible: async (kind, names) => names.map((name) => options.allowed(kind, name)),
    allows(message) {
      asked.push(message)
      return options.allows?.(message) ?? true
    },
    allowsInput(request) {
      asked.push(request)
      return options.allows?.(request) ?? true
    },
    deny: () => last.fail(new GuardError('GUARD_UPSTREAM_INVALID', 'denied')),
    dropped: (why) => dropped.push(why),
    settle: (what) => settled.push(what),
  }
  const last = new LastStation(new HttpSink(response as unknown as ServerResponse), response)
  const filter = new AnswerFilter(context, last, options.ids ?? null)
  const head = readHead(answer.status, answer.headers)
  if (typeof head === 'string') {
    return { ...view(response, settled, dropped, asked), failed: head, status: null }
  }
  await filter.head(head)
  const body =
    head.framing === 'json'
      ? new JsonBody(filter)
      : head.framing === 'sse'
        ? new EventBody(filter)
        : null
  for (const chunk of answer.chunks) await body?.push(chunk)
  await (body === null ? filter.end() : body.end())
  return { ...view(response, settled, dropped, asked), failed: last.failed }
}

function view(
  response: ResponseStub,
  settled: readonly Settled[],
  dropped: readonly string[],
  asked: readonly Message[],
): ClientView {
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    cacheControl: response.headers.get('cache-control'),
    body: Buffer.concat(response.pieces),
    broken: response.destroyed,
    failed: null,
    settled,
    dropped,
    asked,
  }
}
