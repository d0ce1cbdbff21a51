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
import { idKey, readIncoming } from '../exchange/incoming.js'
import type { FrameSink } from '../frames.js'
import type { Exchange, UpstreamRequest } from './back.js'
import { Delivery } from './delivery.js'
import type { Link, LinkListener } from './link.js'
import { modernStatus, refuseMessage } from './own-answer.js'

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

interface Open {
  readonly request: UpstreamRequest
  readonly delivery: Delivery
  timer: NodeJS.Timeout | null
}

export class Connection implements LinkListener {
  readonly principal: string
  readonly #options: ConnectionOptions
  readonly #link: Link
  readonly #limits: ConnectionLimits
  readonly #open = new Map<ExchangeKey, Open>()
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

  open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const delivery = new Delivery(sink, (change) => this.#keep(change))
    const { message, verb } = request
    if (this.#over) {
      delivery.status(404)
      return { abort: () => delivery.stop() }
    }
    this.#touch()
    if (verb === 'POST' && this.#link.backlog > maxBacklogBytes) {
      delivery.fail(new GuardError('GUARD_UPSTREAM_BUSY', 'the server does not take its messages'))
      this.#settle()
      return { abort: () => delivery.stop() }
    }
    if (verb === 'POST' && message !== null && message.kind !== 'request') {
      this.#tell(message, delivery)
      return { abort: () => delivery.stop() }
    }
    this.#last += 1
    const exchange = this.#last
    this.#open.set(exchange, { request, delivery, timer: this.#timer(exchange, request) })
    if (message?.kind === 'request' && message.id !== null) {
      const id = idKey(message.id)
      const progressToken = tokenOf(message)
      const ofGateway = request.ofGateway ?? false
      this.#dispatch({ type: 'asked', exchange, id, progressToken, ofGateway })
    } else this.#dispatch({ type: 'listening', exchange })
    return { abort: () => this.#abort(exchange) }
  }

  received(bytes: Uint8Array): void {
    if (this.#over) return
    const message = readIncoming(bytes)
    if (message === null) return this.#options.dropped('noise')
    if (!this.#heard) this.#options.heard()
    this.#heard = true
    this.#touch()
    // While the client is asked something, a person may have to think.
    if (message.kind === 'request') for (const open of this.#open.values()) stopTimer(open)
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
    this.#finish('ended', new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the session was ended'))
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
    if (effect.type === 'drop') return this.#options.dropped(effect.reason)
    const { exchange } = effect
    const open = this.#open.get(exchange)
    if (open === undefined) return
    const { request, delivery } = open
    switch (effect.type) {
      case 'send':
        return this.#send(exchange, request)
      case 'refuse':
        this.#forget(exchange)
        if (effect.reason === 'already-listening') return delivery.status(409)
        if (effect.reason === 'too-many-pending') {
          return delivery.fail(new GuardError('GUARD_UPSTREAM_BUSY', 'too many pending requests'))
        }
        return refuseMessage(delivery, request.message, 'a request with this id is in progress')
      case 'begin': {
        const errorCode = effect.first?.errorCode ?? null
        const headers = new Map<string, string>()
        const { sessionId, era } = this.#options
        const begins = request.message?.method === 'initialize' && errorCode === null
        if (begins && sessionId !== null) headers.set('mcp-session-id', sessionId)
        const status = era === 'modern' ? modernStatus(errorCode) : 200
        return delivery.head({ status, framing: effect.framing, headers })
      }
      case 'pass':
        if (live) stopTimer(open)
        if (request.message?.method === 'initialize') {
          this.#refused = effect.message.errorCode !== null
        }
        return delivery.message(effect.message.bytes)
      case 'end':
        this.#forget(exchange)
        return delivery.end()
      case 'fail':
        this.#forget(exchange)
        return this.#failed(request, delivery, error)
      default:
        return effect satisfies never
    }
  }

  #failed({ message }: UpstreamRequest, delivery: Delivery, error: GuardError | null): void {
    // A server of the older era alone may end at this question. That is its answer to it, as a
    // client over stdio would take it; a 5xx would tell it that the server is down.
    if (message?.method === 'server/discover' && !this.#heard) return delivery.status(400)
    delivery.fail(error ?? new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the connection is over'))
  }

  #send(exchange: ExchangeKey, { message }: UpstreamRequest): void {
    if (message === null) return
    this.#options.asked(message.method)
    this.#link.send(serialise(message)).catch((thrown: GuardError) => {
      this.#dispatch({ type: 'given-up', exchange }, false, thrown)
      this.#settle()
    })
  }

  #timer(exchange: ExchangeKey, { verb, longLived }: UpstreamRequest): NodeJS.Timeout | null {
    if (verb !== 'POST' || longLived) return null
    const timer = setTimeout(() => {
      const open = this.#open.get(exchange)
      if (open === undefined) return
      if (open.delivery.busy) return void timer.refresh()
      this.#leave(exchange)
      open.delivery.fail(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'no answer in time'))
    }, this.#options.timeoutMs)
    return timer
  }

  #abort(exchange: ExchangeKey): void {
    const open = this.#open.get(exchange)
    if (open === undefined) return
    open.delivery.stop()
    this.#leave(exchange)
  }

  /** Nobody waits for this answer any more. */
  #leave(exchange: ExchangeKey): void {
    const message = this.#open.get(exchange)?.request.message ?? null
    this.#forget(exchange)
    this.#dispatch({ type: 'left', exchange })
    // Nobody knows the session's id.
    if (message?.method === 'initialize') return this.close()
    if (this.#options.era === 'modern' && message !== null) this.#cancel(message)
    this.#settle()
  }

  #cancel({ id }: Message): void {
    const cancelled = ownMessage({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: id },
    })
    this.#link.send(serialise(cancelled)).catch(() => undefined)
    setTimeout(() => {
      if (this.#state.pending.size > 0) this.close()
    }, cancelMs).unref()
  }

  #forget(exchange: ExchangeKey): void {
    const open = this.#open.get(exchange)
    if (open !== undefined) stopTimer(open)
    this.#open.delete(exchange)
  }

  /** Whether anybody waits for anything. */
  get #busy(): boolean {
    return this.#open.size > 0
  }

  #settle(): void {
    if (this.#over) return
    if (this.#aged && ![...this.#open.values()].some(({ request }) => request.message !== null)) {
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

function stopTimer(open: Open): void {
  if (open.timer !== null) clearTimeout(open.timer)
  open.timer = null
}

function tokenOf({ params }: Message): string | null {
  const meta = params?.['_meta']
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return null
  const token = meta['progressToken']
  return typeof token === 'string' || typeof token === 'number' ? idKey(token) : null
}
