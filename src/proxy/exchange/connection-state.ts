/**
 * What is open on a connection that all exchanges of one client with one server share, and whom each
 * message of the server is for: a pure reducer, (state, event) → (state, effects).
 * A response is for the pending request with its id and JSON type, else for nobody. A request or
 * notification is for the request whose progress it tells, else for the open GET stream, else for
 * the newest pending request of the client; while there is nobody it waits, within bounds. Where
 * servers may not ask anything (2026-07-28) their requests are for nobody.
 * Knows neither bytes on the wire nor time.
 */
import type { Incoming } from './incoming.js'

/** Names an exchange; a later one has a larger number. */
export type ExchangeKey = number

export interface ConnectionLimits {
  readonly maxPending: number
  /** Of the server's messages that wait for somebody; the oldest are dropped for new ones. */
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  /** Whether the server may ask its client for something. */
  readonly serverAsks: boolean
}

interface Pending {
  readonly exchange: ExchangeKey
  readonly progressToken: string | null
  /** Asked by the gateway itself: the client's messages are not for it. */
  readonly ofGateway: boolean
  /** Something was passed on its stream. */
  readonly begun: boolean
  /**
   * Nobody waits for the answer any more. The id stays taken until it has come, so that it is not
   * taken for the answer to another; only where there are too many, the oldest is forgotten.
   */
  readonly left: boolean
}

export interface ConnectionState {
  /** By `idKey`, in the order in which they were asked. */
  readonly pending: ReadonlyMap<string, Pending>
  readonly listener: ExchangeKey | null
  readonly waiting: readonly Incoming[]
  readonly waitingBytes: number
}

export type ConnectionEvent =
  | {
      readonly type: 'asked'
      readonly exchange: ExchangeKey
      readonly id: string
      readonly progressToken: string | null
      readonly ofGateway: boolean
    }
  | { readonly type: 'listening'; readonly exchange: ExchangeKey }
  /** Nobody reads its answer any more; the request itself goes on. */
  | { readonly type: 'left'; readonly exchange: ExchangeKey }
  /** The server never got it, or will not answer it any more. */
  | { readonly type: 'given-up'; readonly exchange: ExchangeKey }
  | { readonly type: 'received'; readonly message: Incoming }
  /** `ended`: on purpose. */
  | { readonly type: 'lost' | 'ended' }

export type RefusalReason = 'id-in-use' | 'already-listening' | 'too-many-pending'
export type DropReason = 'unknown-id' | 'nobody-listens' | 'may-not-ask'

export type Effect =
  | { readonly type: 'send'; readonly exchange: ExchangeKey }
  | { readonly type: 'refuse'; readonly exchange: ExchangeKey; readonly reason: RefusalReason }
  | {
      readonly type: 'begin'
      readonly exchange: ExchangeKey
      readonly framing: 'json' | 'sse'
      /** What is passed next, if anything is. */
      readonly first: Incoming | null
    }
  | { readonly type: 'pass'; readonly exchange: ExchangeKey; readonly message: Incoming }
  | { readonly type: 'end' | 'fail'; readonly exchange: ExchangeKey }
  | { readonly type: 'drop'; readonly reason: DropReason; readonly message: Incoming }

export interface Step {
  readonly state: ConnectionState
  readonly effects: readonly Effect[]
}

export const idleState: ConnectionState = {
  pending: new Map(),
  listener: null,
  waiting: [],
  waitingBytes: 0,
}

const nothing: readonly Effect[] = []

export function reduce(
  state: ConnectionState,
  event: ConnectionEvent,
  limits: ConnectionLimits,
): Step {
  switch (event.type) {
    case 'asked':
      return asked(state, event, limits)
    case 'listening':
      return listening(state, event.exchange)
    case 'left':
      return left(state, event.exchange)
    case 'given-up':
      return givenUp(state, event.exchange)
    case 'received':
      return event.message.kind === 'response'
        ? answered(state, event.message)
        : said(state, event.message, limits)
    case 'lost':
    case 'ended':
      return over(state, event.type)
    default:
      return event satisfies never
  }
}

function asked(
  state: ConnectionState,
  event: Extract<ConnectionEvent, { type: 'asked' }>,
  { maxPending }: ConnectionLimits,
): Step {
  const { exchange, id, progressToken, ofGateway } = event
  const refuse = (reason: RefusalReason): Step => ({
    state,
    effects: [{ type: 'refuse', exchange, reason }],
  })
  if (state.pending.has(id)) return refuse('id-in-use')
  const pending = new Map(state.pending)
  if (pending.size >= maxPending) {
    const oldest = entryThat(state, ({ left: gone }) => gone)
    if (oldest === null) return refuse('too-many-pending')
    pending.delete(oldest[0])
  }
  // What waited goes on the first stream there is: a client need not open one of its own.
  const flushed = ofGateway ? nothing : flush(state, exchange)
  const begun = flushed.length > 0
  pending.set(id, { exchange, progressToken, ofGateway, begun, left: false })
  const emptied = begun ? { ...state, waiting: [], waitingBytes: 0 } : state
  return { state: { ...emptied, pending }, effects: [{ type: 'send', exchange }, ...flushed] }
}

