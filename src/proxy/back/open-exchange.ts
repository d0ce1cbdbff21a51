/**
 * One exchange on a connection: what is asked, the answer as it is delivered, and how long may pass
 * before the first of it. Puts into HTTP's terms what the server says in JSON-RPC's.
 */
import type { Era, Message } from '../../domain.js'
import { GuardError } from '../../errors.js'
import type { RefusalReason } from '../exchange/connection-state.js'
import { type Incoming, idKey } from '../exchange/incoming.js'
import type { FrameSink, Framing } from '../frames.js'
import type { UpstreamRequest } from './back.js'
import { Delivery } from './delivery.js'
import { modernStatus, refuseMessage } from './own-answer.js'

export interface OpenExchangeOptions {
  readonly request: UpstreamRequest
  readonly sink: FrameSink
  readonly era: Era
  /** Given to the client with the answer to `initialize`. */
  readonly sessionId: string | null
  /** Told how many bytes more, or fewer, wait for the reader. */
  readonly kept: (change: number) => void
}

export class OpenExchange {
  readonly delivery: Delivery
  readonly #options: OpenExchangeOptions
  #timer: NodeJS.Timeout | null = null

  constructor(options: OpenExchangeOptions) {
    this.#options = options
    this.delivery = new Delivery(options.sink, options.kept)
  }

  /** Null: it asks nothing, it listens. */
  get message(): Message | null {
    return this.#options.request.message
  }

  /** It has no end of its own: nobody waits for an answer. */
  get isLasting(): boolean {
    return this.message === null || this.#options.request.longLived
  }

  get isInitialize(): boolean {
    return this.message?.method === 'initialize'
  }

  get ofGateway(): boolean {
    return this.#options.request.ofGateway ?? false
  }

  get progressToken(): string | null {
    const meta = this.message?.params?.['_meta']
    if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return null
    const token = meta['progressToken']
    return typeof token === 'string' || typeof token === 'number' ? idKey(token) : null
  }

  /** Calls `late` when nothing comes in time. A slow reader, or a sink at work, is waited for. */
  limit(timeoutMs: number, late: () => void): void {
    if (this.isLasting) return
    const timer = setTimeout(() => {
      if (this.delivery.busy) timer.refresh()
      else late()
    }, timeoutMs)
    this.#timer = timer
  }

  unlimited(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** `first`: what is passed next, if anything is. */
  begin(framing: Framing, first: Incoming | null): void {
    const { era, sessionId } = this.#options
    const errorCode = first?.errorCode ?? null
    const headers = new Map<string, string>()
    const begins = this.isInitialize && errorCode === null
    if (begins && sessionId !== null) headers.set('mcp-session-id', sessionId)
    const status = era === 'modern' ? modernStatus(errorCode) : 200
    this.delivery.head({ status, framing, headers })
  }

  refuse(reason: RefusalReason): void {
    this.unlimited()
    switch (reason) {
      case 'already-listening':
        return this.delivery.status(409)
      case 'too-many-pending':
        return this.delivery.fail(
          new GuardError('GUARD_UPSTREAM_BUSY', 'too many requests are pending on a connection'),
        )
      case 'id-in-use':
        return refuseMessage(this.delivery, this.message, 'a request with this id is in progress')
      default:
        return reason satisfies never
    }
  }

  /** `heard`: the server has said something before. */
  fail(error: GuardError, heard: boolean): void {
    this.unlimited()
    // A server of the older era alone may end at this question. That is its answer to it, as a
    // client over stdio would take it; a 5xx would tell it that the server is down.
    if (this.message?.method === 'server/discover' && !heard) this.delivery.status(400)
    else this.delivery.fail(error)
  }
}
