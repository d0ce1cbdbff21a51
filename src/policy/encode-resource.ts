/**
 * The resource of a question as the text that the engine reads. What is said of an item apart from
 * any message (its server, what is known of it, the parts of its URI) is written once for each state
 * of knowledge and found again by server, type, id and definition; it may be forgotten, and is then
 * written anew. A message adds its arguments and parameters where the policy reads them.
 */
import type { Definition, Question, Server } from '../domain.js'
import type { NamedItem, ResourceType } from '../mcp/methods.js'
import { argumentsOf, paramsOf, resourceFacts, uriFacts } from './facts.js'
import { createGenerations } from './generations.js'
import { type Intern, type Interned, internedBytes } from './intern.js'
import { type Projection, part, projectedText, reads } from './project.js'

export interface ResourceEncoder {
  readonly readsDefinitions: boolean
  about(question: Question, type: ResourceType, id: string): Interned
  /** null: the message's arguments are no object. */
  ofMessage(question: Question, item: NamedItem | undefined): Interned | null
}

const maxItemBytes = 8 * 1024 * 1024
const definitionMembers = ['known', 'annotations', 'digest'] as const

export function createResourceEncoder(
  projection: Projection | undefined,
  intern: Intern,
): ResourceEncoder {
  const items = createGenerations<Interned>(maxItemBytes, internedBytes)
  const serverGroups = new WeakMap<Server, Map<ResourceType, string>>()
  const definitionNames = new WeakMap<Definition, string>()
  let definitionCount = 0

  const [readArguments, readParams] = ['arguments', 'params'].map((name) =>
    projection === undefined ? undefined : part(projection, name),
  )
  const readsUri = readsMember('uri')
  const readsDefinitions = definitionMembers.some(readsMember)

  function readsMember(name: string): boolean {
    return projection !== undefined && reads(projection, [name])
  }

  /** The group of a server's items of one type. Servers are told apart by name and labels. */
  function groupOf(server: Server, type: ResourceType): string {
    const groups = serverGroups.get(server) ?? new Map<ResourceType, string>()
    const found = groups.get(type)
    if (found !== undefined) return found
    const group = JSON.stringify([type, server.name, server.labels])
    serverGroups.set(server, groups.set(type, group))
    return group
  }

  /** No name is given twice, so a changed definition is never taken for the one before. */
  function definitionName(definition: Definition | null): string {
    if (definition === null) return '-'
    const found = definitionNames.get(definition)
    if (found !== undefined) return found
    definitionCount += 1
    const name = definitionCount.toString(36)
    definitionNames.set(definition, name)
    return name
  }

  function about(question: Question, type: ResourceType, id: string): Interned {
    const { server, definitions } = question
    const definition =
      readsDefinitions && type !== 'server' ? (definitions?.of(type, id) ?? null) : null
    const group = groupOf(server, type)
    const key = readsDefinitions ? `${definitionName(definition)} ${id}` : id
    const found = items.get(group, key)
    if (found !== undefined) return found
    const facts = resourceFacts(server, type, id, definition)
    const text = textOf(readsUri ? { ...facts, ...uriFacts(type, id) } : facts)
    // Two items whose id is read have no text in common.
    const interned = readsMember('id') ? intern.alone(text) : intern.shared(text)
    items.set(group, key, interned)
    return interned
  }

  function textOf(facts: object): string {
    return (projection === undefined ? null : projectedText(projection, facts)) ?? '{}'
  }

  function ofMessage(question: Question, item: NamedItem | undefined): Interned | null {
    const { params, server } = question
    const given = item === undefined ? undefined : argumentsOf(params)
    if (given === null) return null
    const resource =
      item === undefined
        ? about(question, 'server', server.name)
        : about(question, item.type, item.id)
    let more = ''
    if (given !== undefined && readArguments !== undefined) {
      more += `,"arguments":${projectedText(readArguments, given)}`
    }
    if (readParams !== undefined) {
      more += `,"params":${projectedText(readParams, paramsOf(params, item !== undefined))}`
    }
    return more === '' ? resource : withMembers(resource, more)
  }

  return { readsDefinitions, about, ofMessage }
}

/** A name holds no comma, so no two pairs of name and members have the same key. */
function withMembers({ key, text }: Interned, more: string): Interned {
  const start = text === '{}' ? `{${more.slice(1)}` : `${text.slice(0, -1)}${more}`
  return { key: `${key}${more}`, text: `${start}}` }
}
