/**
 * Judges facts as the gateway judges a message: first the question of each item that the message
 * names, then its own, and the first denial decides. Every question is put twice, once with what the
 * policy can read and once with everything: what a policy is not shown must never matter.
 */
import type { Facts } from '../contracts.js'
import type { Decision, JsonObject } from '../domain.js'
import { listItems, listOf, methodInfo, type NamedItem, namedItems } from '../mcp/methods.js'
import type { Decided, Decider } from './decider.js'
import { denial } from './decision.js'
import { uriFacts } from './facts.js'

export interface JudgedFacts {
  readonly decision: Decision
  /** The questions that were put, in order; the last one decided. Empty: none could be put. */
  readonly asked: readonly AskedFacts[]
}

export interface AskedFacts {
  readonly facts: Facts
  readonly decided: Decided
  /** The decision about the same facts shown whole. */
  readonly whole: Decision
}

/** What the gateway knows of one item of a list. */
export interface ListedItem {
  readonly id: string
  readonly known?: boolean
  readonly annotations?: JsonObject
  readonly digest?: string
}

/** As many as one message may name. */
const maxItems = 200
const usualDigest = `sha256:${'0'.repeat(64)}`

/** `facts` are whole. */
export function judgeFacts(decider: Decider, facts: Facts): JudgedFacts {
  const questions = questionsOf(facts)
  if (!Array.isArray(questions)) return { decision: questions, asked: [] }
  const asked: AskedFacts[] = []
  for (const question of questions) {
    const one = askFacts(decider, question)
    asked.push(one)
    if (!one.decided.decision.allow) break
  }
  const decision = asked.at(-1)?.decided.decision ?? denial('item-missing')
  return { decision, asked }
}

/** Which items of a list the caller sees, each judged by its own question. */
export function judgeList(
  decider: Decider,
  facts: Facts,
  items: readonly ListedItem[],
): readonly (AskedFacts & { readonly id: string; readonly visible: boolean })[] {
  return items.map((item) => {
    const asked = askFacts(decider, listedFacts(facts, item))
    const { decision } = asked.decided
    const visible = decision.allow || decision.challenge?.listing === 'show'
    return { ...asked, id: item.id, visible }
  })
}

/** False: no list answers this message, so that it has no items. */
export function asksForList(facts: Facts): boolean {
  return listOf(facts.action.name) !== null && facts.context.question === 'message'
}

function askFacts(decider: Decider, facts: Facts): AskedFacts {
  return { facts, decided: decider.decide(facts), whole: decider.decideWhole(facts).decision }
}

/** The questions of the message, or the denial that needs none. */
function questionsOf(facts: Facts): Facts[] | Decision {
  if (facts.context.question === 'item') return [facts]
  const items = itemsOf(facts)
  if (items === null) return denial('item-missing')
  if (items.length > maxItems) return denial('too-many-items')
  return [...items.map((item) => itemFacts(facts, item)), facts]
}

/** Names and URIs are not among the parameters of facts: they are the resource's id. */
function itemsOf({ action, resource }: Facts): NamedItem[] | null {
  const params = (resource.params ?? {}) as JsonObject
  if (methodInfo(action.name).resourceType === 'server') return namedItems(action.name, params)
  const { id } = resource
  return namedItems(action.name, { ...params, name: id, uri: id })
}

function itemFacts(facts: Facts, { type, id, action }: NamedItem): Facts {
  const { resource } = facts
  const isAbout = resource.type === type && resource.id === id
  const { arguments: _arguments, params: _params, ...about } = resource
  const { server, labels } = resource
  const other = { type, id, server, labels, known: false, ...uriFacts(type, id) }
  return itemQuestion(facts, action, isAbout ? about : other)
}

function listedFacts(facts: Facts, item: ListedItem): Facts {
  const kind = listOf(facts.action.name)
  if (kind === null) throw new RangeError(`${facts.action.name} is no list`)
  const { type, action } = listItems[kind]
  const { server, labels } = facts.resource
  const { id, known = true, annotations = {}, digest = usualDigest } = item
  const definition = known ? { known, annotations, digest } : { known }
  return itemQuestion(facts, action, {
    type,
    id,
    server,
    labels,
    ...definition,
    ...uriFacts(type, id),
  })
}

function itemQuestion(facts: Facts, action: string, resource: Facts['resource']): Facts {
  return {
    subject: facts.subject,
    action: { name: action, class: 'use' },
    resource,
    context: { ...facts.context, question: 'item', direction: 'client', kind: 'request' },
  }
}
