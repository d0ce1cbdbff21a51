/**
 * Puts one question to the engine, or the item questions of a list's chunk, and reads the answers
 * by the one parser. What was answered before is not asked again. Whatever the engine does there is
 * an answer: a fault and a spent budget are denials, told of and not remembered. An item question may
 * take as much alone as a whole chunk of them, so that what a list is told a call is told too.
 */
import type { Decision } from '../domain.js'
import { createDecisionReader, denial, type ParsedDecision, parseDecision } from './decision.js'
import type { Asked } from './encode.js'
import type { Evaluation, Evaluator } from './evaluator.js'
import type { Fault } from './faults.js'
import type { Memo } from './memo.js'

export interface EntryPoints {
  readonly decision: number
  /** The host's own list module; null where the bundle was built without it. */
  readonly decisions: number | null
}

/** Units of work that are left for everything one message or one list asks. */
export interface Purse {
  left: number
}

export interface Asking {
  /** undefined: it has to be asked. */
  known(asked: Asked): Decision | undefined
  item(asked: Asked, purse: Purse): Decision
  message(asked: Asked, purse: Purse): Decision
  /** Item questions of one list; null: they have to be asked one by one. */
  chunk(asked: readonly Asked[], purse: Purse): readonly Decision[] | null
}

export interface AskingParts {
  readonly evaluator: Evaluator
  readonly entryPoints: EntryPoints
  /** Units of work for a message question, reading its arguments aside. */
  readonly budget: number
  readonly memo: Memo
  readonly fault: Fault
}

/** Before it is parsed: twice a decision's bound, which is on its content and not its spelling. */
export const maxAnswerBytes = 32_768
/** What a chunk of item questions may take, and one alone, in budgets of a message question. */
export const chunkBudgets = 2
/**
 * Per character of a message's own facts: a budget that had to pay for reading them would refuse
 * large arguments whatever the policy does. Plain text takes 1.3, dense JSON 5 (measured).
 */
const readingUnits = 5

const notDecided: ParsedDecision = { decision: denial('policy-undefined'), problem: null }
const notJson: ParsedDecision = {
  decision: denial('decision-malformed'),
  problem: 'the decision is not JSON',
}

export function createAsking(parts: AskingParts): Asking {
  const { evaluator, entryPoints, budget, memo, fault } = parts
  const itemBudget = chunkBudgets * budget
  const readDecision = createDecisionReader()

  function known({ frame, resource, more }: Asked): Decision | undefined {
    return memo.get(frame.key, resource.key, more)
  }

  function evaluate(
    entryPoint: number,
    input: string,
    bounds: { count: number; units: number },
    purse: Purse,
  ): Evaluation {
    const evaluation = evaluator.evaluate(entryPoint, input, {
      maxBytes: maxAnswerBytes * bounds.count,
      budget: Math.min(bounds.units, purse.left),
    })
    if (evaluation.kind !== 'unreadable') purse.left -= evaluation.spent
    return evaluation
  }

  function one(asked: Asked, units: number, purse: Purse): Decision {
    const { frame, resource, more } = asked
    const { subject } = frame
    if (purse.left <= 0) return fault(subject, 'policy-budget', 'nothing is left of the budget')
    const input = `{${frame.text},"resource":${resource.text}}`
    const evaluation = evaluate(entryPoints.decision, input, { count: 1, units }, purse)
    if (evaluation.kind === 'unreadable') return denial('facts-malformed')
    if (evaluation.kind === 'fault') return fault(subject, evaluation.reason, evaluation.problem)
    const { decision, problem } =
      evaluation.kind === 'undefined' ? notDecided : read(evaluation.text)
    if (problem !== null) return fault(subject, 'decision-malformed', problem)
    memo.set(frame.key, resource.key, more, decision)
    return decision
  }

  /** The engine writes some numbers as it was given them, `.5` and `1e`, which are no JSON. */
  function read(text: string): ParsedDecision {
    try {
      return readDecision(text)
    } catch {
      return notJson
    }
  }

  /** Its faults are told of when the items are asked one by one. */
  function chunk(asked: readonly Asked[], purse: Purse): readonly Decision[] | null {
    const [first] = asked
    if (entryPoints.decisions === null || first === undefined || purse.left <= 0) return null
    const { frame } = first
    const items = asked.map(({ resource }) => resource.text).join(',')
    const input = `{${frame.text},"items":[${items}]}`
    const bounds = { count: asked.length, units: itemBudget }
    const evaluation = evaluate(entryPoints.decisions, input, bounds, purse)
    if (evaluation.kind !== 'defined') return null
    const answers = parsed(evaluation.text)
    if (!isAnswers(answers)) return null
    return asked.map(({ resource, more }, index) => {
      const { decision, problem } = answerOf(answers, String(index))
      if (problem !== null) return fault(frame.subject, 'decision-malformed', problem)
      memo.set(frame.key, resource.key, more, decision)
      return decision
    })
  }

  function answerOf(answers: Readonly<Record<string, unknown>>, index: string): ParsedDecision {
    return Object.hasOwn(answers, index) ? parseDecision(answers[index]) : notDecided
  }

  return {
    known,
    item: (asked, purse) => known(asked) ?? one(asked, itemBudget, purse),
    message(asked, purse) {
      const remembered = known(asked)
      if (remembered !== undefined) return remembered
      const reading = readingUnits * asked.resource.text.length
      purse.left += reading
      return one(asked, budget + reading, purse)
    },
    chunk,
  }
}

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isAnswers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
