/**
 * An audit event as one line of JSON that cannot break out of its line, whatever a caller or a
 * server named things: member by member, strings well-formed and cut, unprintable characters
 * escaped. Members that are not of the schema never get in, so neither does a credential that
 * someone hangs onto an event. Which texts an event holds is decided where it is made.
 * The line is put together here because nearly every text is plain and needs no work but its
 * quotes: copying the event and `JSON.stringify` cost twice as much (measured).
 */
import type { AuditEvent } from '../domain.js'
import { cutText, escapeUnprintable, isPlain } from '../lib/printable.js'
import { createRecent } from '../lib/recent.js'

const maxTextCharacters = 256
const maxIdCharacters = 1024
const maxEntries = 32
/** Quoted texts remembered; about 600 bytes each at most. */
const maxRecent = 1000

const recent = createRecent<string>(maxRecent)

/** The line of an event with its line end. Total over AuditEvent. */
export function auditLine(event: AuditEvent): string {
  const { duration_us: us } = event
  return (
    `{"time":${ownText(event.time)},"event":"${event.event}","outcome":"${event.outcome}"` +
    `,"request_id":${ownText(event.request_id)},"decision_id":${ownTextOrNull(event.decision_id)}` +
    `,"revision":${textOrNull(event.revision)},"reasons":${list(event.reasons, text)}` +
    `,"code":${textOrNull(event.code)},"direction":"${event.direction}"` +
    `,"kind":${wordOrNull(event.kind)},"method":${textOrNull(event.method)}` +
    `,"era":${wordOrNull(event.era)},"server":${textOrNull(event.server)}` +
    `,"resource":${resourceOf(event)},"subject":${subjectOf(event)}` +
    `,"credential":${textOrNull(event.credential)},"client":${clientOf(event)}` +
    `,"session":${textOrNull(event.session)},"ip":${text(event.ip)}` +
    `,"transport":${text(event.transport)},"limits":${limitsOf(event)}` +
    `,"hidden":${count(event.hidden)},"dropped":${count(event.dropped)}` +
    `,"status":${event.status === null ? 'null' : count(event.status)}` +
    `,"bytes_in":${count(event.bytes_in)},"bytes_out":${count(event.bytes_out)}` +
    `,"duration_us":{"total":${count(us.total)},"decide":${count(us.decide)}` +
    `,"upstream":${count(us.upstream)}}}\n`
  )
}

function resourceOf({ resource }: AuditEvent): string {
  return resource === null ? 'null' : `{"type":${text(resource.type)},"id":${id(resource.id)}}`
}

function subjectOf({ subject }: AuditEvent): string {
  if (subject === null) return 'null'
  const { issuer, tenant, method } = subject
  return `{"id":${id(subject.id)},"issuer":${id(issuer)},"tenant":${textOrNull(tenant)},"method":${text(method)}}`
}

function clientOf({ client }: AuditEvent): string {
  return client === null
    ? 'null'
    : `{"name":${text(client.name)},"version":${text(client.version)}}`
}

function limitsOf({ limits }: AuditEvent): string {
  return limits === null
    ? 'null'
    : list(limits, ({ name, tier }) => `{"name":${text(name)},"tier":${text(tier)}}`)
}

function list<Entry>(entries: readonly Entry[], write: (entry: Entry) => string): string {
  const kept = entries.length > maxEntries ? entries.slice(0, maxEntries) : entries
  return `[${kept.map(write).join(',')}]`
}

/** Most texts come again and again: names of servers, callers, methods, rules. */
function text(value: string): string {
  const known = recent.get(value)
  if (known !== undefined) return known
  const made = quoted(value, maxTextCharacters)
  if (value.length <= maxTextCharacters) recent.set(value, made)
  return made
}

/** One that is made for its event alone. */
function ownText(value: string): string {
  return quoted(value, maxTextCharacters)
}

function id(value: string): string {
  return quoted(value, maxIdCharacters)
}

function textOrNull(value: string | null): string {
  return value === null ? 'null' : text(value)
}

function ownTextOrNull(value: string | null): string {
  return value === null ? 'null' : ownText(value)
}

/** One of the words that domain.ts lists. */
function wordOrNull(value: string | null): string {
  return value === null ? 'null' : `"${value}"`
}

function quoted(value: string, maxCharacters: number): string {
  return value.length <= maxCharacters && isPlain(value)
    ? `"${value}"`
    : escapeUnprintable(JSON.stringify(cutText(value, maxCharacters)))
}

function count(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.round(value) : 0
}
