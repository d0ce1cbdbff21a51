/**
 * The decision point of one policy revision: asks the questions and reads the answers. Every
 * message must pass the question of each item it names, the very one that a list asks for it, and
 * then its own; limits come from its own. Whatever the engine does, the answer is a Judgement.
 */
import type { Decision, DecisionPoint, ListKind, Observer, Question } from '../domain.js'
import { describeThrown } from '../errors.js'
import { systemClock } from '../lib/clock.js'
import { listItems, type NamedItem, namedItems } from '../mcp/methods.js'
import { denial, parseDecision } from './decision.js'
import type { Evaluation, Evaluator } from './evaluator.js'
import { itemFacts, itemResource, messageFacts } from './facts.js'

export interface DecisionPointParts {
  readonly revision: string
  readonly evaluator: Evaluator
  readonly entryPoints: EntryPoints
  /** `input` paths the policy can read; null = unknown. */
  readonly paths: readonly (readonly string[])[] | null
  /** Units of work for one evaluation. */
  readonly budget: number
  /** IANA zones that the facts name besides UTC. */
  readonly timeZones: readonly string[]
  readonly nextId: () => string
  readonly observer: Observer | undefined
}

export interface EntryPoints {
  readonly decision: number
  /** The host's own list module; null where the bundle was built without it. */
  readonly decisions: number | null
}

/** Before it is parsed: twice a decision's bound, which is on its content and not its spelling. */
export const maxAnswerBytes = 32_768
const chunkItems = 200
const sliceMs = 5
/** One message is judged without a pause, so the number of its questions is bounded. */
const maxNamedItems = 200

export function createDecisionPoint(parts: DecisionPointParts): DecisionPoint {
  const { revision, evaluator, entryPoints, budget, nextId, observer } = parts

  function fault(reason: string, problem: string): void {
    try {
      observer?.policy?.({ type: 'fault', revision, reason: `${reason}: ${problem}` })
    } catch {
      // Whoever watches decides nothing.
    }
  }

  function decided(document: unknown): Decision {
    const { decision, problem } = parseDecision(document)
    if (problem !== null) fault('decision-malformed', problem)
    return decision
  }

  function ask(facts: unknown): Decision {
    const bounds = { maxBytes: maxAnswerBytes, budget }
    return decisionOf(evaluator.evaluate(entryPoints.decision, JSON.stringify(facts), bounds))
  }

  function decisionOf(evaluation: Evaluation): Decision {
    switch (evaluation.kind) {
      case 'defined':
        return decided(JSON.parse(evaluation.text))
      case 'undefined':
        return denial('policy-undefined')
      case 'unreadable':
        return denial('facts-malformed')
      case 'fault':
        fault(evaluation.reason, evaluation.problem)
        return denial(evaluation.reason)
    }
  }

  function decide(question: Question): Decision {
    const items = namedItems(question.method, question.params)
    if (items === null) return denial('item-missing')
    if (items.length > maxNamedItems) return denial('too-many-items')
    for (const item of items) {
      const decision = ask(itemFacts(question, item))
      if (!decision.allow) return decision
    }
    const facts = messageFacts(question, items)
    return facts === null ? denial('facts-malformed') : ask(facts)
  }

  /** Total: also facts that cannot be built or written, such as an impossible date, are a denial. */
  function guarded(answer: () => Decision): Decision {
    try {
      return answer()
    } catch (thrown) {
      fault('policy-fault', describeThrown(thrown))
      return denial('policy-fault')
    }
  }

  /** null: the chunk has to be asked item by item. */
  function askChunk(question: Question, chunk: readonly NamedItem[]): boolean[] | null {
    const first = chunk[0]
    if (entryPoints.decisions === null || first === undefined) return null
    try {
      const { subject, action, context } = itemFacts(question, first)
      const items = chunk.map((item) => itemResource(question, item))
      const input = JSON.stringify({ subject, action, context, items })
      const bounds = { maxBytes: maxAnswerBytes * chunk.length, budget: 2 * budget }
      const evaluation = evaluator.evaluate(entryPoints.decisions, input, bounds)
      if (evaluation.kind === 'fault') fault(evaluation.reason, evaluation.problem)
      if (evaluation.kind !== 'defined') return null
      const result: unknown = JSON.parse(evaluation.text)
      return isAnswers(result) ? chunk.map((_, index) => isVisible(answerOf(result, index))) : null
    } catch {
      return null
    }
  }

  function answerOf(answers: Record<string, unknown>, index: number): Decision {
    const key = String(index)
    return Object.hasOwn(answers, key) ? decided(answers[key]) : denial('policy-undefined')
  }

  async function visible(
    question: Question,
    kind: ListKind,
    ids: readonly string[],
  ): Promise<boolean[]> {
    const { type, action } = listItems[kind]
    const seen: boolean[] = []
    for (let start = 0; start < ids.length; start += chunkItems) {
      if (start > 0) await pause()
      const chunk = ids.slice(start, start + chunkItems).map((id) => ({ type, id, action }))
      const answers = askChunk(question, chunk)
      if (answers !== null) {
        seen.push(...answers)
        continue
      }
      // Without the list module, or with faults that cost an instance each, an item is dear.
      let pauseMs = systemClock.monotonicMs() + sliceMs
      for (const item of chunk) {
        if (systemClock.monotonicMs() >= pauseMs) {
          await pause()
          pauseMs = systemClock.monotonicMs() + sliceMs
        }
        seen.push(isVisible(guarded(() => ask(itemFacts(question, item)))))
      }
    }
    return seen
  }

  return {
    revision,
    readsDefinitions: true,
    judge(question) {
      return { decisionId: nextId(), revision, decision: guarded(() => decide(question)) }
    },
    visible,
  }
}

function isVisible(decision: Decision): boolean {
  return decision.allow || decision.challenge?.listing === 'show'
}

function isAnswers(result: unknown): result is Record<string, unknown> {
  return typeof result === 'object' && result !== null && !Array.isArray(result)
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
