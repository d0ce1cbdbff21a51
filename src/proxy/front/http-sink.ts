/**
 * Frames onto one HTTP response. A JSON answer goes out in one write with its length, or chunked
 * when it is large; events go out one `data:` line each, head flushed at once. A reader that stops
 * reading holds its own exchange only, and is closed after a minute.
 */
import type { ServerResponse } from 'node:http'
import type { GuardError } from '../../errors.js'
import { comment, dataPrefix, type EventFields, encodeFields, oneLine } from '../../mcp/sse.js'
import type { AnswerHead, Flow, FrameSink, Framing } from '../frames.js'

/** How long a client may leave the answer unread before its connection is closed. */
export const stallMs = 60_000

export class HttpSink implements FrameSink {
  readonly #response: ServerResponse
  readonly #stallMs: number
  #framing: Framing = 'none'
  #head: AnswerHead | null = null
  #inEvent = false
  #bytes = 0
  /** Nothing was written since `keepAlive` was called last. */
  #quiet = false

  constructor(response: ServerResponse, afterMs = stallMs) {
    this.#response = response
    this.#stallMs = afterMs
  }

  /** Bytes of the answer's body so far. */
  get bytesOut(): number {
    return this.#bytes
  }

  head(head: AnswerHead): Flow {
    this.#framing = head.framing
    this.#head = head
    if (head.framing !== 'sse') return undefined
    this.#writeHead([])
    this.#response.flushHeaders()
    return undefined
  }

  part(bytes: Uint8Array): Flow {
    if (this.#framing !== 'sse') {
      this.#writeHead([])
      return this.#write(bytes)
    }
    if (!this.#inEvent) this.#response.write(dataPrefix)
    this.#inEvent = true
    return this.#write(oneLine(bytes))
  }

  message(bytes: Uint8Array, fields: EventFields): Flow {
    if (this.#framing !== 'sse') {
      this.#bytes += bytes.length
      if (!this.#response.headersSent) this.#writeHead(['content-length', String(bytes.length)])
      this.#response.end(bytes)
      closeWhenStalled(this.#response, this.#stallMs)
      return undefined
    }
    const tail = `\n${encodeFields(fields)}\n`
    const started = this.#inEvent
    this.#inEvent = false
    const event = [...(started ? [] : [dataPrefix]), oneLine(bytes), Buffer.from(tail)]
    return this.#write(Buffer.concat(event))
  }

  idle(fields: EventFields): Flow {
    // Inside an event whose data has begun, the next line is still that event's.
    if (this.#inEvent) return undefined
    const text = encodeFields(fields)
    return this.#write(text === '' ? comment : Buffer.from(`${text}\n`))
  }

  /**
   * To be called from time to time: says on a stream that has been quiet since the last time that it
   * is still there, so that nobody on the way takes it for dead.
   */
  keepAlive(): void {
    const { headersSent, writableEnded, writableNeedDrain } = this.#response
    const open = this.#framing === 'sse' && headersSent && !writableEnded
    if (open && this.#quiet && !writableNeedDrain) void this.idle({})
    this.#quiet = true
  }

  end(): Flow {
    if (this.#response.writableEnded) return undefined
    this.#writeHead(this.#framing === 'none' ? ['content-length', '0'] : [])
    this.#response.end()
    closeWhenStalled(this.#response, this.#stallMs)
    return undefined
  }

  fail(_: GuardError): void {
    this.#response.destroy()
  }

  #writeHead(more: readonly string[]): void {
    const head = this.#head
    this.#head = null
    if (head === null || this.#response.headersSent) return
    const headers = ['x-content-type-options', 'nosniff', ...more]
    for (const [name, value] of head.headers) headers.push(name, value)
    if (head.framing === 'json') headers.push('content-type', 'application/json')
    if (head.framing === 'sse') headers.push('content-type', 'text/event-stream')
    this.#response.writeHead(head.status, headers)
  }

  #write(bytes: Uint8Array): Flow {
    const response = this.#response
    this.#bytes += bytes.length
    this.#quiet = false
    if (response.destroyed || response.write(bytes)) return undefined
    return new Promise((resolve) => {
      const timer = setTimeout(() => response.destroy(), this.#stallMs)
      const settle = () => {
        clearTimeout(timer)
        response.off('drain', settle)
        response.off('close', settle)
        resolve()
      }
      response.once('drain', settle)
      response.once('close', settle)
    })
  }
}

/** After the end of an answer: closes the connection when its last bytes are not taken in time. */
export function closeWhenStalled(response: ServerResponse, afterMs = stallMs): void {
  if (response.writableFinished || (response.socket?.writableLength ?? 0) === 0) return
  const timer = setTimeout(() => response.destroy(), afterMs)
  const clear = () => clearTimeout(timer)
  response.once('finish', clear)
  response.once('close', clear)
}
