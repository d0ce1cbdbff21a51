/**
 * One connection to a server, shared by the exchanges of one client alone. Carries out what the
 * reducer of `exchange/` says, and adds what has to do with time: the limit of an answer, idleness,
 * the end of a connection's life, and what becomes of a request that nobody waits for any more (in
 * the older era it goes on; in 2026-07-28 it is cancelled). Each request gets exactly one answer or
 * one error, and none is ever sent again.
 */
import type { Era, Message } from '../../domain.js'
import { GuardError } from '../../errors.js'
import { ownMessage, serialise } from '../../mcp/json-rpc.js'
import {
  type ConnectionEvent,
  type ConnectionLimits,
  type DropReason,
  type Effect,
  type ExchangeKey,
  idleState,
  reduce,
} from '../exchange/connection-state.js'
import { type Incoming, idKey, readIncoming } from '../exchange/incoming.js'
import type { FrameSink } from '../frames.js'
import type { Exchange, UpstreamRequest } from './back.js'
import type { Delivery } from './delivery.js'
import type { Link, LinkListener } from './link.js'
import { OpenExchange } from './open-exchange.js'
import { declined } from './own-answer.js'

export interface ConnectionOptions {
  readonly era: Era
  readonly principal: string
  /** Given to the client with the answer to `initialize`. */
  readonly sessionId: string | null
  /** To the first message of an answer. */
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
  /** Afterwards it ends as soon as no request is pending; null: never. */
  readonly maxLifetimeMs: number | null
  /** What the server said is dropped, and why. */
  readonly dropped: (reason: DropReason | 'noise') => void
  /** No request is pending any more. */
  readonly free: () => void
  /** The first message of the server. */
  readonly heard: () => void
  /** A request is on its way to the server. */
  readonly asked: (method: string) => void
  /** Called once; null: it was ended on purpose. */
  readonly over: (error: GuardError | null) => void
}

/** Requests pending on one connection, those included whose client went. */
const maxPending = 1024
const maxWaiting = 256
const maxWaitingBytes = 1024 * 1024
/** Bytes kept for slow readers before the server is read no further. */
const maxKeptBytes = 256 * 1024
/** Bytes that the server has not taken, before further messages to it are refused. */
const maxBacklogBytes = 4 * 1024 * 1024
/** How long a server may take to answer a request that was cancelled. */
const cancelMs = 5000

export class Connection implements LinkListener {
  readonly principal: string
  readonly #options: ConnectionOptions
  readonly #link: Link
  readonly #limits: ConnectionLimits
  readonly #open = new Map<ExchangeKey, OpenExchange>()
  readonly #idleTimer: NodeJS.Timeout
  readonly #lifeTimer: NodeJS.Timeout | null
  #state = idleState
  #last: ExchangeKey = 0
  #keptBytes = 0
  #paused = false
  #aged = false
  #activeMs = performance.now()
  #heard = false
  /** The server did not want to be initialised. */
  #refused = false
  #over = false

