/**
 * The decision point of one policy revision. Every message must pass the question of each item it
 * names, the very one that a list asks for it, and then its own; limits come from its own. Whatever
 * the engine does, the answer is a Judgement. A question has its budget, and so has the message with
 * all of its questions. What is remembered, here and below, ends with the revision.
 */
import type { CompiledBundle, Decision, DecisionPoint, Observer, Question } from '../domain.js'
import { describeThrown } from '../errors.js'
import { namedItems } from '../mcp/methods.js'
import { createAsking, type EntryPoints } from './ask.js'
import { denial } from './decision.js'
import { type Asked, createEncoder } from './encode.js'
import type { Evaluator } from './evaluator.js'
import { createFaults } from './faults.js'
import { createMemo, defaultMemoBytes } from './memo.js'
import { createVisible } from './visible.js'

export interface DecisionPointParts {
  readonly revision: string
  readonly evaluator: Evaluator
  readonly entryPoints: EntryPoints
  /** `input` paths the policy can read; null = unknown. */
  readonly paths: CompiledBundle['paths']
  /** Units of work for a message question; an item question may take twice of it. */
  readonly budget: number
  /** IANA zones that the facts name besides UTC. */
  readonly timeZones: readonly string[]
  readonly nextId: () => string
  readonly observer: Observer | undefined
  /** Of the memo; 0 = nothing is remembered. */
  readonly memoBytes?: number
}

/** One message is judged without a pause, so the number of its questions is bounded. */
const maxNamedItems = 200
/** What all questions of a message may take, in budgets of a message question. */
const messageBudgets = 4

export function createDecisionPoint(parts: DecisionPointParts): DecisionPoint {
  const { revision, evaluator, entryPoints, budget, nextId, observer } = parts
  const fault = createFaults(revision, observer)
  const encoder = createEncoder(parts.paths, parts.timeZones)
  const memo = createMemo(encoder.readsMoment ? 0 : (parts.memoBytes ?? defaultMemoBytes))
  const asking = createAsking({ evaluator, entryPoints, budget, memo, fault })

  function decide(question: Question): Decision {
    const items = namedItems(question.method, question.params)
    if (items === null) return denial('item-missing')
    if (items.length > maxNamedItems) return denial('too-many-items')
    const purse = { left: messageBudgets * budget }
    let first: Asked | undefined
    for (const item of items) {
      const about = encoder.item(question, item)
      first ??= about
      const decision = asking.item(about, purse)
      if (!decision.allow) return decision
    }
    const asked = encoder.message(question, items, first)
    return asked === null ? denial('facts-malformed') : asking.message(asked, purse)
  }

  /** Total: also facts that cannot be built or written, such as an impossible date, are a denial. */
  function guarded(question: Question): Decision {
    try {
      return decide(question)
    } catch (thrown) {
      return fault(question.identity.subject, 'policy-fault', describeThrown(thrown))
    }
  }

  return {
    revision,
    readsDefinitions: encoder.readsDefinitions,
    judge: (question) => ({ decisionId: nextId(), revision, decision: guarded(question) }),
    visible: createVisible({ encoder, asking, budget, fault }),
  }
}
