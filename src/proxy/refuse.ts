/**
 * Records and answers a journey that ended before anything was forwarded. The record comes first;
 * where it cannot be made the caller is told that nothing was carried out, whatever it would have
 * been told otherwise.
 */
import type { AuditEvent } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { corsHeaders } from './cors.js'
import type { Inbound } from './inbound.js'
import type { HttpAnswer, Refusal } from './outcome.js'
import { type OauthTerms, respond } from './respond.js'
import type { Steps } from './steps.js'
import { type Trail, toAuditEvent } from './trail.js'

export function refuse(inbound: Inbound, trail: Trail, steps: Steps, refusal: Refusal): void {
  const oauth = oauthTerms(inbound, trail, steps)
  const answerTo = (what: Refusal) =>
    respond(what, trail.asked, trail.requestId, steps.refusals, oauth)
  if (refusal.kind === 'failed') logFailure(steps, trail, refusal.error)
  let answer: HttpAnswer = answerTo(refusal)
  try {
    record(steps, refusalEvent(inbound, trail, steps, refusal, answer))
  } catch (thrown) {
    const error = asGuardError(thrown, 'GUARD_AUDIT_UNAVAILABLE', 'a refusal was not recorded')
    logFailure(steps, trail, error)
    answer = answerTo({ kind: 'failed', error })
  }
  // Until the Origin has been admitted nothing may be readable to it.
  const cors = trail.server === null ? [] : corsHeaders(inbound.rawHeaders)
  inbound.reply({ ...answer, headers: [...answer.headers, ...cors] })
}

function oauthTerms({ hasStatus }: Inbound, trail: Trail, steps: Steps): OauthTerms {
  const { server, identity } = trail
  const resource = server === null ? undefined : steps.protectedResources.get(server.name)
  const canAsk = hasStatus === true && identity?.subject.method === 'oauth'
  return { resource: resource ?? null, held: canAsk ? identity.subject.scopes : null }
}

/** Nobody is there any more to be told anything, and nothing was forwarded. Never throws. */
export function recordAbandoned(inbound: Inbound, trail: Trail, steps: Steps): void {
  const event = trail.message === null ? ('refused' as const) : ('message' as const)
  const ending = { event, outcome: 'abandoned' as const, status: null, bytesIn: inbound.bytesIn }
  const at = { nowMs: trail.nowMs, monotonicMs: steps.clock.monotonicMs() }
  try {
    record(steps, toAuditEvent(trail, ending, at))
  } catch (thrown) {
    const why = asGuardError(thrown, 'GUARD_AUDIT_UNAVAILABLE', 'an event was not recorded')
    logFailure(steps, trail, why)
  }
}

/** Writes an event that had no room reserved. Throws GuardError when there is none. */
export function record({ audit, observer }: Steps, event: AuditEvent): void {
  const reservation = audit.reserve()
  if (reservation === null) {
    throw new GuardError('GUARD_AUDIT_UNAVAILABLE', 'there is no room in the audit')
  }
  reservation.record(event)
  observer.outcome?.(event)
}

function refusalEvent(
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
  refusal: Refusal,
  answer: HttpAnswer,
): AuditEvent {
  const code = codeOf(refusal)
  const ending = {
    event: trail.message === null ? ('refused' as const) : ('message' as const),
    outcome: refusal.kind,
    status: answer.status,
    bytesIn: inbound.bytesIn,
    bytesOut: Buffer.byteLength(answer.body ?? ''),
    ...(code === null ? {} : { code }),
  }
  const at = { nowMs: trail.nowMs, monotonicMs: steps.clock.monotonicMs() }
  return toAuditEvent(trail, ending, at)
}

function codeOf(refusal: Refusal): string | null {
  switch (refusal.kind) {
    case 'rejected':
      return refusal.auditCode
    case 'unauthenticated':
      return refusal.reason
    case 'limited':
      return `limit:${refusal.limit}`
    case 'failed':
      return refusal.error.code
    case 'denied':
      return null
    default:
      return refusal satisfies never
  }
}

const levelOfFault = { operator: 'error', upstream: 'warn' } as const

/** The cause of a failure, for the operator only; the audit event carries its code. */
export function logFailure({ observer }: Steps, trail: Trail, error: GuardError): void {
  observer.log?.(levelOfFault[error.fault], `${error.code}: ${error.message}`, {
    request_id: trail.requestId,
    server: trail.server?.name ?? null,
    method: trail.asked.method,
  })
}
