/**
 * The resource of a question as the text that the engine reads. What is said of an item apart from
 * any message (its server, what is known of it, the parts of its URI) is written once for each state
 * of knowledge and found again by server, type, id and definition; it may be forgotten, and is then
 * written anew. A message adds its arguments and parameters where the policy reads them.
 * Arguments that are read whole are known by the text they came in, which is at hand, and written
 * only where the engine is asked: what it reads depends on their value alone, and a value in two
 * spellings is two entries of the memo with the same decision.
 */
import type { Definition, JsonObject, Question, Server } from '../domain.js'
import type { NamedItem, ResourceType } from '../mcp/methods.js'
import { argumentsOf, paramsOf, resourceFacts, uriFacts } from './facts.js'
import { createGenerations } from './generations.js'
import { flat, type Intern, type Interned, internedBytes } from './intern.js'
import { type Projection, part, projectedText, reads } from './project.js'

export interface ResourceEncoder {
  readonly readsDefinitions: boolean
  about(question: Question, type: ResourceType, id: string): Interned
  /** `known`: of the item, if there is one. null: the message's arguments are no object. */
  ofMessage(
    question: Question,
    item: NamedItem | undefined,
    known: Interned | undefined,
  ): AboutMessage | null
}

/** What a message is about, and what it adds to the key of that: exactly what it adds to the text. */
export interface AboutMessage {
  readonly resource: Interned
  readonly more: string
}

interface Groups {
  readonly undefined: string
  readonly defined: string
}

/** A definition's name, and the key of the item that it is of, or that it was first found for. */
interface Named {
  readonly name: string
  readonly id: string
  readonly key: string
}

const maxItemBytes = 8 * 1024 * 1024
const definitionMembers = ['known', 'annotations', 'digest'] as const

export function createResourceEncoder(
  projection: Projection | undefined,
  intern: Intern,
): ResourceEncoder {
  const items = createGenerations<string, Interned>(maxItemBytes, internedBytes)
  const serverGroups = new WeakMap<Server, Map<ResourceType, Groups>>()
  const definitionNames = new WeakMap<Definition, Named>()
  let definitionCount = 0

  const [readArguments, readParams] = ['arguments', 'params'].map((name) =>
    projection === undefined ? undefined : part(projection, name),
  )
  const readsUri = readsMember('uri')
  const readsDefinitions = definitionMembers.some(readsMember)

  function readsMember(name: string): boolean {
    return projection !== undefined && reads(projection, [name])
  }

  /** The groups of a server's items of one type. Servers are told apart by name and labels. */
  function groupsOf(server: Server, type: ResourceType): Groups {
    const ofServer = serverGroups.get(server) ?? new Map<ResourceType, Groups>()
    const found = ofServer.get(type)
    if (found !== undefined) return found
    const text = JSON.stringify([type, server.name, server.labels])
    const groups = { undefined: text, defined: `${text} defined` }
    serverGroups.set(server, ofServer.set(type, groups))
    return groups
  }

  /** No name is given twice, so a changed definition is never taken for the one before. */
  function keyOf(definition: Definition, id: string): string {
    const found = definitionNames.get(definition)
    if (found?.id === id) return found.key
    if (found !== undefined) return `${found.name} ${id}`
    definitionCount += 1
    const name = definitionCount.toString(36)
    const key = `${name} ${id}`
    definitionNames.set(definition, { name, id, key })
    return key
  }

  function about(question: Question, type: ResourceType, id: string): Interned {
    const { server, definitions } = question
    const definition =
      readsDefinitions && type !== 'server' ? (definitions?.of(type, id) ?? null) : null
    const groups = groupsOf(server, type)
    const group = definition === null ? groups.undefined : groups.defined
    const key = definition === null ? id : keyOf(definition, id)
    const found = items.get(group, key)
    if (found !== undefined) return found
    const facts = resourceFacts(server, type, id, definition)
    const text = flat(textOf(readsUri ? { ...facts, ...uriFacts(type, id) } : facts))
    // Two items whose id is read have no text in common.
    const interned = readsMember('id') ? intern.alone(text) : intern.shared(text)
    items.set(group, key, interned)
    return interned
  }

  function textOf(facts: object): string {
    return (projection === undefined ? null : projectedText(projection, facts)) ?? '{}'
  }

  function ofMessage(
    question: Question,
    item: NamedItem | undefined,
    known: Interned | undefined,
  ): AboutMessage | null {
    const { params, server, spelling = null } = question
    const given = item === undefined ? undefined : argumentsOf(params)
    if (given === null) return null
    const resource =
      item === undefined
        ? about(question, 'server', server.name)
        : (known ?? about(question, item.type, item.id))
    const rest =
      readParams === undefined
        ? ''
        : `,"params":${projectedText(readParams, paramsOf(params, item !== undefined))}`
    if (given === undefined || readArguments === undefined) return withMembers(resource, rest)
    if (readArguments === 'whole' && spelling !== null && spelling.of === given) {
      // No text of an object starts with a comma, as members do, and no members with a semicolon
      // behind them are written: what is added tells whose text it is, and where it starts.
      const more = rest === '' ? spelling.text : `${rest};${spelling.text}`
      return { resource: new SpeltResource(resource, rest, given), more }
    }
    const written = projectedText(readArguments, given)
    return withMembers(resource, `,"arguments":${written}${rest}`)
  }

  return { readsDefinitions, about, ofMessage }
}

function withMembers(resource: Interned, more: string): AboutMessage {
  if (more === '') return { resource, more }
  const { key, text } = resource
  return { resource: { key, text: textWith(text, more) }, more }
}

function textWith(text: string, more: string): string {
  return text === '{}' ? `{${more.slice(1)}}` : `${text.slice(0, -1)}${more}}`
}

/** With arguments that are written when somebody reads them. */
class SpeltResource implements Interned {
  readonly key: string
  readonly #resource: Interned
  readonly #rest: string
  readonly #given: JsonObject
  #text: string | null = null

  constructor(resource: Interned, rest: string, given: JsonObject) {
    this.key = resource.key
    this.#resource = resource
    this.#rest = rest
    this.#given = given
  }

  get text(): string {
    this.#text ??= textWith(
      this.#resource.text,
      `,"arguments":${JSON.stringify(this.#given)}${this.#rest}`,
    )
    return this.#text
  }
}
