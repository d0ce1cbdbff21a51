/**
 * A message's journey, in the order of the picture in docs/architecture.md:
 * admit → identify → read (parse, classify, mirror) → session → judge → limit → reserve → forward.
 * Each step returns a value; the first refusal ends the journey and is recorded and answered in
 * `refuse`. What was forwarded is answered by the outlet. A throw anywhere is a refusal.
 */
import type { Identity, Limit, Message, MessageKind, Question } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { singleHeader } from '../lib/headers.js'
import { serialise } from '../mcp/json-rpc.js'
import { hostMethods } from '../mcp/methods.js'
import { admit } from './admit.js'
import { AnswerFilter, type Expected } from './answer/filter.js'
import { corsHeaders, preflight } from './cors.js'
import { upstreamHeaders } from './forward.js'
import type { Inbound } from './inbound.js'
import { type Refusal, rejected } from './outcome.js'
import { Outlet } from './outlet.js'
import { readBody } from './read.js'
import { respond, rpcCodes, rpcError } from './respond.js'
import type { Session } from './session.js'
import type { Route, Steps } from './steps.js'
import { type Trail, toAuditEvent } from './trail.js'

/** What is to be sent, once everything about it has been found in order. */
interface Admitted {
  readonly route: Route
  readonly identity: Identity
  readonly session: Session | null
  readonly question: Question
  readonly message: Message | null
}

export type Pipeline = (inbound: Inbound) => Promise<void>

export function createPipeline(steps: Steps): Pipeline {
  return async function handle(inbound) {
    const trail = startTrail(inbound, steps)
    let refusal: Refusal | null
    try {
      refusal = await travel(inbound, trail, steps)
    } catch (thrown) {
      refusal = { kind: 'failed', error: asGuardError(thrown, 'GUARD_INTERNAL', 'a step threw') }
    }
    if (refusal !== null) refuse(inbound, trail, steps, refusal)
  }
}

/** Null when the message was forwarded (or answered): the outlet has taken over. */
async function travel(inbound: Inbound, trail: Trail, steps: Steps): Promise<Refusal | null> {
  const admitted = admit(inbound, steps.admission, steps.routes)
  if (!admitted.ok) return admitted.refusal
  const { route } = admitted
  trail.server = route.server
  if (inbound.verb === 'OPTIONS') {
    inbound.reply(preflight(inbound.rawHeaders))
    return null
  }
  const identified = await steps.identify(inbound.rawHeaders, trail.nowMs)
  if (!identified.ok) return { kind: 'unauthenticated', reason: identified.reason }
  const { identity } = identified
  trail.identity = identity

  const described = await describe(inbound, trail, steps)
  if ('kind' in described) return described
  const session = openSession(inbound, trail, steps, route, identity)
  if (session !== null && 'kind' in session) return session
  trail.session = session
  const question = ask(trail, route, identity, described)
  return judgeAndForward(inbound, trail, steps, {
    route,
    identity,
    session,
    question,
    message: trail.message,
  })
}

/** What the request is to policy: the posted message, or the host's word for a GET or DELETE. */
async function describe(
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
): Promise<Refusal | (Pick<Question, 'method' | 'params'> & { messageKind: MessageKind })> {
  if (inbound.verb === 'POST') {
    const body = await inbound.readBody()
    const read = readBody(body, inbound.rawHeaders, steps.jsonLimits, trail.asked)
    if (!read.ok) return read.refusal
    const { message, classified } = read
    trail.message = message
    trail.classified = classified
    return { method: message.method, params: message.params, messageKind: message.kind }
  }
  const method = inbound.verb === 'GET' ? hostMethods.streamOpen : hostMethods.sessionClose
  trail.asked.method = method
  trail.asked.era = 'legacy'
  return { method, params: undefined, messageKind: 'request' }
}

function openSession(
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
  route: Route,
  identity: Identity,
): Session | Refusal | null {
  const header = singleHeader(inbound.rawHeaders, 'mcp-session-id')
  // 2026-07-28: a modern request has no session; the header is ignored.
  if (!header.ok || header.value === null || trail.asked.era === 'modern') return null
  const opened = steps.sessions.open(header.value, route.server.name, identity)
  if (opened.ok) return opened.session
  return rejected(404, -32600, opened.reason, 'session not found')
}

function ask(
  trail: Trail,
  route: Route,
  identity: Identity,
  described: Pick<Question, 'method' | 'params'> & { messageKind: MessageKind },
): Question {
  const { classified, session } = trail
  return {
    identity,
    server: route.server,
    direction: 'client',
    kind: described.messageKind,
    method: described.method,
    params: described.params,
    circumstances: {
      nowMs: trail.nowMs,
      ip: trail.ip,
      transport: 'http',
      era: trail.asked.era ?? 'legacy',
      protocolVersion: classified?.protocolVersion ?? session?.protocolVersion ?? null,
      client: classified?.client ?? session?.client ?? null,
      session: session?.fingerprint ?? null,
      requestId: trail.requestId,
    },
  }
}

