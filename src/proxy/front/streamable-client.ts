/**
 * Plays the part of a Streamable HTTP client towards the pipeline, for a client whose transport has
 * one way in and one way out (stdio, HTTP+SSE). Each of its messages becomes a request with the
 * headers such a client would send; a legacy session's own stream is opened for it, and answers that
 * the server interrupts are taken up again. Decides nothing: the pipeline judges what it gets.
 * Spec: 2025-11-25 transports; 2026-07-28 transports, routing headers and cancellation on stdio.
 */
import type { Connection, Message, MessageId, RawHeaders } from '../../domain.js'
import { type JsonLimits, parseStrict } from '../../mcp/json.js'
import { readMessage } from '../../mcp/json-rpc.js'
import { mirrorOf } from '../../mcp/mirror.js'
import { corsHeaders } from '../cors.js'
import type { Gone, Inbound } from '../inbound.js'
import type { HttpAnswer } from '../outcome.js'
import { jsonHeaders } from '../respond.js'
import { Changes } from './changes.js'
import type { Channel } from './channel.js'
import {
  ChannelInbound,
  type Ended,
  type ExchangeEvents,
  keyOf,
  stoppingText,
} from './channel-inbound.js'
import { ClientSession } from './client-session.js'
import { LearntParameters } from './learnt-parameters.js'
import { isAboutSession, negotiatedVersion, versionOf } from './read-messages.js'
import { within } from './within.js'

export interface ClientLink {
  readonly transport: 'sse' | 'stdio'
  /** The path of the server's endpoint. */
  readonly target: string
  readonly jsonLimits: JsonLimits
  readonly channel: Channel
  handle(inbound: Inbound): Promise<void>
  /** A message that is handed to nobody. Must not throw. */
  unusable(code: string): void
  /** The server does not know the session any more, and the client cannot be told so. */
  sessionLost?(): void
}

/** Who sends a request, and what it carries beside the headers of MCP. */
export interface Origin {
  readonly headers: RawHeaders
  readonly ip: string
  readonly connection: Connection
  /** Of whom the messages have to be; absent: of anybody. */
  readonly owner?: string
}

/** What posted a message, where that is told something of its own; the first time counts. */
export interface Poster {
  accepted(): void
  /** True: it was told; nothing goes on the channel. */
  refused(answer: HttpAnswer): boolean
}

interface Pending {
  readonly key: string
  /** Null: of what could not be read, and of a batch. */
  readonly id: MessageId | null
  readonly modern: boolean
  /** null: between two streams that the answer may come on. */
  inbound: ChannelInbound | null
  timer: NodeJS.Timeout | null
}

const nobody: Poster = { accepted: () => undefined, refused: () => false }
const anyAnswer = 'application/json, text/event-stream'
const doubled = [-32600, 'a request with this id waits for its answer already'] as const
const tooMany = [-32603, 'too many requests wait for their answers'] as const
const stopping = [-32603, stoppingText] as const
const nothing = new Uint8Array()
/** Requests without an answer, and answers that the client has not taken. */
const maxInFlight = 256
/** How long a request waits without any other being answered before it is refused. */
const roomMs = 5000
/** Exchanges, with those that nobody waits for: cancelled requests, notifications. */
const maxOpen = 512
/** How long a server may go on with a request that was cancelled. */
const cancelledMs = 60_000
/** How long the next message waits for one that has no answer, so that their order is kept. */
const orderMs = 1000
/** How often an answer's stream is taken up again that brings nothing, or comments alone. */
const maxIdleResumes = 5
/** How often one that brings events, but nothing for the client: a server may have it poll. */
const maxQuietResumes = 1000
const firstDelayMs = 1000
const maxDelayMs = 30_000

export class StreamableClient {
  readonly #link: ClientLink
  readonly #cancelledMs: number
  readonly #open = new Set<ChannelInbound>()
  readonly #pending = new Map<string, Pending>()
  readonly #changes = new Changes()
  readonly #parameters = new LearntParameters()
  #unnamed = 0
  readonly #session: ClientSession
  #origin: Origin
  #listening = false
  #listenTimer: NodeJS.Timeout | null = null
  #closing = false
  /** So many requests wait, and none was answered while the next one waited: none is made to wait. */
  #stuck = false

  constructor(link: ClientLink, origin: Origin, afterMs = cancelledMs) {
    this.#link = link
    this.#cancelledMs = afterMs
    this.#session = new ClientSession(() => link.sessionLost?.())
    this.#origin = origin
  }

