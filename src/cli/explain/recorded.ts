/**
 * A decision as the audit has it, and as much of its facts as an event holds. Roles, scopes, claims,
 * arguments and what was known of the item are in no event: what is missing is told of, because the
 * answer may hang on it.
 */
import type { Json, JsonObject } from '../../domain.js'
import { describeThrown } from '../../errors.js'
import { methodInfo } from '../../mcp/methods.js'
import { type AuditId, findAuditLine } from '../audit-search.js'
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
  const event = findEvent(file, id, 'decision_id')
  if (event === null) throw new UsageError(noDecision(file, id))
  const { method, server, subject, resource, revision, reasons, outcome } = event
  if (typeof method !== 'string' || typeof server !== 'string' || !isObject(subject)) {
    throw new UsageError(
      `${id} was not decided by policy: its event has no method, server or subject`,
    )
  }
  const named = isObject(resource) ? resource : null
  if (named?.['type'] === 'server' && methodInfo(method).resourceType !== 'server') {
    throw new UsageError(
      `${id} was not decided by policy: the message does not say what its ${method} is about`,
    )
  }
  return {
    id,
    revision: typeof revision === 'string' ? revision : null,
    allow: wasAllowed(event),
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    outcome: String(outcome),
    facts: factsOf(event, method, server, subject, named),
  }
}

/** null: no such line. */
function findEvent(file: string, id: string, member: AuditId): JsonObject | null {
  try {
    const line = findAuditLine(file, id, member)
    return line === null ? null : (JSON.parse(line) as JsonObject)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') {
      throw new UsageError(
        `there is no audit file ${file}; audit.path of the configuration names it`,
      )
    }
    throw new UsageError(`the audit file ${file} cannot be read: ${describeThrown(thrown)}`)
  }
}

/** What is refused before a policy is asked has a request id alone. */
function noDecision(file: string, id: string): string {
  const event = findEvent(file, id, 'request_id')
  if (event === null) {
    return `the audit file ${file} has no line for decision ${id}; the last 8 MiB of it were searched`
  }
  const { decision_id: decision, event: name, outcome, code } = event
  if (typeof decision === 'string')
    return `${id} is the id of a request; its decision is ${decision}`
  const why = typeof code === 'string' ? `, ${code}` : ''
  return `${id} was not decided by policy: event ${name}, outcome ${outcome}${why}`
}

/** A denied message has no limits; one of the server's never has. A stream can be denied later. */
function wasAllowed({ outcome, limits, direction }: JsonObject): boolean {
  return outcome !== 'denied' && (limits !== null || direction === 'server')
}

function factsOf(
  event: JsonObject,
  method: string,
  server: string,
  subject: JsonObject,
  resource: JsonObject | null,
): JsonObject {
  const { time, direction, kind, era, client, session, ip, transport, request_id } = event
  const nowMs = Date.parse(String(time))
  return {
    subject: members({ ...subject }),
    action: { name: method },
    resource: { ...(resource === null ? {} : resourceOf(method, resource)), server },
    context: {
      // Without a body there is no message and no kind; what a policy is shown then is a request.
      ...members({ direction, kind: kind ?? 'request', era, ip, transport, request_id }),
      client: client ?? null,
      session: session ?? null,
      ...(Number.isNaN(nowMs) ? {} : { time_ns: nowMs * 1_000_000 }),
    },
  }
}

/** A message about a server that names items all the same asks to be told of them. */
function resourceOf(method: string, { type, id }: JsonObject): JsonObject {
  const isNamed = type !== 'server' && typeof id === 'string'
  if (!isNamed || methodInfo(method).resourceType !== 'server') return members({ type, id })
  const ids = [id]
  const filter: JsonObject = type === 'task' ? { taskIds: ids } : { resourceSubscriptions: ids }
  return { params: { notifications: filter } }
}

/** Without those that the event does not have. */
function members(given: Readonly<Record<string, Json | undefined>>): JsonObject {
  const there = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as JsonObject
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
