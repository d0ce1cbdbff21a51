/** One connection to a server that speaks in messages, whatever carries them. Types only. */
import type { GuardError } from '../../errors.js'

export interface Link {
  /** Bytes that were sent and not taken yet. */
  readonly backlog: number
  /**
   * One message. Resolves when it is on its way and further ones may follow; rejects with a
   * GuardError when the server refused this message, which it will then not answer.
   */
  send(bytes: Uint8Array): Promise<void>
  /** Nothing more is to be read until `resume`. */
  pause(): void
  resume(): void
  /** Ends the connection; nothing more is heard of it. */
  close(): void
}

export interface LinkListener {
  /** One whole message, or what came in the place of one. */
  received(bytes: Uint8Array): void
  /** The connection is over, by nobody's wish here. */
  lost(error: GuardError): void
}
