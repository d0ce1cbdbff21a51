/**
 * The last station of a forwarded exchange: what leaves for the client is on record first.
 * Ties the answer filter to the decision point, seals a new session's id, and turns a failure into
 * an answer as long as none has begun. Exactly one event per exchange; a long-lived stream leaves
 * `stream.opened` and `stream.closed` instead.
 */
import type {
  AuditEvent,
  DecisionPoint,
  Era,
  Judgement,
  ListKind,
  Message,
  OutcomeKind,
  Question,
  Reservation,
} from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import type { EventFields } from '../mcp/sse.js'
import type { AnswerContext, Expected, Settled } from './answer/filter.js'
import type { ListPage } from './answer/list-page.js'
import { answerHead } from './answer-head.js'
import type { Exchange } from './back/back.js'
import type { AnswerHead, Flow, FrameSink } from './frames.js'
import type { Gone, Inbound } from './inbound.js'
import type { Knowledge } from './knowledge.js'
import { rememberShown } from './last-seen.js'
import { isLongLived, Lasting } from './lasting.js'
import { listenEnded } from './listen.js'
import { orphan } from './orphan.js'
import { logFailure, record } from './refuse.js'
import { respond, rpcCodes, rpcError } from './respond.js'
import type { Steps } from './steps.js'
import {
  auditCode,
  type Ending,
  momentOf,
  serverMessageEvent,
  type Trail,
  toAuditEvent,
} from './trail.js'

export interface OutletParts {
  readonly steps: Steps
  readonly inbound: Inbound
  readonly sink: FrameSink
  readonly trail: Trail
  readonly question: Question
  readonly decisionPoint: DecisionPoint
  readonly reservation: Reservation
  readonly knowledge: Knowledge
  readonly expected: Expected
  /** Seals the session id of an `initialize` answer; null: the upstream's id cannot be used. */
  readonly sealSession: ((upstreamId: string) => string | null) | null
  /** Tells the server that its request was refused. */
  readonly refuseServerRequest: (message: Message) => void
  readonly onDone: (status: number) => void
}

interface Leaving {
  bytes: Uint8Array | null
  fields: EventFields
  /** Nothing follows it. */
  end: boolean
}

export class Outlet implements FrameSink, AnswerContext {
  readonly expected: Expected
  readonly era: Era
  readonly #parts: OutletParts
  /** A stream without an end; null for any other answer. */
  readonly #lasting: Lasting | null
  #exchange: Exchange | null = null
  /** The newest refusal of something the server asked for. */
  #denied: Judgement | null = null
  #status = 200
  #framing: AnswerHead['framing'] = 'none'
  #settled: Settled = { hidden: 0, dropped: 0, bytes: 0 }
  #recorded = false
  /** The response, while its record is being written. */
  #leaving: Leaving | null = null
  #opened = false
  /** Bytes of a message are on the wire whose end is not. */
  #partial = false
  #over = false

