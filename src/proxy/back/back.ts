/** What the pipeline knows of an upstream: something that answers an exchange with frames. */
import type { Era, Message, Observer } from '../../domain.js'
import type { FrameSink } from '../frames.js'
import type { TellDropped } from './drops.js'

export interface UpstreamRequest {
  readonly verb: 'POST' | 'GET' | 'DELETE'
  readonly era: Era
  /** What is sent, once it was judged; null where nothing is. */
  readonly message: Message | null
  /** The upstream's own id of a legacy session. */
  readonly sessionId: string | null
  /** Whose exchange it is: `Identity.binding`. */
  readonly principal: string
  /** Name and value alternate; exactly what the upstream is to see, framing aside. */
  readonly headers: readonly string[]
  /** The gateway asks on its own account: what the server tells the client is not for this. */
  readonly ofGateway?: true
  /** The answer may be a stream without an end, which keeps its connection. */
  readonly longLived: boolean
}

export interface Exchange {
  /** Ends the exchange at the upstream; the sink hears nothing more. Harmless when it is over. */
  abort(): void
  /**
   * Nobody waits for the answer any more, which is no reason for the upstream to stop. What it has
   * not been sent is not sent.
   */
  orphan?(): void
}

export interface Back {
  open(request: UpstreamRequest, sink: FrameSink): Exchange
  /** Whether the upstream answers at all, or could be started, asked now; never throws. */
  answers(): Promise<boolean>
  close(): Promise<void>
}

/** Whom a back tells what belongs to no exchange. */
export interface BackEvents {
  readonly observer: Observer
  readonly dropped: TellDropped
}
