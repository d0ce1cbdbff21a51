/**
 * An audit event as one line of JSON that cannot break out of its line, whatever a caller or a
 * server named things: member by member, strings well-formed and cut, unprintable characters
 * escaped. Members that are not of the schema never get in, so neither does a credential that
 * someone hangs onto an event. Which texts an event holds is decided where it is made.
 */
import type { AuditEvent } from '../domain.js'
import { cutText, escapeUnprintable } from '../lib/printable.js'

const maxTextCharacters = 256
const maxIdCharacters = 1024
const maxEntries = 32

/** The line of an event with its line end. Total over AuditEvent. */
export function auditLine(event: AuditEvent): string {
  return `${escapeUnprintable(JSON.stringify(sanitizeEvent(event)))}\n`
}

/** The event with every text well-formed, cut at a character boundary, and every number a number. */
export function sanitizeEvent(event: AuditEvent): AuditEvent {
  const { resource, subject, client, limits, duration_us: durationUs } = event
  return {
    time: text(event.time),
    event: event.event,
    outcome: event.outcome,
    request_id: text(event.request_id),
    decision_id: textOrNull(event.decision_id),
    revision: textOrNull(event.revision),
    reasons: event.reasons.slice(0, maxEntries).map(text),
    code: textOrNull(event.code),
    direction: event.direction,
    kind: event.kind,
    method: textOrNull(event.method),
    era: event.era,
    server: textOrNull(event.server),
    resource: resource && { type: text(resource.type), id: id(resource.id) },
    subject: subject && {
      id: id(subject.id),
      issuer: id(subject.issuer),
      tenant: textOrNull(subject.tenant),
      method: text(subject.method),
    },
    credential: textOrNull(event.credential),
    client: client && { name: text(client.name), version: text(client.version) },
    session: textOrNull(event.session),
    ip: text(event.ip),
    transport: text(event.transport),
    limits:
      limits?.slice(0, maxEntries).map(({ name, tier }) => ({
        name: text(name),
        tier: text(tier),
      })) ?? null,
    hidden: count(event.hidden),
    dropped: count(event.dropped),
    status: event.status === null ? null : count(event.status),
    bytes_in: count(event.bytes_in),
    bytes_out: count(event.bytes_out),
    duration_us: {
      total: count(durationUs.total),
      decide: count(durationUs.decide),
      upstream: count(durationUs.upstream),
    },
  }
}

function text(value: string): string {
  return cutText(value, maxTextCharacters)
}

function id(value: string): string {
  return cutText(value, maxIdCharacters)
}

function textOrNull(value: string | null): string | null {
  return value === null ? null : text(value)
}

function count(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.round(value) : 0
}