  /** `connect` is handed who listens; it must not call it before it has returned. */
  constructor(options: ConnectionOptions, connect: (listener: LinkListener) => Link) {
    this.#options = options
    this.principal = options.principal
    // A request of 2026-07-28 is its own world: what is said between two of them is for nobody.
    const keeps = options.era === 'legacy'
    this.#limits = {
      maxPending,
      maxWaiting: keeps ? maxWaiting : 0,
      maxWaitingBytes: keeps ? maxWaitingBytes : 0,
      serverAsks: keeps,
    }
    this.#link = connect(this)
    this.#idleTimer = setTimeout(() => this.#idle(), options.idleTimeoutMs).unref()
    this.#lifeTimer =
      options.maxLifetimeMs === null
        ? null
        : setTimeout(() => {
            this.#aged = true
            this.#settle()
          }, options.maxLifetimeMs).unref()
  }

  /** The server has said something that is a message. */
  get heard(): boolean {
    return this.#heard
  }

  get isOver(): boolean {
    return this.#over
  }

  /** When something last happened on it; null: somebody waits for something now. */
  get quietSinceMs(): number | null {
    return this.#busy ? null : this.#activeMs
  }

  /** The same, but who only listens does not count as waiting. */
  get unaskedSinceMs(): number | null {
    for (const open of this.#open.values()) if (!open.isLasting) return null
    return this.#activeMs
  }

  open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const { era, sessionId, timeoutMs } = this.#options
    const kept = (change: number) => this.#keep(change)
    const open = new OpenExchange({ request, sink, era, sessionId, kept })
    const { message, delivery } = open
    const over = { abort: () => delivery.stop() }
    if (this.#over) {
      delivery.status(404)
      return over
    }
    this.#touch()
    if (message !== null && this.#link.backlog > maxBacklogBytes) {
      delivery.fail(new GuardError('GUARD_UPSTREAM_BUSY', 'the server does not take its messages'))
      this.#settle()
      return over
    }
    if (message !== null && message.kind !== 'request') {
      this.#tell(message, delivery)
      return over
    }
    this.#last += 1
    const exchange = this.#last
    this.#open.set(exchange, open)
    open.limit(timeoutMs, () => {
      this.#leave(exchange)
      delivery.fail(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer in time'))
    })
    if (message === null || message.id === null) this.#dispatch({ type: 'listening', exchange })
    else {
      const { progressToken, ofGateway } = open
      const id = idKey(message.id)
      this.#dispatch({ type: 'asked', exchange, id, progressToken, ofGateway })
    }
    return { abort: () => this.#abort(exchange) }
  }

  received(bytes: Uint8Array): void {
    if (this.#over) return
    const message = readIncoming(ownBytes(bytes))
    if (message === null) return this.#options.dropped('noise')
    if (!this.#heard) this.#options.heard()
    this.#heard = true
    this.#touch()
    // While the client is asked something, a person may have to think.
    const asks = message.kind === 'request' && this.#limits.serverAsks
    if (asks) for (const open of this.#open.values()) open.unlimited()
    this.#dispatch({ type: 'received', message }, true)
    if (this.#refused) this.close()
    else this.#settle()
  }

  lost(error: GuardError): void {
    this.#finish('lost', error)
  }

  close(): void {
    if (this.#over) return
    this.#link.close()
    this.#finish('ended', unreachable('the session was ended'))
  }

  /** A notification or a response: accepted once the server has it. */
  #tell(message: Message, delivery: Delivery): void {
    if (message.method === 'notifications/cancelled') this.#awaitCancelled(message)
    this.#link.send(serialise(message)).then(
      () => delivery.status(202),
      (thrown: GuardError) => delivery.fail(thrown),
    )
  }

  /** An answer may cross the cancellation; afterwards most servers give none. */
  #awaitCancelled({ params }: Message): void {
    const id = params?.['requestId']
    if (typeof id !== 'string' && typeof id !== 'number') return
    const exchange = this.#state.pending.get(idKey(id))?.exchange
    if (exchange === undefined) return
    const error = new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer to a cancelled request')
    setTimeout(() => this.#dispatch({ type: 'given-up', exchange }, false, error), cancelMs).unref()
  }

  #dispatch(event: ConnectionEvent, live = false, error: GuardError | null = null): void {
    const { state, effects } = reduce(this.#state, event, this.#limits)
    this.#state = state
    for (const effect of effects) this.#carryOut(effect, live, error)
  }

  #carryOut(effect: Effect, live: boolean, error: GuardError | null): void {
    if (effect.type === 'drop') {
      if (effect.message.kind === 'request') this.#decline(effect.message)
      return this.#options.dropped(effect.reason)
    }
    const { exchange } = effect
    const open = this.#open.get(exchange)
    if (open === undefined) return
    switch (effect.type) {
      case 'send':
        return this.#send(exchange, open.message)
      case 'begin':
        return open.begin(effect.framing, effect.first)
      case 'pass':
        if (live) open.unlimited()
        if (open.isInitialize) this.#refused = effect.message.errorCode !== null
        return open.delivery.message(effect.message.bytes)
      case 'refuse':
        this.#open.delete(exchange)
        return open.refuse(effect.reason)
      case 'end':
        this.#open.delete(exchange)
        open.unlimited()
        return open.delivery.end()
      case 'fail':
        this.#open.delete(exchange)
        return open.fail(error ?? unreachable('the connection is over'), this.#heard)
      default:
        return effect satisfies never
    }
  }

  #send(exchange: ExchangeKey, message: Message | null): void {
    if (message === null) return
    this.#options.asked(message.method)
    this.#link.send(serialise(message)).catch((thrown: GuardError) => {
      this.#dispatch({ type: 'given-up', exchange }, false, thrown)
      // A process that once answered and now takes no messages is not for the next request either.
      if (this.#options.era === 'modern' && this.#heard) this.close()
      else this.#settle()
    })
  }

  /** A server that asks somebody who is not there waits for the answer. */
  #decline(request: Incoming): void {
    const answer = this.#link.backlog > maxBacklogBytes ? null : declined(request)
    if (answer !== null) this.#link.send(serialise(answer)).catch(() => undefined)
  }

  #abort(exchange: ExchangeKey): void {
    const open = this.#open.get(exchange)
    if (open === undefined) return
    open.delivery.stop()
    this.#leave(exchange)
  }

  /** Nobody waits for this answer any more. */
  #leave(exchange: ExchangeKey): void {
    const open = this.#open.get(exchange)
    if (open === undefined) return
    open.unlimited()
    this.#open.delete(exchange)
    this.#dispatch({ type: 'left', exchange })
    // Nobody knows the session's id.
    if (open.isInitialize) return this.close()
    if (this.#options.era === 'modern' && open.message !== null) {
      this.#cancel(exchange, open.message)
    }
    this.#settle()
  }

  #cancel(exchange: ExchangeKey, { id }: Message): void {
    const cancelled = ownMessage({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: id },
    })
    this.#link.send(serialise(cancelled)).catch(() => undefined)
    setTimeout(() => {
      // Was it answered, then what is pending by now is another request's.
      const pending = [...this.#state.pending.values()]
      if (pending.some((one) => one.exchange === exchange)) this.close()
    }, cancelMs).unref()
  }

  /** Whether anybody waits for anything. */
  get #busy(): boolean {
    return this.#open.size > 0
  }

  #settle(): void {
    if (this.#over) return
    if (this.#aged && ![...this.#open.values()].some(({ message }) => message !== null)) {
      return this.close()
    }
    if (this.#state.pending.size === 0) this.#options.free()
  }

  #touch(): void {
    this.#activeMs = performance.now()
    this.#idleTimer.refresh()
  }

  #idle(): void {
    if (this.#busy) this.#idleTimer.refresh()
    else this.close()
  }

  #keep(change: number): void {
    this.#keptBytes += change
    const pause = this.#keptBytes > maxKeptBytes
    if (pause === this.#paused || this.#over) return
    this.#paused = pause
    if (pause) this.#link.pause()
    else this.#link.resume()
  }

  #finish(how: 'lost' | 'ended', error: GuardError): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#idleTimer)
    if (this.#lifeTimer !== null) clearTimeout(this.#lifeTimer)
    this.#dispatch({ type: how }, false, error)
    this.#options.over(how === 'lost' ? error : null)
  }
}

/** A small part of what was read at once would keep all of it for as long as it waits itself. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? Uint8Array.from(bytes) : bytes
}

function unreachable(why: string): GuardError {
  return new GuardError('GUARD_UPSTREAM_UNREACHABLE', why)
}