async function judgeAndForward(
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
  admitted: Admitted,
): Promise<Refusal | null> {
  const decisionPoint = steps.policy.current()
  if (decisionPoint === null) {
    return { kind: 'failed', error: new GuardError('GUARD_POLICY_UNAVAILABLE', 'no active policy') }
  }
  const startedMs = steps.clock.monotonicMs()
  const judgement = decisionPoint.judge(admitted.question)
  trail.decideMs = steps.clock.monotonicMs() - startedMs
  trail.judgement = judgement
  const { decision } = judgement
  if (!decision.allow) return { kind: 'denied', judgement }

  const limits: readonly Limit[] = decision.limits ?? steps.defaultLimits(admitted.identity.subject)
  trail.limits = limits
  const taken = await steps.limiter.take(limits)
  if (!taken.ok) {
    const { name, retryAfterMs } = taken
    return { kind: 'limited', judgement, limit: name, retryAfterMs }
  }
  const reservation = steps.audit.reserve()
  if (reservation === null) {
    return { kind: 'failed', error: new GuardError('GUARD_AUDIT_UNAVAILABLE', 'the audit is full') }
  }
  const { route, question, session, message, identity } = admitted
  const outlet = new Outlet({
    steps,
    inbound,
    trail,
    question,
    decisionPoint,
    reservation,
    expected: expectedAnswer(inbound, message),
    sealSession: sealer(steps, route, identity, message, trail),
    refuseServerRequest: (asked) => answerServer(route, inbound, session, asked),
    onDone: (status) => {
      if (inbound.verb === 'DELETE' && session !== null && status < 300 && status > 0) {
        steps.sessions.close(session)
      }
    },
  })
  trail.forwardedMs = steps.clock.monotonicMs()
  const request = {
    verb: inbound.verb as 'POST' | 'GET' | 'DELETE',
    headers: upstreamHeaders({
      verb: inbound.verb as 'POST' | 'GET' | 'DELETE',
      rawHeaders: inbound.rawHeaders,
      era: trail.asked.era ?? 'legacy',
      session,
    }),
    body: message === null ? null : serialise(message),
  }
  outlet.attach(route.back.open(request, new AnswerFilter(outlet, outlet)))
  return null
}

function expectedAnswer(inbound: Inbound, message: Message | null): Expected {
  if (message?.kind === 'request' && message.id !== null) return { type: 'own', id: message.id }
  const resumed = singleHeader(inbound.rawHeaders, 'last-event-id')
  return inbound.verb === 'GET' && resumed.ok && resumed.value !== null
    ? { type: 'any' }
    : { type: 'none' }
}

function sealer(
  steps: Steps,
  route: Route,
  identity: Identity,
  message: Message | null,
  trail: Trail,
): ((upstreamId: string) => string | null) | null {
  if (message?.method !== 'initialize') return null
  const protocolVersion = trail.classified?.protocolVersion ?? null
  const client = trail.classified?.client ?? null
  return (upstreamId) =>
    steps.sessions.seal(route.server.name, { upstreamId, protocolVersion, client }, identity)
}

/** A request of the server that policy refused is answered by the gateway, not left waiting. */
function answerServer(
  route: Route,
  inbound: Inbound,
  session: Session | null,
  asked: Message,
): void {
  const text = rpcError(asked, rpcCodes.denied, 'refused by the gateway', {})
  const headers = upstreamHeaders({
    verb: 'POST',
    rawHeaders: inbound.rawHeaders,
    era: 'legacy',
    session,
  })
  const nobody = {
    head: () => undefined,
    part: () => undefined,
    message: () => undefined,
    idle: () => undefined,
    end: () => undefined,
    fail: () => undefined,
  }
  route.back.open({ verb: 'POST', headers, body: Buffer.from(text) }, nobody)
}

/** Records and answers a journey that ended before anything was forwarded. */
function refuse(inbound: Inbound, trail: Trail, steps: Steps, refusal: Refusal): void {
  let answered = refusal
  const answer = () => respond(answered, trail.asked, trail.requestId, steps.refusals)
  let made = answer()
  if (refusal.kind === 'failed') {
    const { code, message } = refusal.error
    steps.observer.log?.('error', `${code}: ${message}`, { request_id: trail.requestId })
  }
  try {
    const reservation = steps.audit.reserve()
    if (reservation === null) throw new GuardError('GUARD_AUDIT_UNAVAILABLE', 'the audit is full')
    const event = toAuditEvent(
      trail,
      {
        event: trail.message === null ? 'refused' : 'message',
        outcome: refusal.kind,
        status: made.status,
        bytesIn: inbound.bytesIn,
        ...codeOf(refusal),
      },
      steps.clock.monotonicMs(),
    )
    reservation.record(event)
    steps.observer.outcome?.(event)
  } catch (thrown) {
    const error = asGuardError(thrown, 'GUARD_AUDIT_UNAVAILABLE', 'the refusal was not recorded')
    steps.observer.log?.('error', `${error.code}: ${error.message}`)
    answered = { kind: 'failed', error }
    made = answer()
  }
  // Until the Origin has been admitted nothing may be readable to it.
  const cors = trail.server === null ? [] : corsHeaders(inbound.rawHeaders)
  inbound.reply({ ...made, headers: [...made.headers, ...cors] })
}

function codeOf(refusal: Refusal): { code?: string; reasons?: readonly string[] } {
  switch (refusal.kind) {
    case 'rejected':
      return { code: refusal.auditCode }
    case 'unauthenticated':
      return { code: refusal.reason }
    case 'limited':
      return { code: `limit:${refusal.limit}` }
    case 'failed':
      return { code: refusal.error.code }
    case 'denied':
      return {}
    default:
      return refusal satisfies never
  }
}

function startTrail(inbound: Inbound, steps: Steps): Trail {
  return {
    requestId: steps.nextRequestId(),
    startedMs: steps.clock.monotonicMs(),
    nowMs: steps.clock.nowMs(),
    ip: inbound.ip,
    transport: inbound.transport,
    asked: { verb: inbound.verb, era: null, kind: null, id: null, method: null, task: false },
    identity: null,
    server: null,
    message: null,
    classified: null,
    session: null,
    judgement: null,
    limits: null,
    decideMs: 0,
    forwardedMs: null,
  }
}