function listening(state: ConnectionState, exchange: ExchangeKey): Step {
  if (state.listener !== null) {
    return { state, effects: [{ type: 'refuse', exchange, reason: 'already-listening' }] }
  }
  const flushed = flush(state, exchange)
  const begin: Effect = { type: 'begin', exchange, framing: 'sse', first: null }
  return {
    state: { ...state, listener: exchange, waiting: [], waitingBytes: 0 },
    effects: flushed.length > 0 ? flushed : [begin],
  }
}

function flush({ waiting }: ConnectionState, exchange: ExchangeKey): readonly Effect[] {
  const [first] = waiting
  if (first === undefined) return nothing
  const passed = waiting.map((message): Effect => ({ type: 'pass', exchange, message }))
  return [{ type: 'begin', exchange, framing: 'sse', first }, ...passed]
}

function left(state: ConnectionState, exchange: ExchangeKey): Step {
  if (state.listener === exchange) return { state: { ...state, listener: null }, effects: nothing }
  const entry = entryOf(state, exchange)
  return entry === null ? { state, effects: nothing } : step(state, entry, { left: true })
}

function givenUp(state: ConnectionState, exchange: ExchangeKey): Step {
  const entry = entryOf(state, exchange)
  if (entry === null) return { state, effects: nothing }
  const effects: Effect[] = entry[1].left ? [] : [{ type: 'fail', exchange }]
  return { state: without(state, entry[0]), effects }
}

function answered(state: ConnectionState, message: Incoming): Step {
  const id = message.id ?? onlyPending(state, message)
  const pending = id === null ? undefined : state.pending.get(id)
  if (id === null || pending === undefined) {
    return { state, effects: [{ type: 'drop', reason: 'unknown-id', message }] }
  }
  const next = without(state, id)
  if (pending.left) return { state: next, effects: nothing }
  const { exchange, begun } = pending
  const effects: Effect[] = begun
    ? []
    : [{ type: 'begin', exchange, framing: 'json', first: message }]
  effects.push({ type: 'pass', exchange, message }, { type: 'end', exchange })
  return { state: next, effects }
}

/** An error without an id is about a message that could not be read: clear when there is one only. */
function onlyPending({ pending }: ConnectionState, { errorCode }: Incoming): string | null {
  const [id] = pending.keys()
  return errorCode !== null && pending.size === 1 ? (id ?? null) : null
}

function said(state: ConnectionState, message: Incoming, limits: ConnectionLimits): Step {
  if (message.kind === 'request' && !limits.serverAsks) {
    return { state, effects: [{ type: 'drop', reason: 'may-not-ask', message }] }
  }
  const named = progressOf(state, message)
  if (named?.[1].left === true) {
    return { state, effects: [{ type: 'drop', reason: 'nobody-listens', message }] }
  }
  if (named === null && state.listener !== null) {
    return { state, effects: [{ type: 'pass', exchange: state.listener, message }] }
  }
  const entry = named ?? newest(state)
  if (entry === null) return keep(state, message, limits)
  const { exchange, begun } = entry[1]
  const pass: Effect = { type: 'pass', exchange, message }
  if (begun) return { state, effects: [pass] }
  const next = step(state, entry, { begun: true })
  return { ...next, effects: [{ type: 'begin', exchange, framing: 'sse', first: message }, pass] }
}

function keep(state: ConnectionState, message: Incoming, limits: ConnectionLimits): Step {
  const waiting = [...state.waiting, message]
  let waitingBytes = state.waitingBytes + message.bytes.length
  const effects: Effect[] = []
  while (waiting.length > limits.maxWaiting || waitingBytes > limits.maxWaitingBytes) {
    const oldest = waiting.shift()
    if (oldest === undefined) break
    waitingBytes -= oldest.bytes.length
    effects.push({ type: 'drop', reason: 'nobody-listens', message: oldest })
  }
  return { state: { ...state, waiting, waitingBytes }, effects }
}

function over(state: ConnectionState, how: 'lost' | 'ended'): Step {
  const effects: Effect[] = [...state.pending.values()]
    .filter(({ left: gone }) => !gone)
    .map(({ exchange }) => ({ type: 'fail', exchange }))
  if (state.listener !== null) {
    effects.push({ type: how === 'ended' ? 'end' : 'fail', exchange: state.listener })
  }
  return { state: idleState, effects }
}

type Entry = readonly [id: string, pending: Pending]

function entryThat({ pending }: ConnectionState, wanted: (one: Pending) => boolean): Entry | null {
  for (const entry of pending) if (wanted(entry[1])) return entry
  return null
}

function entryOf(state: ConnectionState, exchange: ExchangeKey): Entry | null {
  return entryThat(state, (one) => one.exchange === exchange)
}

function progressOf(state: ConnectionState, { progressToken }: Incoming): Entry | null {
  if (progressToken === null) return null
  return entryThat(state, (one) => one.progressToken === progressToken)
}

function newest({ pending }: ConnectionState): Entry | null {
  let found: Entry | null = null
  for (const entry of pending) if (!entry[1].left && !entry[1].ofGateway) found = entry
  return found
}

function step(state: ConnectionState, [id, before]: Entry, change: Partial<Pending>): Step {
  const pending = new Map(state.pending)
  pending.set(id, { ...before, ...change })
  return { state: { ...state, pending }, effects: nothing }
}

function without(state: ConnectionState, id: string): ConnectionState {
  const pending = new Map(state.pending)
  pending.delete(id)
  return { ...state, pending }
}
