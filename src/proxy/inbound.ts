/** What a front hands to the pipeline: a request whose body is not read yet, and ways to answer. */
import type { Connection } from '../domain.js'
import type { FrameSink } from './frames.js'
import type { HttpAnswer } from './outcome.js'

export type BodyResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: 'too-large' | 'too-slow' | 'aborted' }

export type Gone = 'client' | 'stopping'

export interface Inbound {
  readonly transport: 'http' | 'sse' | 'stdio'
  readonly verb: string
  /** The request target as it was sent: never decoded, never normalised. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** Of the client: the connection's other end, or whom a trusted proxy names. */
  readonly ip: string
  readonly connection: Connection
  /** The only principal (`Identity.binding`) it may come from; null: none, undefined: any. */
  readonly owner?: string | null | undefined
  /** True: an answer's status and headers reach the client. Else it shares a channel with others. */
  readonly hasStatus?: boolean
  /** True: its answer takes a connection of the listener for as long as it lasts. */
  readonly holdsConnection?: boolean
  /** Reads the body within the front's limits of size and time; call at most once. */
  readBody(): Promise<BodyResult>
  /** A whole answer at once. Exactly one of `reply` and `sink` is used, unless `sink` never began. */
  reply(answer: HttpAnswer): void
  /** An answer that passes from an upstream. `headers`: further ones, name and value alternate. */
  readonly sink: FrameSink
  /** What was asked is on its way to the upstream: no step refuses it any more. */
  forwarded(): void
  /** What is sent is a stream without an end: a draining front closes it. */
  endOnDrain(): void
  /** True once `sink` has put a status on the wire. */
  readonly begun: boolean
  /**
   * Called when the answer ends before it is complete: its client goes, or the gateway stops; at
   * once where that has happened. The newest listener is the one that is called.
   */
  onGone(listener: (why: Gone) => void): void
  /** Bytes of the body read so far. */
  readonly bytesIn: number
}
