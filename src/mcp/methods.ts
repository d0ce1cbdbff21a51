/**
 * What each MCP method is: its class for policy, what it acts on, who sends it, and which items it
 * names. One table for all revisions from 2024-11-05 to 2026-07-28, Tasks extension included.
 * The method set is open: a method that is not in here is `unknown`, which policy has to allow by
 * name; nothing in here allows or refuses anything.
 */
import type { Json, JsonObject, ListKind } from '../domain.js'

export type MethodClass = 'session' | 'list' | 'use' | 'notify' | 'answer' | 'unknown'
export type ItemType = 'tool' | 'prompt' | 'resource' | 'resource_template' | 'task'
export type ResourceType = 'server' | 'completion' | ItemType

export interface MethodInfo {
  readonly class: MethodClass
  readonly resourceType: ResourceType
  /** Who may send it under any revision. */
  readonly direction: 'client' | 'server' | 'both'
}

/** An item that a message names, with the action of the item question about it. */
export interface NamedItem {
  readonly type: ItemType
  readonly id: string
  readonly action: string
}

export interface ListItem {
  readonly type: ItemType
  readonly action: string
  readonly nameMember: 'name' | 'uri' | 'uriTemplate'
}

type Naming = (params: JsonObject) => NamedItem[] | null
type Row = MethodInfo & { readonly naming: Naming | null }

/** How the items of a list are judged: as what a client would do with them. */
export const listItems: Readonly<Record<ListKind, ListItem>> = {
  tools: { type: 'tool', action: 'tools/call', nameMember: 'name' },
  prompts: { type: 'prompt', action: 'prompts/get', nameMember: 'name' },
  resources: { type: 'resource', action: 'resources/read', nameMember: 'uri' },
  resourceTemplates: {
    type: 'resource_template',
    action: 'resources/read',
    nameMember: 'uriTemplate',
  },
}

/**
 * Names that are not on the wire: a response, a GET stream and a DELETE as policy sees them. A
 * message that carries one as its `method` would borrow their class and is refused.
 */
export const hostMethods = {
  response: 'response',
  streamOpen: 'stream/open',
  sessionClose: 'session/close',
} as const

const tool = member('name', 'tool', 'tools/call')
const prompt = member('name', 'prompt', 'prompts/get')
const resource = member('uri', 'resource', 'resources/read')
const task = member('taskId', 'task', 'tasks/get')

const methods: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['initialize', row('session', 'server', 'client')],
  ['ping', row('session', 'server', 'both')],
  ['server/discover', row('session', 'server', 'client')],
  ['logging/setLevel', row('session', 'server', 'client')],
  ['subscriptions/listen', row('session', 'server', 'client', listened)],

  ['tools/list', row('list', 'server', 'client')],
  ['prompts/list', row('list', 'server', 'client')],
  ['resources/list', row('list', 'server', 'client')],
  ['resources/templates/list', row('list', 'server', 'client')],

  ['tools/call', row('use', 'tool', 'client', tool)],
  ['prompts/get', row('use', 'prompt', 'client', prompt)],
  ['resources/read', row('use', 'resource', 'client', resource)],
  ['resources/subscribe', row('use', 'resource', 'client', resource)],
  ['resources/unsubscribe', row('use', 'resource', 'client', resource)],
  ['completion/complete', row('use', 'completion', 'client', reference)],

  ['tasks/get', row('use', 'task', 'both', task)],
  ['tasks/result', row('use', 'task', 'both', task)],
  ['tasks/update', row('use', 'task', 'both', task)],
  ['tasks/cancel', row('use', 'task', 'both', task)],
  // Not `list`: that class is open to everybody because list answers are filtered, and this one's
  // are not.
  ['tasks/list', row('use', 'server', 'both')],

  ['sampling/createMessage', row('use', 'server', 'server')],
  ['elicitation/create', row('use', 'server', 'server')],
  ['roots/list', row('use', 'server', 'server')],

  ['notifications/initialized', row('notify', 'server', 'client')],
  ['notifications/roots/list_changed', row('notify', 'server', 'client')],
  ['notifications/cancelled', row('notify', 'server', 'both')],
  ['notifications/progress', row('notify', 'server', 'both')],
  ['notifications/message', row('notify', 'server', 'server')],
  ['notifications/tools/list_changed', row('notify', 'server', 'server')],
  ['notifications/prompts/list_changed', row('notify', 'server', 'server')],
  ['notifications/resources/list_changed', row('notify', 'server', 'server')],
  ['notifications/resources/updated', row('notify', 'resource', 'server', resource)],
  ['notifications/subscriptions/acknowledged', row('notify', 'server', 'server', listened)],
  ['notifications/elicitation/complete', row('notify', 'server', 'server')],
  ['notifications/tasks', row('notify', 'task', 'server', task)],
  ['notifications/tasks/status', row('notify', 'task', 'both', task)],

  [hostMethods.response, row('answer', 'server', 'both')],
  [hostMethods.streamOpen, row('session', 'server', 'client')],
  [hostMethods.sessionClose, row('session', 'server', 'client')],
])

