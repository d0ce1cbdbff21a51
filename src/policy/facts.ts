/**
 * Question → facts, the policy's input (schemas/facts.schema.json). Pure: nothing here decides.
 * An item question is the same document whether a list or a message asks it, but for time and
 * request id: it is always a client's request with the use action, and it carries neither
 * `arguments` nor `params`. A message question about an item carries both, as objects.
 * The facts as one document are here, and the pieces that the encoder sends only where they are read.
 */
import type { Facts } from '../contracts.js'
import type {
  Circumstances,
  Definition,
  Json,
  JsonObject,
  Message,
  Question,
  Server,
} from '../domain.js'
import { methodInfo, type NamedItem, type ResourceType } from '../mcp/methods.js'
import { uriParts, uriTemplateParts } from './uri.js'
import { noZones, type ZoneClock } from './zones.js'

export type ItemResource = Facts['resource']
type Context = Facts['context']

/** What the context is made of. */
export interface Setting {
  readonly question: Context['question']
  readonly direction: Question['direction']
  readonly kind: Message['kind']
  readonly circumstances: Circumstances
  readonly zones: ZoneClock
}

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

/** Each throws where the moment is no date. */
export const contextFields: { readonly [Name in keyof Context]: (of: Setting) => Context[Name] } = {
  question: ({ question }) => question,
  direction: ({ direction }) => direction,
  kind: ({ kind }) => kind,
  time: ({ circumstances }) => `${utc(circumstances.nowMs).toISOString().slice(0, -5)}Z`,
  // A multiple of 10^6 prints as the exact integer although a double cannot hold it exactly.
  time_ns: ({ circumstances }) => utc(circumstances.nowMs).getTime() * 1_000_000,
  date: ({ circumstances }) => utc(circumstances.nowMs).toISOString().slice(0, -14),
  hour: ({ circumstances }) => utc(circumstances.nowMs).getUTCHours(),
  weekday: ({ circumstances }) => weekdays[utc(circumstances.nowMs).getUTCDay()] ?? 'sunday',
  zones: ({ circumstances, zones }) => zones.at(circumstances.nowMs),
  ip: ({ circumstances }) => circumstances.ip,
  transport: ({ circumstances }) => circumstances.transport,
  era: ({ circumstances }) => circumstances.era,
  protocol_version: ({ circumstances }) => circumstances.protocolVersion,
  client: ({ circumstances }) => circumstances.client,
  session: ({ circumstances }) => circumstances.session,
  request_id: ({ circumstances }) => circumstances.requestId,
}

/** May the caller use this item at all? */
export function itemFacts(question: Question, item: NamedItem, zones = noZones): Facts {
  return {
    subject: question.identity.subject,
    action: { name: item.action, class: 'use' },
    resource: itemResource(question, item),
    context: contextFacts(itemSetting(question, zones)),
  }
}

/**
 * May this very message pass? It is about the first item it names, unless its method is about the
 * server as a whole. null: it is about an item and its `arguments` are no object.
 */
export function messageFacts(
  question: Question,
  items: readonly NamedItem[],
  zones = noZones,
): Facts | null {
  const { method } = question
  const resource = messageResource(question, itemOf(question, items))
  if (resource === null) return null
  return {
    subject: question.identity.subject,
    action: { name: method, class: methodInfo(method).class },
    resource,
    context: contextFacts(messageSetting(question, zones)),
  }
}

export function itemResource(question: Question, { type, id }: NamedItem): ItemResource {
  const definition = question.definitions?.of(type, id) ?? null
  return { ...resourceFacts(question.server, type, id, definition), ...uriFacts(type, id) }
}

/** The item that the message is about; undefined: it is about the server as a whole. */
export function itemOf(question: Question, items: readonly NamedItem[]): NamedItem | undefined {
  return methodInfo(question.method).resourceType === 'server' ? undefined : items[0]
}

/** What is the same in every question about a resource, but for the parts of its URI. */
export function resourceFacts(
  { name, labels }: Server,
  type: ResourceType,
  id: string,
  definition: Definition | null,
): ItemResource {
  const about = { type, id, server: name, labels }
  if (definition === null) return { ...about, known: false }
  const { annotations, digest } = definition
  return { ...about, known: true, annotations, digest }
}

export function uriFacts(type: ResourceType, id: string): Pick<ItemResource, 'uri'> {
  if (type === 'resource') return { uri: uriParts(id) }
  return type === 'resource_template' ? { uri: uriTemplateParts(id) } : {}
}

/** Missing arguments are none; null: they are no object, and could not be shown to the policy. */
export function argumentsOf(params: JsonObject | undefined): JsonObject | null {
  const given = params?.['arguments']
  if (given === undefined) return {}
  return isObject(given) ? given : null
}

/** The remaining parameters, without a prototype: one named `__proto__` is copied like any other. */
export function paramsOf(params: JsonObject | undefined, aboutItem: boolean): JsonObject {
  const omitted = aboutItem ? notParamsOfItem : notParams
  const rest: JsonObject = Object.create(null)
  if (params === undefined) return rest
  for (const member of Object.keys(params)) {
    const value = params[member]
    if (value !== undefined && !omitted.has(member)) rest[member] = value
  }
  return rest
}

export function itemSetting({ circumstances }: Question, zones: ZoneClock): Setting {
  return { question: 'item', direction: 'client', kind: 'request', circumstances, zones }
}

export function messageSetting(question: Question, zones: ZoneClock): Setting {
  const { direction, kind, circumstances } = question
  return { question: 'message', direction, kind, circumstances, zones }
}

function messageResource(question: Question, item: NamedItem | undefined): ItemResource | null {
  const { server, params } = question
  if (item === undefined) {
    const resource = resourceFacts(server, 'server', server.name, null)
    return { ...resource, params: paramsOf(params, false) }
  }
  const given = argumentsOf(params)
  if (given === null) return null
  return { ...itemResource(question, item), arguments: given, params: paramsOf(params, true) }
}

function contextFacts(setting: Setting): Context {
  const entries = Object.entries(contextFields).map(([name, read]) => [name, read(setting)])
  return Object.fromEntries(entries) as Context
}

function utc(nowMs: number): Date {
  const date = new Date(nowMs)
  if (Number.isNaN(date.getTime())) throw new RangeError('the moment is not a date')
  return date
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
