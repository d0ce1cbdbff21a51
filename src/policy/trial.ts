/**
 * Tries a candidate policy before it decides about anybody: it must answer an empty input, an item
 * question, a message question and a list with decisions or with nothing, but not with a fault or
 * a malformed document. Then runs it for a while, because first evaluations are slow.
 */
import { systemClock } from '../lib/clock.js'
import { type EntryPoints, maxAnswerBytes } from './ask.js'
import { parseDecision } from './decision.js'
import type { Evaluation, Evaluator } from './evaluator.js'
import { createPace } from './pace.js'
import { listSample, trialSamples, warmSamples } from './sample.js'

const warmUpMs = 1_000
const warmUpEvaluations = 3_000
const evaluationsPerList = 150
const warmListItems = 20
const listBudgets = 2

export function trialProblems(
  evaluator: Evaluator,
  entryPoints: EntryPoints,
  budget: number,
): string[] {
  const bounds = { maxBytes: maxAnswerBytes, budget }
  const problems: string[] = []
  for (const { what, input } of trialSamples) {
    const evaluation = evaluator.evaluate(entryPoints.decision, input, bounds)
    const problem = problemOf(evaluation, (output) => output)
    if (problem !== null) problems.push(`for ${what} ${problem}`)
  }
  if (entryPoints.decisions !== null) {
    const evaluation = evaluator.evaluate(entryPoints.decisions, listSample(1), bounds)
    const problem = problemOf(evaluation, firstOf)
    if (problem !== null) problems.push(`for a list ${problem}`)
  }
  return problems
}

/** Bounded by time and by count; others have their turn in between. */
export async function warmUp(
  evaluator: Evaluator,
  { decision, decisions }: EntryPoints,
  budget: number,
): Promise<void> {
  const bounds = { maxBytes: maxAnswerBytes, budget }
  const listBounds = { maxBytes: maxAnswerBytes * warmListItems, budget: listBudgets * budget }
  const list = listSample(warmListItems)
  const endMs = systemClock.monotonicMs() + warmUpMs
  const pace = createPace()
  for (let count = 0; count < warmUpEvaluations; count += 1) {
    const sample = warmSamples[count % warmSamples.length]
    if (sample !== undefined) evaluator.evaluate(decision, sample.input, bounds)
    if (decisions !== null && count % evaluationsPerList === 0) {
      await pace.rest()
      evaluator.evaluate(decisions, list, listBounds)
    }
    if (systemClock.monotonicMs() >= endMs) return
    await pace.rest()
  }
}

function problemOf(
  evaluation: Evaluation,
  documentOf: (result: unknown) => unknown,
): string | null {
  if (evaluation.kind === 'undefined') return null
  if (evaluation.kind === 'unreadable') return 'the sample is not Unicode text'
  if (evaluation.kind === 'fault') return `the evaluation failed: ${evaluation.problem}`
  const document = documentOf(JSON.parse(evaluation.text))
  return document === undefined ? null : parseDecision(document).problem
}

/** undefined: no decision about the item. */
function firstOf(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return null
  return Object.entries(result).find(([key]) => key === '0')?.[1]
}
