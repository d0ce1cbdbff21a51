/** Whether one principal may use one item with these arguments, and what there is to say why. */
import type { Decision, JsonObject, ListKind, Server } from '../domain.js'
import { listItems } from '../mcp/methods.js'
import type { AskAs } from '../policy/workbench.js'
import { type FailedBound, readFailedBounds } from '../rego/failed-bounds.js'
import type { PolicySource } from '../rego/sources.js'
import { type Caller, questionOf, useParams } from './can-items.js'
import { definitionsOf, type LiveLists } from './live-lists.js'

export interface ItemQuestion {
  readonly kind: ListKind
  readonly name: string
  readonly given: JsonObject
}

export interface ItemAnswer {
  readonly server: string
  readonly kind: ListKind
  readonly name: string
  /** The server lists it. */
  readonly offered: boolean
  readonly seen: boolean
  readonly decision: Decision
  /** Which question was refused; null: none. */
  readonly refusedBy: 'item' | 'message' | null
  readonly bounds: readonly FailedBound[]
}

const outOfBounds = 'argument-out-of-bounds'

/** `lists` null: the server did not answer, and nothing is known of its items. */
export async function answerItem(
  askAs: AskAs,
  caller: Caller,
  server: Server,
  lists: LiveLists | null,
  { kind, name, given }: ItemQuestion,
  source: PolicySource,
): Promise<ItemAnswer> {
  const definitions = lists === null ? null : definitionsOf(lists)
  const { action } = listItems[kind]
  const question = questionOf(caller, server, definitions, action, useParams(kind, name, given))
  const item = askAs.item(question, kind, name)
  const decision = askAs.judge(question)
  const [seen = false] = await askAs.visible(question, kind, [name])
  // The policy says that some bound failed, not which.
  const facts = decision.reasons.includes(outOfBounds) ? askAs.facts(question) : null
  return {
    server: server.name,
    kind,
    name,
    offered: lists?.[kind].has(name) ?? false,
    seen,
    decision,
    refusedBy: decision.allow ? null : item.allow ? 'message' : 'item',
    bounds: facts === null ? [] : await readFailedBounds(source, facts),
  }
}
