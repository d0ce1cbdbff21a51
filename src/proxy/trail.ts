/**
 * What is learnt of one exchange on its way, and the audit event made of it. Every field starts as
 * "unknown", so that an exchange refused at any step leaves a record that says no more than is true.
 */
import type {
  AuditEvent,
  Decision,
  Identity,
  Json,
  Judgement,
  Limit,
  Message,
  OutcomeKind,
  Server,
} from '../domain.js'
import type { Clock } from '../lib/clock.js'
import { isoTime } from '../lib/iso-time.js'
import type { Classified } from '../mcp/classify.js'
import { namedItems } from '../mcp/methods.js'
import type { Inbound } from './inbound.js'
import type { Asked } from './outcome.js'
import type { Session } from './session.js'
import type { Steps } from './steps.js'

export interface Trail {
  readonly requestId: string
  readonly startedMs: number
  readonly nowMs: number
  readonly ip: string
  readonly transport: Inbound['transport']
  readonly asked: Asked
  identity: Identity | null
  server: Server | null
  message: Message | null
  /** Instead of a message: several, each of which gets a trail of its own. */
  batch: readonly Json[] | null
  classified: Classified | null
  session: Session | null
  judgement: Judgement | null
  limits: readonly Limit[] | null
  decideMs: number
  forwardedMs: number | null
}

/** When something happened, on the clock for dates and on the one for durations. */
export interface Moment {
  readonly nowMs: number
  readonly monotonicMs: number
}

export function momentOf(clock: Clock): Moment {
  return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
}

export interface Ending {
  readonly event: AuditEvent['event']
  readonly outcome: OutcomeKind
  readonly reasons?: readonly string[]
  readonly code?: string | null
  readonly status: number | null
  readonly hidden?: number
  readonly dropped?: number
  readonly bytesIn?: number
  readonly bytesOut?: number
}

export function toAuditEvent(trail: Trail, ending: Ending, at: Moment): AuditEvent {
  const { asked, identity, message, judgement, classified } = trail
  const { nowMs, monotonicMs } = at
  return {
    time: isoTime(nowMs),
    event: ending.event,
    outcome: ending.outcome,
    request_id: trail.requestId,
    decision_id: judgement?.decisionId ?? null,
    revision: judgement?.revision ?? null,
    reasons: [...(ending.reasons ?? judgement?.decision.reasons ?? [])],
    code: ending.code ?? null,
    direction: 'client',
    kind: message?.kind ?? null,
    method: asked.method,
    era: asked.era,
    server: trail.server?.name ?? null,
    resource: message === null ? null : resourceOf(message, trail.server),
    subject: identity === null ? null : subjectOf(identity),
    credential: identity?.credentialId ?? null,
    client: classified?.client ?? trail.session?.client ?? null,
    session: trail.session?.fingerprint ?? null,
    ip: trail.ip,
    transport: trail.transport,
    limits: trail.limits?.map(({ name, tier }) => ({ name, tier })) ?? null,
    hidden: ending.hidden ?? 0,
    dropped: ending.dropped ?? 0,
    status: ending.status,
    bytes_in: ending.bytesIn ?? 0,
    bytes_out: ending.bytesOut ?? 0,
    duration_us: {
      total: microseconds(monotonicMs - trail.startedMs),
      decide: microseconds(trail.decideMs),
      upstream: trail.forwardedMs === null ? 0 : microseconds(monotonicMs - trail.forwardedMs),
    },
  }
}

/** The event of one of the server's own messages, judged on this exchange's stream. */
export function serverMessageEvent(
  trail: Trail,
  message: Message,
  judgement: Judgement,
  at: Moment,
): AuditEvent {
  const outcome = outcomeOf(judgement.decision)
  return {
    ...toAuditEvent(trail, { event: 'message', outcome, status: null }, at),
    direction: 'server',
    kind: message.kind,
    method: message.method,
    decision_id: judgement.decisionId,
    revision: judgement.revision,
    reasons: [...judgement.decision.reasons],
    resource: resourceOf(message, trail.server),
    limits: null,
  }
}

/** A reason in words as a stable code. */
export function auditCode(reason: string): string {
  const words = reason.toLowerCase().replace(/[^a-z0-9]+/g, ' ')
  return words.trim().replaceAll(' ', '-')
}

function outcomeOf(decision: Decision): OutcomeKind {
  return decision.allow ? 'forwarded' : 'denied'
}

function resourceOf(message: Message, server: Server | null): AuditEvent['resource'] {
  const item = namedItems(message.method, message.params)?.[0]
  if (item !== undefined) return { type: item.type, id: item.id }
  return server === null ? null : { type: 'server', id: server.name }
}

function subjectOf({ subject }: Identity): AuditEvent['subject'] {
  const { id, issuer, tenant, method } = subject
  return { id, issuer, tenant, method }
}

function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000))
}

/** What is known before the first step. */
export function startTrail(
  inbound: Pick<Inbound, 'ip' | 'transport' | 'verb'>,
  { clock, nextRequestId }: Pick<Steps, 'clock' | 'nextRequestId'>,
): Trail {
  return {
    requestId: nextRequestId(),
    startedMs: clock.monotonicMs(),
    nowMs: clock.nowMs(),
    ip: inbound.ip,
    transport: inbound.transport,
    asked: { verb: inbound.verb, era: null, kind: null, id: null, method: null, task: false },
    identity: null,
    server: null,
    message: null,
    batch: null,
    classified: null,
    session: null,
    judgement: null,
    limits: null,
    decideMs: 0,
    forwardedMs: null,
  }
}