const unknown: MethodInfo = row('unknown', 'server', 'both')

/** The methods that ask for lists. */
export const listMethods: Readonly<Record<ListKind, string>> = {
  tools: 'tools/list',
  prompts: 'prompts/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
}

const lists: ReadonlyMap<string, ListKind> = new Map(
  (Object.keys(listMethods) as ListKind[]).map((kind) => [listMethods[kind], kind]),
)

const changes: ReadonlyMap<string, readonly ListKind[]> = new Map<string, readonly ListKind[]>([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'resourceTemplates']],
])

const reserved: ReadonlySet<string> = new Set(Object.values(hostMethods))

/** Those that are not unknown, by their names. */
export function knownMethods(): readonly string[] {
  return [...methods.keys()]
}

export function methodInfo(method: string): MethodInfo {
  return methods.get(method) ?? unknown
}

/** For metric labels, which must not grow with what callers invent. */
export function isKnownMethod(method: string): boolean {
  return methods.has(method)
}

/** True for the gateway's own words (`hostMethods`), which no message may carry as its method. */
export function isHostMethod(method: string): boolean {
  return reserved.has(method)
}

/** The kind of list that the method asks for. */
export function listOf(method: string): ListKind | null {
  return lists.get(method) ?? null
}

/** The lists that are others now, when a server says so by this notification. */
export function changedLists(method: string): readonly ListKind[] {
  return changes.get(method) ?? []
}

/**
 * Every item that the message names; `[]` for a method that names none (unknown ones included).
 * null: the method has to name an item and does not (absent, not a string, empty).
 */
export function namedItems(method: string, params: JsonObject | undefined): NamedItem[] | null {
  const naming = methods.get(method)?.naming
  return naming ? naming(params ?? {}) : []
}

function row(
  methodClass: MethodClass,
  resourceType: ResourceType,
  direction: MethodInfo['direction'],
  naming: Naming | null = null,
): Row {
  return { class: methodClass, resourceType, direction, naming }
}

function member(name: string, type: ItemType, action: string): Naming {
  return function named(params) {
    const id = params[name]
    return isName(id) ? [{ type, id, action }] : null
  }
}

/** completion/complete: what is completed belongs to the prompt or template it refers to. */
function reference(params: JsonObject): NamedItem[] | null {
  const ref = params['ref']
  if (!isObject(ref)) return null
  if (ref['type'] === 'ref/prompt') return prompt(ref)
  if (ref['type'] !== 'ref/resource' || !isName(ref['uri'])) return null
  return [{ type: 'resource_template', id: ref['uri'], action: 'resources/read' }]
}

/** subscriptions/listen and its acknowledgement: every resource and task of the filter. */
function listened(params: JsonObject): NamedItem[] | null {
  const filter = params['notifications']
  if (filter === undefined) return []
  if (!isObject(filter)) return null
  const uris = filter['resourceSubscriptions'] ?? []
  const taskIds = filter['taskIds'] ?? []
  if (!Array.isArray(uris) || !Array.isArray(taskIds)) return null
  const items: NamedItem[] = []
  for (const id of uris) {
    if (!isName(id)) return null
    items.push({ type: 'resource', id, action: 'resources/read' })
  }
  for (const id of taskIds) {
    if (!isName(id)) return null
    items.push({ type: 'task', id, action: 'tasks/get' })
  }
  return items
}

function isName(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== ''
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
