/**
 * A decision as the audit has it, and as much of its facts as an event holds. Roles, scopes, claims,
 * arguments and what was known of the item are in no event: what is missing is told of, because the
 * answer may hang on it.
 */
import type { Json, JsonObject } from '../../domain.js'
import { describeThrown } from '../../errors.js'
import { findAuditLine } from '../audit-search.js'
import { UsageError } from '../terminal.js'

export interface RecordedDecision {
  readonly id: string
  readonly revision: string | null
  /** What the gateway decided then. */
  readonly allow: boolean
  readonly reasons: readonly string[]
  readonly outcome: string
  readonly facts: JsonObject
}

/** Members of the facts that no event holds, each with what it would be called. */
export const unrecordedPaths: readonly (readonly string[])[] = [
  ['subject', 'kind'],
  ['subject', 'client_id'],
  ['subject', 'actors'],
  ['subject', 'roles'],
  ['subject', 'groups'],
  ['subject', 'scopes'],
  ['subject', 'expires_at'],
  ['subject', 'claims'],
  ['resource', 'labels'],
  ['resource', 'known'],
  ['resource', 'annotations'],
  ['resource', 'digest'],
  ['resource', 'arguments'],
  ['resource', 'params'],
  ['context', 'protocol_version'],
  ['context', 'zones'],
]

/** Throws UsageError where there is no such decision, or nothing in it to ask with. */
export function readRecorded(file: string, [id]: readonly string[]): RecordedDecision {
  if (id === undefined) throw new UsageError('say which decision: --audit FILE DECISION_ID')
  const line = findLine(file, id)
  if (line === null) {
    throw new UsageError(
      `the audit file ${file} has no line for decision ${id}; the last 8 MiB of it were searched`,
    )
  }
  const event = JSON.parse(line) as JsonObject
  const { method, server, subject, resource, revision, reasons, limits, outcome } = event
  if (typeof method !== 'string' || typeof server !== 'string' || !isObject(subject)) {
    throw new UsageError(
      `decision ${id} is about no message: its event has no method, server or subject`,
    )
  }
  return {
    id,
    revision: typeof revision === 'string' ? revision : null,
    allow: limits !== null,
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    outcome: String(outcome),
    facts: factsOf(event, method, server, subject, resource),
  }
}

function findLine(file: string, id: string): string | null {
  try {
    return findAuditLine(file, id)
  } catch (thrown) {
    throw new UsageError(`the audit file cannot be read: ${describeThrown(thrown)}`)
  }
}

function factsOf(
  event: JsonObject,
  method: string,
  server: string,
  subject: JsonObject,
  resource: Json | undefined,
): JsonObject {
  const { time, direction, kind, era, client, session, ip, transport, request_id } = event
  const nowMs = Date.parse(String(time))
  return {
    subject: members({ ...subject }),
    action: { name: method },
    resource: { ...(isObject(resource) ? members({ ...resource }) : {}), server },
    context: {
      ...members({ direction, kind, era, ip, transport, request_id }),
      client: client ?? null,
      session: session ?? null,
      ...(Number.isNaN(nowMs) ? {} : { time_ns: nowMs * 1_000_000 }),
    },
  }
}

/** Without those that the event does not have. */
function members(given: Readonly<Record<string, Json | undefined>>): JsonObject {
  const there = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as JsonObject
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
