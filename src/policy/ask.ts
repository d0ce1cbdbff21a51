/**
 * Puts one question to the engine, or the item questions of a list's chunk, and reads the answers
 * by the one parser. What was answered before is not asked again. Whatever the engine does there is
 * an answer: a fault and a spent budget are denials, told of and not remembered.
 */
import type { Decision } from '../domain.js'
import { createDecisionReader, denial, type ParsedDecision, parseDecision } from './decision.js'
import type { Asked } from './encode.js'
import type { Evaluator } from './evaluator.js'
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
  one(asked: Asked, purse: Purse): Decision
  /** Item questions of one list; null: they have to be asked one by one. */
  chunk(asked: readonly Asked[], purse: Purse): Chunk | null
}

export interface Chunk {
  readonly decisions: readonly Decision[]
  /** It took more than one question may, and so its answers are not remembered. */
  readonly costly: boolean
}

export interface AskingParts {
  readonly evaluator: Evaluator
  readonly entryPoints: EntryPoints
  readonly budget: number
  readonly memo: Memo
  readonly fault: Fault
}

/** Before it is parsed: twice a decision's bound, which is on its content and not its spelling. */
export const maxAnswerBytes = 32_768
/** How many budgets of one question the questions of a chunk have together. */
export const chunkBudgets = 2

const notDecided: ParsedDecision = { decision: denial('policy-undefined'), problem: null }

export function createAsking(parts: AskingParts): Asking {
  const { evaluator, entryPoints, budget, memo, fault } = parts
  const readDecision = createDecisionReader()

  function known({ frame, resource }: Asked): Decision | undefined {
    return memo.get(frame.key, resource.key)
  }

  function one(asked: Asked, purse: Purse): Decision {
    return known(asked) ?? evaluate(asked, purse)
  }

  function evaluate({ frame, resource }: Asked, purse: Purse): Decision {
    const { subject } = frame
    if (purse.left <= 0) return fault(subject, 'policy-budget', 'nothing is left of the budget')
    const input = `{${frame.text},"resource":${resource.text}}`
    const bounds = { maxBytes: maxAnswerBytes, budget: Math.min(budget, purse.left) }
    const evaluation = evaluator.evaluate(entryPoints.decision, input, bounds)
    if (evaluation.kind === 'unreadable') return denial('facts-malformed')
    purse.left -= evaluation.spent
    if (evaluation.kind === 'fault') return fault(subject, evaluation.reason, evaluation.problem)
    const { decision, problem } =
      evaluation.kind === 'undefined' ? notDecided : readDecision(evaluation.text)
    if (problem !== null) return fault(subject, 'decision-malformed', problem)
    memo.set(frame.key, resource.key, decision)
    return decision
  }

  function chunk(asked: readonly Asked[], purse: Purse): Chunk | null {
    const [first] = asked
    const left = Math.min(chunkBudgets * budget, purse.left)
    if (entryPoints.decisions === null || first === undefined || left <= 0) return null
    const { frame } = first
    const items = asked.map(({ resource }) => resource.text).join(',')
    const input = `{${frame.text},"items":[${items}]}`
    const bounds = { maxBytes: maxAnswerBytes * asked.length, budget: left }
    const evaluation = evaluator.evaluate(entryPoints.decisions, input, bounds)
    if (evaluation.kind === 'unreadable') return null
    purse.left -= evaluation.spent
    if (evaluation.kind === 'fault') fault(frame.subject, evaluation.reason, evaluation.problem)
    if (evaluation.kind !== 'defined') return null
    const answers: unknown = JSON.parse(evaluation.text)
    if (!isAnswers(answers)) return null
    const costly = evaluation.spent > budget
    const decisions = asked.map(({ resource }, index) => {
      const { decision, problem } = answerOf(answers, String(index))
      if (problem !== null) return fault(frame.subject, 'decision-malformed', problem)
      // What is remembered must be what the question alone would be answered, within its budget.
      if (!costly) memo.set(frame.key, resource.key, decision)
      return decision
    })
    return { decisions, costly }
  }

  function answerOf(answers: Readonly<Record<string, unknown>>, index: string): ParsedDecision {
    return Object.hasOwn(answers, index) ? parseDecision(answers[index]) : notDecided
  }

  return { known, one, chunk }
}

function isAnswers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
