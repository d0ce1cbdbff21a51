/**
 * The decision point asked as a principal would have it asked, without a gateway around it: lists
 * and messages as they are judged in production, the item question by itself, and the facts that a
 * message is judged by, for whoever explains the answer.
 */
import type { Facts } from '../contracts.js'
import type {
  CompiledBundle,
  Decision,
  DecisionPoint,
  ListKind,
  Observer,
  Question,
} from '../domain.js'
import { GuardError } from '../errors.js'
import { listItems, namedItems } from '../mcp/methods.js'
import { createPolicyHolder, type PolicyOptions } from './activate.js'
import { itemFacts, messageFacts } from './facts.js'
import { createZoneClock } from './zones.js'

export interface AskAs extends Pick<DecisionPoint, 'revision' | 'readsDefinitions' | 'visible'> {
  /** The question that a list asks, with its reasons; whether it is seen is for `visible` to say. */
  item(question: Question, kind: ListKind, id: string): Decision
  judge(question: Question): Decision
  /** null: the message cannot be shown to the policy. */
  facts(question: Question): Facts | null
}

export interface AskAsParts {
  readonly bundle: CompiledBundle
  readonly options: PolicyOptions
  /** One question as its facts put it. */
  readonly decide: (facts: Facts) => Decision
  /** Told what went wrong in an evaluation. */
  readonly observer: Observer
}

/** Rejects with GuardError GUARD_POLICY_INVALID. */
export async function createAskAs(parts: AskAsParts): Promise<AskAs> {
  const { bundle, options, decide, observer } = parts
  const holder = createPolicyHolder(observer, options)
  await holder.activate(bundle)
  const point = holder.current()
  if (point === null) throw new GuardError('GUARD_INTERNAL', 'no policy is active')
  const zones = createZoneClock(options.timeZones ?? [])
  return {
    revision: point.revision,
    readsDefinitions: point.readsDefinitions,
    visible: (question, kind, ids) => point.visible(question, kind, ids),
    judge: (question) => point.judge(question).decision,
    item(question, kind, id) {
      const { type, action } = listItems[kind]
      return decide(itemFacts(question, { type, id, action }, zones))
    },
    facts(question) {
      const items = namedItems(question.method, question.params)
      return items === null ? null : messageFacts(question, items, zones)
    },
  }
}