  /**
   * Handles one message. Resolves when the next one may follow: a request may be overtaken, what has
   * no answer is waited for a moment. The newest origin holds for what is sent on its behalf later.
   */
  async post(bytes: Uint8Array, poster = nobody, origin = this.#origin): Promise<void> {
    this.#origin = origin
    const asked = this.#read(bytes)
    if (asked?.method === 'notifications/cancelled' && this.#cancelled(asked)) {
      poster.accepted()
      return
    }
    const owed = asked === null || asked.kind === 'request'
    while (owed && this.#pending.size >= maxInFlight) {
      this.#stuck ||= !(await this.#changes.next(roomMs))
      if (!this.#stuck && !this.#closing) continue
      if (this.#stuck) this.#link.unusable('requests-exceeded')
      return this.#refuse(poster, asked?.id ?? null, this.#stuck ? tooMany : stopping)
    }
    const pending = owed ? this.#register(asked) : null
    if (pending === undefined) {
      this.#link.unusable('id-in-use')
      return this.#refuse(poster, null, doubled)
    }
    const askedIn = this.#session.id
    let head: number | null = null
    const inbound = this.#start(
      'POST',
      this.#messageHeaders(asked),
      { asked, bytes },
      {
        // A client may send the next message once this one is accepted, and on its own connection that
        // would overtake a notification which the server has not taken yet.
        forwarded: () => {
          if (pending !== null) poster.accepted()
        },
        refused: (answer) => {
          this.#session.note(asked, { status: answer.status, askedIn })
          return poster.refused(answer)
        },
        head: ({ status, headers: sent }) => {
          head = status
          this.#session.note(asked, { status, askedIn, given: sent.get('mcp-session-id') })
        },
        responded: (_, response) => {
          if (head === 400 && isAboutSession(response)) {
            this.#session.note(asked, { status: 404, askedIn })
          }
          if (asked?.method === 'initialize') {
            this.#session.negotiated(negotiatedVersion(response))
          }
          if (asked?.method === 'tools/list' && pending?.modern) this.#parameters.learn(response)
          if (pending !== null && asked !== null) this.#answered(pending)
        },
      },
    )
    if (pending !== null) pending.inbound = inbound
    const ended = inbound.ended.then((how) => {
      poster.accepted()
      if (asked?.method === 'notifications/initialized' && how.status === 202) this.#listen(null, 0)
      if (pending !== null) this.#interrupted(pending, how)
    })
    if (asked?.method === 'initialize') await ended
    if (pending !== null) return
    await within(orderMs, ended)
    poster.accepted()
  }

  /**
   * Resolves when one more message may be posted: neither server nor client lag too far behind. A
   * request may have to wait on; what is none may be what the requests in flight are waiting for.
   */
  async room(): Promise<void> {
    await this.#changes.until(() => this.#open.size < maxOpen)
    await this.#link.channel.below(maxInFlight)
  }

  /** Resolves when every request has its answer. Those that would go on for ever are ended. */
  answered(): Promise<void> {
    for (const { modern, inbound } of this.#pending.values()) if (modern) inbound?.endStream()
    return this.#changes.until(() => this.#pending.size === 0)
  }

  /** Ends what is open: streams without an end (`stopping`), or everything since the client went. */
  leave(why: Gone): void {
    this.#closing = true
    if (this.#listenTimer !== null) clearTimeout(this.#listenTimer)
    for (const pending of [...this.#pending.values()]) {
      if (why === 'client') this.#answered(pending)
      else if (pending.inbound === null) this.#giveUp(pending)
      else pending.inbound.abort('stopping', stoppingText)
    }
    for (const inbound of [...this.#open]) inbound.abort(why)
  }

  /** Ends the session at the server, if there is one. */
  async endSession(): Promise<void> {
    this.#closing = true
    if (this.#session.id === null) return
    const deleted = this.#start('DELETE', this.#sessionHeaders(), { asked: null, bytes: nothing })
    this.#session.forget()
    await deleted.ended
  }

  /** The pipeline reads it again, and refuses what this cannot read. */
  #read(bytes: Uint8Array): Message | null {
    const parsed = parseStrict(bytes, this.#link.jsonLimits)
    const read = parsed.ok ? readMessage(parsed.value) : null
    return read?.ok === true ? read.message : null
  }

  /** Undefined: a request with this id waits already. */
  #register(asked: Message | null): Pending | undefined {
    const id = asked?.id ?? null
    this.#unnamed += 1
    const key = id === null ? `unnamed ${this.#unnamed}` : keyOfId(id)
    if (this.#pending.has(key)) return undefined
    const modern = versionOf(asked?.params?.['_meta']) !== null
    const pending = { key, id, modern, inbound: null, timer: null }
    this.#pending.set(key, pending)
    return pending
  }

  /** `id`: null where the answer with that id is another's. */
  #refuse(poster: Poster, id: MessageId | null, [code, message]: readonly [number, string]): void {
    const body = JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })
    const headers = [...jsonHeaders, ...corsHeaders(this.#origin.headers)]
    if (poster.refused({ status: 400, headers, body })) return
    void this.#link.channel.sender(() => undefined).message(Buffer.from(body))
  }

  /**
   * 2026-07-28: what `notifications/cancelled` is on stdio, the end of the connection is over HTTP.
   * True: that is done, or there is nothing to cancel; nothing is to be sent.
   */
  #cancelled({ params }: Message): boolean {
    const id = params?.['requestId']
    const pending =
      typeof id === 'string' || typeof id === 'number' ? this.#pending.get(keyOfId(id)) : undefined
    if (pending === undefined) return this.#session.protocolVersion === null
    const { inbound, modern } = pending
    this.#answered(pending)
    if (modern) inbound?.abort('client')
    else if (inbound !== null) this.#giveTime(inbound)
    return modern
  }

  /** Servers do not answer what was cancelled, and some leave the way of that answer open for ever. */
  #giveTime(inbound: ChannelInbound): void {
    const timer = setTimeout(() => inbound.abort('client'), this.#cancelledMs).unref()
    void inbound.ended.then(() => clearTimeout(timer))
  }

  #start(
    verb: 'POST' | 'GET' | 'DELETE',
    headers: RawHeaders,
    { asked, bytes }: { asked: Message | null; bytes: Uint8Array },
    events: ExchangeEvents = {},
  ): ChannelInbound {
    const { transport, target, channel } = this.#link
    const rawHeaders = [...this.#origin.headers, ...headers]
    const { ip, connection, owner } = this.#origin
    const request = {
      transport,
      verb,
      target,
      ip,
      connection,
      owner,
      rawHeaders,
      body: bytes,
      asked,
    }
    const inbound = new ChannelInbound(request, channel, events)
    this.#open.add(inbound)
    void inbound.ended.then(() => {
      this.#open.delete(inbound)
      this.#changes.tell()
    })
    this.#link.handle(inbound).catch(() => inbound.abort('client', 'internal error'))
    return inbound
  }

  #messageHeaders(asked: Message | null): string[] {
    const headers = ['accept', anyAnswer]
    const version = versionOf(asked?.params?.['_meta'])
    if (asked !== null && version !== null) {
      return [...headers, ...mirrorOf(asked, version), ...this.#parameters.headersOf(asked)]
    }
    return [...headers, ...this.#session.headers]
  }

  #sessionHeaders(): string[] {
    return ['accept', 'text/event-stream', ...this.#session.headers]
  }

  // ── Streams that are not the answer to a message ──────────────────────────────────────────────

  /** The server's own messages; where there is no such stream (405), that is that. */
  #listen(lastEventId: string | null, failures: number): void {
    if (this.#closing || (this.#listening && lastEventId === null && failures === 0)) return
    this.#listening = true
    void this.#stream(lastEventId, {}).then((how) => {
      this.#listening = false
      const refused = how.status !== null && how.status >= 400 && how.status < 500
      if (this.#closing || refused) return
      const next = how.events > 0 ? 0 : failures + 1
      const from = how.lastEventId ?? lastEventId
      // It has no end: whatever the server wishes, it is not asked for more often than that.
      const afterMs = how.messages > 0 ? 0 : firstDelayMs
      const delayMs = Math.max(delayOf(how, next), afterMs)
      this.#listenTimer = setTimeout(() => this.#listen(from, next), delayMs).unref()
      this.#listening = true
    })
  }

  /** 2025-11-25: a server may end the stream before the answer, which then comes on another. */
  #interrupted(pending: Pending, how: Ended, idle = 0, quiet = 0): void {
    pending.inbound = null
    if (!this.#pending.has(pending.key)) return
    const from = how.lastEventId
    if (from === null || pending.modern || this.#closing) return this.#answered(pending)
    if (idle > maxIdleResumes || quiet > maxQuietResumes) return this.#giveUp(pending)
    const resume = () => {
      const responded = (id: string | null) => {
        if (id === null || id === pending.key) this.#answered(pending)
      }
      void this.#stream(from, { responded }, pending).then((next) => {
        const refused = next.status === null || next.status >= 400
        if (refused && this.#pending.has(pending.key)) return this.#giveUp(pending)
        const lastEventId = next.lastEventId ?? from
        const retryMs = next.retryMs ?? how.retryMs
        const nextIdle = next.events > 0 ? 0 : idle + 1
        const nextQuiet = next.messages > 0 ? 0 : quiet + 1
        this.#interrupted(pending, { ...next, lastEventId, retryMs }, nextIdle, nextQuiet)
      })
    }
    pending.timer = setTimeout(resume, delayOf(how, idle))
  }

  #stream(
    lastEventId: string | null,
    events: ExchangeEvents,
    pending: Pending | null = null,
  ): Promise<Ended> {
    const headers = this.#sessionHeaders()
    if (lastEventId !== null) headers.push('last-event-id', lastEventId)
    const inbound = this.#start('GET', headers, { asked: null, bytes: nothing }, events)
    if (pending !== null) pending.inbound = inbound
    return inbound.ended
  }

  #giveUp(pending: Pending): void {
    const error = { code: -32603, message: 'the server behind the gateway gave no answer' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: pending.id, error })
    void this.#link.channel.sender(() => undefined).message(Buffer.from(body))
    this.#answered(pending)
  }

  #answered(pending: Pending): void {
    if (pending.timer !== null) clearTimeout(pending.timer)
    this.#pending.delete(pending.key)
    this.#stuck = false
    this.#changes.tell()
  }
}

function keyOfId(id: MessageId): string {
  return keyOf({ type: typeof id, text: String(id) })
}

function delayOf({ retryMs }: Ended, failures: number): number {
  return Math.min((retryMs ?? firstDelayMs) * 2 ** failures, maxDelayMs)
}
