/**
 * Tries a candidate policy before it decides about anybody: it must answer an empty input, an item
 * question, a message question and a list with decisions or with nothing, but not with a fault or
 * a malformed document. Then runs it for a moment, because first evaluations are slow.
 */
import type { Identity, Question } from '../domain.js'
import { systemClock } from '../lib/clock.js'
import type { NamedItem } from '../mcp/methods.js'
import { type EntryPoints, maxAnswerBytes } from './ask.js'
import { parseDecision } from './decision.js'
import type { Evaluation, Evaluator } from './evaluator.js'
import { itemFacts, itemResource, messageFacts } from './facts.js'

const warmUpMs = 50
const warmUpEvaluations = 3_000
/** The event loop waits no longer than this at a time. */
const sliceMs = 5

const item: NamedItem = { type: 'tool', id: 'sample', action: 'tools/call' }

const identity: Identity = {
  subject: {
    id: 'sample',
    kind: 'user',
    issuer: 'sample',
    method: 'api-key',
    client_id: null,
    actors: [],
    roles: ['sample'],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: null,
    claims: {},
  },
  binding: '',
  expiresAtMs: null,
  credentialId: '',
}

const question: Question = {
  identity,
  server: { name: 'sample', labels: {} },
  definitions: null,
  direction: 'client',
  kind: 'request',
  method: 'tools/call',
  params: { name: item.id, arguments: {} },
  circumstances: {
    nowMs: 0,
    ip: '127.0.0.1',
    transport: 'http',
    era: 'legacy',
    protocolVersion: null,
    client: null,
    session: null,
    requestId: 'sample',
  },
}

const singleInputs: readonly (readonly [what: string, input: string])[] = [
  ['an empty input', '{}'],
  ['an item question', JSON.stringify(itemFacts(question, item))],
  ['a message question', JSON.stringify(messageFacts(question, [item]))],
]

export function trialProblems(
  evaluator: Evaluator,
  entryPoints: EntryPoints,
  budget: number,
): string[] {
  const bounds = { maxBytes: maxAnswerBytes, budget }
  const problems: string[] = []
  for (const [what, input] of singleInputs) {
    const evaluation = evaluator.evaluate(entryPoints.decision, input, bounds)
    const problem = problemOf(evaluation, (output) => output)
    if (problem !== null) problems.push(`for ${what} ${problem}`)
  }
  if (entryPoints.decisions !== null) {
    const evaluation = evaluator.evaluate(entryPoints.decisions, listInput(), bounds)
    const problem = problemOf(evaluation, firstOf)
    if (problem !== null) problems.push(`for a list ${problem}`)
  }
  return problems
}

/** Bounded by time and by count. */
export async function warmUp(
  evaluator: Evaluator,
  entryPoints: EntryPoints,
  budget: number,
): Promise<void> {
  const bounds = { maxBytes: maxAnswerBytes, budget }
  const endMs = systemClock.monotonicMs() + warmUpMs
  let pauseMs = systemClock.monotonicMs() + sliceMs
  for (let count = 0; count < warmUpEvaluations; count += 1) {
    const [, input] = singleInputs[count % singleInputs.length] ?? singleInputs[0] ?? ['', '{}']
    evaluator.evaluate(entryPoints.decision, input, bounds)
    const nowMs = systemClock.monotonicMs()
    if (nowMs >= endMs) return
    if (nowMs < pauseMs) continue
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    pauseMs = systemClock.monotonicMs() + sliceMs
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

function listInput(): string {
  const { subject, action, context } = itemFacts(question, item)
  return JSON.stringify({ subject, action, context, items: [itemResource(question, item)] })
}
