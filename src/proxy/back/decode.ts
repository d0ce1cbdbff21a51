/**
 * An upstream's answer as it arrives, turned into frames: one JSON text or an event stream.
 * Pieces are handed on in order; while the sink asks to wait, the rest of the chunk waits too.
 */
import { concat } from '../../lib/bytes.js'
import { SseDecoder } from '../../mcp/sse.js'
import type { Flow, FrameSink } from '../frames.js'

export interface BodyDecoder {
  push(chunk: Uint8Array): Flow
  end(): Flow
}

const empty = new Uint8Array()

/** The whole body is one message. A byte order mark in front is taken off once (RFC 8259 8.1). */
export class JsonBody implements BodyDecoder {
  readonly #sink: FrameSink
  /** The first bytes, while they may still be a byte order mark; null afterwards. */
  #lead: Uint8Array | null = empty

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  push(chunk: Uint8Array): Flow {
    if (this.#lead === null) return this.#sink.part(chunk)
    const bytes = this.#lead.length === 0 ? chunk : concat([this.#lead, chunk])
    if (bytes[0] === 0xef && bytes.length < 3) {
      this.#lead = bytes
      return undefined
    }
    this.#lead = null
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    return this.#sink.part(marked ? bytes.subarray(3) : bytes)
  }

  end(): Flow {
    const flow = this.#sink.message(this.#lead ?? empty, {})
    return flow === undefined ? this.#sink.end() : flow.then(() => this.#sink.end() ?? undefined)
  }
}

export class EventBody implements BodyDecoder {
  readonly #sink: FrameSink
  readonly #decoder = new SseDecoder()

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  push(chunk: Uint8Array): Flow {
    this.#decoder.push(chunk)
    return this.#drain()
  }

  end(): Flow {
    return this.#sink.end()
  }

  #drain(): Flow {
    for (let token = this.#decoder.next(); token !== null; token = this.#decoder.next()) {
      let flow: Flow
      if (token.type === 'data') flow = this.#sink.part(token.bytes)
      else if (token.type === 'comment') flow = this.#sink.idle({})
      else if (token.hasData) flow = this.#sink.message(empty, token.fields)
      else flow = this.#sink.idle(token.fields)
      if (flow !== undefined) return flow.then(() => this.#drain() ?? undefined)
    }
    return undefined
  }
}
