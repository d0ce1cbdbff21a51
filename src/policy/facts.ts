/**
 * Question → facts, the policy's input (schemas/facts.schema.json). Pure: nothing here decides.
 * An item question is the same document whether a list or a message asks it, but for time and
 * request id: it is always a client's request with the use action, and it carries neither
 * `arguments` nor `params`. A message question about an item carries both, as objects.
 */
import type { Facts } from '../contracts.js'
import type { Circumstances, Json, JsonObject, Question } from '../domain.js'
import { methodInfo, type NamedItem } from '../mcp/methods.js'
import { uriParts, uriTemplateParts } from './uri.js'

export type ItemResource = Facts['resource']

const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

/** Said elsewhere in the facts, or (`_meta`) no business of policy. */
const notParamsOfItem: ReadonlySet<string> = new Set(['_meta', 'name', 'uri', 'arguments'])
const notParams: ReadonlySet<string> = new Set(['_meta'])

/** May the caller use this item at all? */
export function itemFacts(question: Question, item: NamedItem): Facts {
  return {
    subject: question.identity.subject,
    action: { name: item.action, class: 'use' },
    resource: itemResource(question, item),
    context: contextFacts(question.circumstances, 'item', 'client', 'request'),
  }
}

/**
 * May this very message pass? It is about the first item it names, unless its method is about the
 * server as a whole. null: it is about an item and its `arguments` are no object, so that the
 * policy could not be shown what the server would read.
 */
export function messageFacts(question: Question, items: readonly NamedItem[]): Facts | null {
  const { method, params } = question
  const info = methodInfo(method)
  const item = info.resourceType === 'server' ? undefined : items[0]
  const resource = item ? aboutItem(question, item, params) : aboutServer(question, params)
  if (resource === null) return null
  return {
    subject: question.identity.subject,
    action: { name: method, class: info.class },
    resource,
    context: contextFacts(question.circumstances, 'message', question.direction, question.kind),
  }
}

export function itemResource(question: Question, item: NamedItem): ItemResource {
  const { type, id } = item
  const { name, labels } = question.server
  if (type === 'resource') {
    return { type, id, server: name, labels, known: false, uri: uriParts(id) }
  }
  if (type === 'resource_template') {
    return { type, id, server: name, labels, known: false, uri: uriTemplateParts(id) }
  }
  return { type, id, server: name, labels, known: false }
}

function aboutItem(
  question: Question,
  item: NamedItem,
  params: JsonObject | undefined,
): ItemResource | null {
  const given = params?.['arguments']
  if (given !== undefined && !isObject(given)) return null
  const resource = itemResource(question, item)
  resource.arguments = given ?? {}
  resource.params = without(params, notParamsOfItem)
  return resource
}

function aboutServer(question: Question, params: JsonObject | undefined): ItemResource {
  const { name, labels } = question.server
  return {
    type: 'server',
    id: name,
    server: name,
    labels,
    known: false,
    params: without(params, notParams),
  }
}

function contextFacts(
  circumstances: Circumstances,
  question: 'item' | 'message',
  direction: Question['direction'],
  kind: Question['kind'],
): Facts['context'] {
  const { nowMs } = circumstances
  const now = new Date(nowMs)
  const iso = now.toISOString()
  return {
    question,
    direction,
    kind,
    time: `${iso.slice(0, -5)}Z`,
    // A multiple of 10^6 prints as the exact integer although a double cannot hold it exactly.
    time_ns: nowMs * 1_000_000,
    date: iso.slice(0, -14),
    hour: now.getUTCHours(),
    weekday: weekdays[now.getUTCDay()] ?? 'sunday',
    zones: {},
    ip: circumstances.ip,
    transport: circumstances.transport,
    era: circumstances.era,
    protocol_version: circumstances.protocolVersion,
    client: circumstances.client,
    session: circumstances.session,
    request_id: circumstances.requestId,
  }
}

/** Without a prototype, so that a member named `__proto__` is copied like any other. */
function without(params: JsonObject | undefined, omitted: ReadonlySet<string>): JsonObject {
  const rest: JsonObject = Object.create(null)
  if (params === undefined) return rest
  for (const member of Object.keys(params)) {
    const value = params[member]
    if (value !== undefined && !omitted.has(member)) rest[member] = value
  }
  return rest
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