  constructor(parts: OutletParts) {
    this.#parts = parts
    this.expected = parts.expected
    this.era = parts.trail.asked.era ?? 'legacy'
    this.#lasting = isLongLived(parts.trail.asked) ? this.#makeLasting() : null
    parts.inbound.onGone((why) => this.#gone(why))
  }

  /** Not where the client has gone already: nothing is sent for it. */
  attach(open: () => Exchange): void {
    if (this.#over) return
    this.#exchange = open()
    if (this.#over) this.#exchange.abort()
  }

  // ── AnswerContext: what the filter asks ───────────────────────────────────────────────────────

  async visible(
    kind: ListKind,
    names: readonly string[],
    page: () => ListPage,
  ): Promise<boolean[]> {
    const decisionPoint = this.#current()
    const question = this.#questionNow()
    const definitions = decisionPoint.readsDefinitions
      ? await this.#parts.knowledge.ofPage(kind, page())
      : question.definitions
    const shown = await decisionPoint.visible({ ...question, definitions }, kind, names)
    rememberShown(this.#parts, kind, { revision: decisionPoint.revision, names, shown })
    return shown
  }

  allows(message: Message): boolean {
    this.#parts.knowledge.heard(message)
    const allowed = this.allowsInput(message)
    if (allowed) this.#lasting?.heard(message)
    if (!allowed && message.kind === 'request') this.#parts.refuseServerRequest(message)
    return allowed
  }

  allowsInput(message: Message): boolean {
    this.#leaveNow()
    if (this.#over) return false
    const { trail, steps } = this.#parts
    const { method, params, kind } = message
    const judgement = this.#current().judge({
      ...this.#questionNow(),
      direction: 'server',
      kind,
      method,
      params,
    })
    record(steps, serverMessageEvent(trail, message, judgement, momentOf(steps.clock)))
    if (!judgement.decision.allow) this.#denied = judgement
    return judgement.decision.allow
  }

  deny(): void {
    const judgement = this.#denied
    if (this.#over || judgement === null) return
    const { inbound, trail, steps } = this.#parts
    const { asked, requestId } = trail
    const answer = respond({ kind: 'denied', judgement }, asked, requestId, steps.refusals)
    const { begun } = inbound
    if (!begun) this.#status = answer.status
    trail.judgement = judgement
    this.#tryRecord('message', 'denied', null)
    this.#finish()
    this.#exchange?.abort()
    if (begun) this.#answerOnStream(answer.body ?? '')
    else inbound.reply(answer)
  }

  dropped(why: string): void {
    this.#leaveNow()
    if (this.#over) return
    const code = auditCode(why)
    const ending = { event: 'dropped', outcome: 'failed', code, status: null } as const
    record(this.#parts.steps, this.#event(ending))
  }

  settle(settled: Settled): void {
    this.#leaveNow()
    // The client went, or its answer's head could not be passed: that is on record already.
    if (this.#over) return
    this.#settled = settled
    if (this.#opened || this.#recorded) {
      record(this.#parts.steps, this.#event(this.#ending('message', 'forwarded')))
      return
    }
    this.#recorded = true
    this.#leaving = { bytes: null, fields: {}, end: false }
    const made = this.#event(this.#ending('message', 'forwarded'))
    this.#parts.reservation.recordSoon(made, (problem) => this.#leave(made, problem))
  }

  /** The response's record is written, or could not be. */
  #leave(made: AuditEvent, problem: unknown): void {
    const leaving = this.#leaving
    this.#leaving = null
    if (leaving !== null && !this.#over) this.#sendOff(leaving, problem)
    // Only now: nobody has to wait for those who count.
    if (problem === null) this.#parts.steps.observer.outcome?.(made)
  }

  #sendOff({ bytes, fields, end }: Leaving, problem: unknown): void {
    try {
      if (problem !== null) throw problem
      // Nothing but its end follows a response, so nobody has to wait for its reader.
      if (bytes !== null) void this.#parts.sink.message(bytes, fields)
      if (end) void this.end()
    } catch (thrown) {
      this.fail(asGuardError(thrown, 'GUARD_INTERNAL', 'the answer could not be passed on'))
    }
  }

  /** Whatever comes after the response finds it recorded and sent. */
  #leaveNow(): void {
    if (this.#leaving !== null) this.#parts.steps.audit.flush()
  }

  // ── FrameSink: what the filter lets through ───────────────────────────────────────────────────

  head(head: AnswerHead): Flow {
    if (this.#over) return undefined
    this.#status = head.status
    this.#framing = head.framing
    const { inbound, sink, sealSession } = this.#parts
    const leaving = answerHead(head, inbound.rawHeaders, sealSession)
    if (leaving === null) {
      this.fail(new GuardError('GUARD_UPSTREAM_INVALID', 'the session id is not visible ASCII'))
      return undefined
    }
    if (this.#lasting !== null && head.framing === 'sse') {
      this.#opened = true
      this.#parts.inbound.endOnDrain()
      record(this.#parts.steps, this.#event(this.#ending('stream.opened', 'forwarded')))
    }
    const flow = sink.head(leaving)
    if (this.#opened) this.#lasting?.opened(this.#parts.decisionPoint)
    return flow
  }

  part(bytes: Uint8Array): Flow {
    this.#leaveNow()
    this.#partial = true
    return this.#over ? undefined : this.#parts.sink.part(bytes)
  }

  message(bytes: Uint8Array, fields: EventFields): Flow {
    this.#partial = false
    if (this.#leaving?.bytes === null) {
      this.#leaving.bytes = bytes
      this.#leaving.fields = fields
      return undefined
    }
    this.#leaveNow()
    if (this.#over) return undefined
    const flow = this.#parts.sink.message(bytes, fields)
    this.#lasting?.whole()
    return flow
  }

  idle(fields: EventFields): Flow {
    this.#leaveNow()
    return this.#over ? undefined : this.#parts.sink.idle(fields)
  }

  end(): Flow {
    if (this.#over) return undefined
    if (this.#leaving !== null) {
      this.#leaving.end = true
      return undefined
    }
    try {
      this.#record(this.#opened ? 'stream.closed' : 'message', 'forwarded')
    } catch (thrown) {
      this.fail(asGuardError(thrown, 'GUARD_AUDIT_UNAVAILABLE', 'the answer was not recorded'))
      return undefined
    }
    this.#finish()
    return this.#parts.sink.end()
  }

  fail(error: GuardError): void {
    this.#leaveNow()
    if (this.#over) return
    const { inbound, trail, steps } = this.#parts
    const { asked, requestId } = trail
    const answer = respond({ kind: 'failed', error }, asked, requestId, steps.refusals)
    const begun = inbound.begun
    logFailure(steps, trail, error)
    this.#exchange?.abort()
    if (!begun) this.#status = answer.status
    const answerable = this.#framing === 'sse' && !this.#partial && !this.#recorded
    this.#tryRecord(this.#opened ? 'stream.closed' : 'message', 'failed', error.code)
    this.#finish()
    if (!begun) return inbound.reply(answer)
    if (!answerable || asked.id === null) return inbound.sink.fail(error)
    // An event stream has its status already: the caller gets the error as the answer on it.
    this.#answerOnStream(rpcError(asked, rpcCodes.failed, error.publicMessage, { requestId }))
  }

  /** The gateway's own answer as the last event of a stream whose status is on the wire. */
  #answerOnStream(text: string): void {
    const { sink } = this.#parts.inbound
    const broken = (cause: unknown) =>
      sink.fail(asGuardError(cause, 'GUARD_INTERNAL', 'the stream could not be ended'))
    const flow = sink.message(Buffer.from(text), {})
    Promise.resolve(flow)
      .then(() => sink.end())
      .catch(broken)
  }

  /** The stream loses its right: a modern one ends with its result (2026-07-28), another just ends. */
  #close(outcome: OutcomeKind, code: string | null): void {
    const { inbound, trail } = this.#parts
    const { era, id } = trail.asked
    this.#tryRecord('stream.closed', outcome, code)
    this.#finish()
    this.#exchange?.abort()
    if (this.#partial) inbound.sink.fail(new GuardError('GUARD_INTERNAL', 'the stream was ended'))
    else if (era === 'modern' && id !== null) this.#answerOnStream(listenEnded(id))
    else void inbound.sink.end()
  }

  #gone(why: Gone): void {
    if (this.#over) return
    if (why === 'stopping') this.#leaveNow()
    if (why === 'stopping' && !this.#opened) {
      this.fail(new GuardError('GUARD_STOPPING', 'the time to finish calls was over'))
      return
    }
    this.#over = true
    this.#lasting?.over()
    const outcome = why === 'client' ? 'abandoned' : 'forwarded'
    this.#tryRecord(this.#opened ? 'stream.closed' : 'message', outcome, null)
    const exchange = this.#exchange
    if (this.#parts.trail.asked.era === 'modern' || this.#lasting !== null) exchange?.abort()
    else orphan(exchange)
    this.#parts.onDone(0)
  }

  #makeLasting(): Lasting {
    const { steps, inbound, trail } = this.#parts
    return new Lasting({
      steps,
      id: trail.asked.id,
      announced: trail.session?.announced ?? 0,
      ask: () => ({ question: this.#questionNow(), decisionPoint: this.#current() }),
      isPartial: () => this.#partial,
      send: (message) => void inbound.sink.message(message, {}),
      denied: (judgement) => {
        trail.judgement = judgement
        this.#close('denied', null)
      },
      expired: (reason) => this.#close('unauthenticated', reason),
      failed: (error) => this.fail(error),
    })
  }

  #finish(): void {
    this.#over = true
    this.#lasting?.over()
    this.#parts.onDone(this.#status)
  }

  /** What comes on a stream is judged at the time it comes. */
  #questionNow(): Question {
    const { question, steps, knowledge } = this.#parts
    if (this.#lasting === null) return question
    const circumstances = { ...question.circumstances, nowMs: steps.clock.nowMs() }
    const definitions = this.#current().readsDefinitions ? knowledge.view() : null
    return { ...question, circumstances, definitions }
  }

  /** A call keeps the revision it was admitted under; what comes on a stream does not. */
  #current(): DecisionPoint {
    const { steps, decisionPoint } = this.#parts
    return this.#lasting !== null ? (steps.policy.current() ?? decisionPoint) : decisionPoint
  }

  #ending(event: AuditEvent['event'], outcome: OutcomeKind, code: string | null = null): Ending {
    const { hidden, dropped, bytes } = this.#settled
    const { bytesIn } = this.#parts.inbound
    return { event, outcome, code, status: this.#status, hidden, dropped, bytesIn, bytesOut: bytes }
  }

  #event(ending: Ending): AuditEvent {
    const { trail, steps } = this.#parts
    const now = momentOf(steps.clock)
    // The event of the exchange itself has the time of its arrival, any other its own.
    const isOwn = ending.event === 'message' && !this.#opened
    return toAuditEvent(trail, ending, isOwn ? { ...now, nowMs: trail.nowMs } : now)
  }

  /** The one event of this exchange, in the room that was reserved for it. */
  #record(event: AuditEvent['event'], outcome: OutcomeKind, code: string | null = null): void {
    if (this.#recorded) return
    this.#recorded = true
    const made = this.#event(this.#ending(event, outcome, code))
    this.#parts.reservation.record(made)
    this.#parts.steps.observer.outcome?.(made)
  }

  #tryRecord(event: AuditEvent['event'], outcome: OutcomeKind, code: string | null): void {
    try {
      this.#record(event, outcome, code)
    } catch (error) {
      const why = asGuardError(error, 'GUARD_AUDIT_UNAVAILABLE', 'an event was not recorded')
      logFailure(this.#parts.steps, this.#parts.trail, why)
    }
  }
}
