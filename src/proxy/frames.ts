/**
 * What passes between a back (an upstream's bytes), the answer filter and a front (a client's
 * bytes): messages and their framing's fields, never the framing itself. Types only.
 */
import type { GuardError } from '../errors.js'
import type { EventFields } from '../mcp/sse.js'

/** A promise asks the caller to send nothing more until it resolves (back-pressure, or work). */
export type Flow = undefined | Promise<void>

/** `json`: exactly one message. `sse`: any number. `none`: a status without a body. */
export type Framing = 'json' | 'sse' | 'none'

export interface AnswerHead {
  readonly status: number
  readonly framing: Framing
  /** Names in lower case; only those that may pass. */
  readonly headers: ReadonlyMap<string, string>
}

/** Receives one answer: `head` once, then messages, then exactly one of `end` and `fail`. */
export interface FrameSink {
  head(head: AnswerHead): Flow
  /** Bytes of a message that a later `message` completes. */
  part(bytes: Uint8Array): Flow
  /** The last, usually the only, bytes of a message; empty bytes and no part: a priming event. */
  message(bytes: Uint8Array, fields: EventFields): Flow
  /** An event without data (only fields), or a comment when there are none. */
  idle(fields: EventFields): Flow
  end(): Flow
  /** The answer can't be completed: no reader may take what was sent for a whole one. */
  fail(error: GuardError): void
}
