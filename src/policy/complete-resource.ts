/**
 * The resource of facts of which somebody wrote a part: its type by the method, the parts of a URI
 * by the id, and what a message about an item always has. Server and item have to be said.
 */
import type { Facts, PartialFacts } from '../contracts.js'
import type { JsonObject } from '../domain.js'
import { methodInfo, namedItems } from '../mcp/methods.js'
import { uriFacts } from './facts.js'
import type { Say } from './facts-problem.js'

type Resource = Facts['resource']
type Given = NonNullable<PartialFacts['resource']>
type Type = Resource['type']

/** Of an item that is known, where nobody said another. */
const usualDigest = `sha256:${'0'.repeat(64)}`

/** Types that an item question with this action can be about. */
const itemTypes: ReadonlyMap<string, readonly Type[]> = new Map<string, readonly Type[]>([
  ['tools/call', ['tool']],
  ['prompts/get', ['prompt']],
  ['resources/read', ['resource', 'resource_template']],
  ['tasks/get', ['task']],
])
const completed: readonly Type[] = ['prompt', 'resource_template']

/** null: it cannot be told what it is about; that was said. */
export function completeResource(
  method: string,
  question: Facts['context']['question'],
  given: Given,
  say: Say,
): Resource | null {
  const types = question === 'item' ? itemTypes.get(method) : messageTypes(method)
  if (types === undefined) {
    const actions = [...itemTypes.keys()].join(', ')
    say(['context', 'question'], `no item question asks for ${method}`, `ask for ${actions}`)
    return null
  }
  const named = question === 'message' ? namedIn(method, given.params) : undefined
  const type = given.type ?? named?.type ?? types[0]
  if (type === undefined || !types.includes(type)) {
    say(['resource', 'type'], `is not what ${method} is about`, `write ${types.join(' or ')}`)
    return null
  }
  if (given.type === undefined && named === undefined && method === 'completion/complete') {
    say(['resource', 'type'], 'is missing', 'write prompt or resource_template')
    return null
  }
  const { server } = given
  if (server === undefined || server === '') {
    say(['resource', 'server'], 'is missing', 'name a server as in the configuration')
    return null
  }
  const id = given.id ?? named?.id ?? (type === 'server' ? server : '')
  if (id === '') {
    say(['resource', 'id'], 'is missing', `name the ${type.replace('_', ' ')}`)
    return null
  }
  const contradicted = type === 'server' ? server : named?.id
  if (contradicted !== undefined && contradicted !== id) {
    say(['resource', 'id'], `is not ${contradicted}`, 'keep one of them, or leave it out')
  }
  const about = { type, id, server, labels: given.labels ?? {} }
  return {
    ...about,
    ...completeDefinition(type, given, say),
    ...completeUri(type, id, given, say),
    ...(question === 'item' ? noParameters(given, say) : parametersOf(method, about, given, say)),
  }
}

function messageTypes(method: string): readonly Type[] {
  const { resourceType } = methodInfo(method)
  return resourceType === 'completion' ? completed : [resourceType]
}

/** The item that the parameters themselves name. */
function namedIn(
  method: string,
  params: object | undefined,
): { type: Type; id: string } | undefined {
  if (params === undefined || methodInfo(method).resourceType === 'server') return undefined
  return namedItems(method, params as JsonObject)?.[0]
}

function completeDefinition(type: Type, given: Given, say: Say) {
  const { known, annotations, digest } = given
  const isDefined = type !== 'server' && type !== 'task'
  const said = annotations !== undefined || digest !== undefined
  if (known === true && !isDefined) {
    say(['resource', 'known'], `servers define no ${type}`, 'leave it out')
  }
  if (said && (known === false || !isDefined)) {
    const member = annotations === undefined ? 'digest' : 'annotations'
    say(['resource', member], 'is absent where the item is not known', 'leave it out')
  }
  if (!isDefined || known === false) return { known: false }
  return { known: true, annotations: annotations ?? {}, digest: digest ?? usualDigest }
}

function completeUri(type: Type, id: string, given: Given, say: Say): Pick<Resource, 'uri'> {
  const about = type === 'resource' || type === 'resource_template' ? uriFacts(type, id) : {}
  if (given.uri !== undefined && about.uri === undefined) {
    say(['resource', 'uri'], 'only resources and templates have it', 'leave it out')
  }
  for (const part of ['scheme', 'authority', 'path', 'canonical'] as const) {
    const [said, is] = [given.uri?.[part], about.uri?.[part]]
    if (said !== undefined && is !== undefined && said !== is) {
      say(['resource', 'uri', part], `is not that of ${id}`, 'leave it out, it is worked out')
    }
  }
  return about
}

function noParameters(given: Given, say: Say): object {
  for (const member of ['arguments', 'params'] as const) {
    if (given[member] !== undefined) {
      say(['resource', member], 'is absent in an item question', 'leave it out')
    }
  }
  return {}
}

function parametersOf(
  method: string,
  { type, id }: { type: Type; id: string },
  given: Given,
  say: Say,
): Pick<Resource, 'arguments' | 'params'> {
  const params = given.params ?? {}
  const elsewhere = type === 'server' ? ['_meta'] : ['_meta', 'name', 'uri', 'arguments']
  for (const member of elsewhere.filter((name) => Object.hasOwn(params, name))) {
    say(['resource', 'params', member], 'is not among the parameters of the facts', 'leave it out')
  }
  if (type === 'server') {
    if (given.arguments !== undefined) {
      const fix = 'write them below params'
      say(['resource', 'arguments'], `${method} is about no item that has arguments`, fix)
    }
    return { params }
  }
  return { arguments: given.arguments ?? {}, params: { ...reference(method, type, id), ...params } }
}

/** How the message named the item, where that is left among its parameters. */
function reference(method: string, type: Type, id: string): JsonObject {
  if (type === 'task') return { taskId: id }
  if (method !== 'completion/complete') return {}
  return {
    ref: type === 'prompt' ? { type: 'ref/prompt', name: id } : { type: 'ref/resource', uri: id },
  }
}
