/**
 * An explanation for a person, who sees at a glance who may do what or not and why, and for a machine.
 * What is foreign in it (names, arguments, values) cannot act on a terminal.
 */
import type { Facts } from '../../contracts.js'
import type { Decision } from '../../domain.js'
import { escapeUnprintable } from '../../lib/printable.js'
import { hostMethods } from '../../mcp/methods.js'
import type { JudgedFacts } from '../../policy/judge-facts.js'
import { decisionShown } from '../../rego/case-differences.js'
import type { ExplainedPolicy } from '../../rego/explain.js'
import { paint, printFailure, printJson, printLine, printNote } from '../terminal.js'
import type { AskedFor } from './facts.js'
import type { RecordedDecision } from './recorded.js'
import { ruleLines } from './rule-lines.js'

export interface Explanation {
  readonly judged: JudgedFacts
  /** Of the question that decided. */
  readonly facts: Facts
  readonly revision: string
  /** null: it is not known what became of the rules; `unexplained` says why. */
  readonly explained: ExplainedPolicy | null
  readonly unexplained: string
  /** What the interpreter decides where that is something else. */
  readonly disagreement: Decision | null
  readonly recorded: RecordedDecision | null
  readonly clock: AskedFor['clock']
  /** Facts that no event holds and nobody said, by their paths. */
  readonly assumed: readonly string[]
}

export interface ReportOptions {
  readonly json: boolean
  readonly all: boolean
}

export function report(explanation: Explanation, options: ReportOptions): void {
  if (options.json) printJson(jsonReport(explanation))
  else printReport(explanation, options)
  for (const note of warnings(explanation)) printNote(`warning: ${escapeUnprintable(note)}`)
  if (explanation.disagreement !== null) {
    const other = JSON.stringify(decisionShown(explanation.disagreement))
    printFailure(
      `the engines disagree: the compiled policy decides as above, OPA's interpreter ${escapeUnprintable(other)}`,
    )
  }
}

function jsonReport(explanation: Explanation): object {
  const { judged, facts, revision, explained, recorded, assumed, disagreement } = explanation
  return {
    decision: decisionShown(judged.decision),
    question: facts.context.question,
    revision,
    facts,
    questions: judged.asked.map(({ facts: one, decided }) => ({
      question: one.context.question,
      action: one.action.name,
      resource: { type: one.resource.type, id: one.resource.id },
      decision: decisionShown(decided.decision),
      problem: decided.problem,
    })),
    rules: explained?.rules ?? null,
    omitted: explained?.omitted ?? 0,
    missing: explained?.missing ?? [],
    interpreter: disagreement === null ? 'agrees' : decisionShown(disagreement),
    ...(recorded === null ? {} : { recorded: withoutFacts(recorded), assumed }),
    warnings: warnings(explanation),
  }
}

function withoutFacts({ facts: _facts, ...rest }: RecordedDecision): object {
  return rest
}

function warnings({ recorded, revision, judged, assumed, unexplained }: Explanation): string[] {
  const notes: string[] = []
  if (unexplained !== '') notes.push(unexplained)
  if (recorded === null) return notes
  if (recorded.revision !== revision) {
    notes.push(
      `the decision was made under revision ${recorded.revision ?? 'unknown'}, this policy is ${revision}`,
    )
  }
  if (assumed.length > 0) {
    notes.push(
      `the record does not have ${assumed.join(', ')}: what is usual stands in their place; say them with options, --config or --facts`,
    )
  }
  const { allow, reasons } = judged.decision
  const same = recorded.allow === allow && recorded.reasons.join() === [...reasons].join()
  if (!same) {
    const then = `${recorded.allow ? 'allowed' : 'denied'} (${recorded.reasons.join(', ')})`
    notes.push(`the gateway decided otherwise then: ${then}`)
  }
  return notes
}

function printReport(explanation: Explanation, { all }: ReportOptions): void {
  const { judged, facts, explained } = explanation
  const { decision } = judged
  const verdict = decision.allow
    ? paint(process.stdout, 32, 'ALLOWED')
    : paint(process.stdout, 31, 'DENIED')
  printLine(`${verdict}  ${printable(sentence(facts, decision))}`)
  for (const reason of decision.reasons) {
    printLine(
      `  ${paint(process.stdout, 1, printable(reason))}  ${printable(meaning(reason, explained))}`,
    )
  }
  if (!decision.allow && decision.challenge !== null) {
    printLine(`  with ${printable(decision.challenge.scopes.join(' '))} it would pass`)
  }
  const problem = judged.asked.at(-1)?.decided.problem ?? null
  if (problem !== null) printLine(`  ${printable(problem)}`)
  printLine('')
  for (const [name, text] of details(explanation)) {
    printLine(`${paint(process.stdout, 2, name.padEnd(9))}${printable(text)}`)
  }
  if (explained === null) return
  for (const line of ruleLines(explained, decision, all)) {
    printLine(
      line.colour === null
        ? printable(line.text)
        : paint(process.stdout, line.colour, printable(line.text)),
    )
  }
}

const verbs: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'call the tool'],
  ['prompts/get', 'get the prompt'],
  ['resources/read', 'read the resource'],
  ['tools/list', 'list the tools'],
  ['prompts/list', 'list the prompts'],
  ['resources/list', 'list the resources'],
  ['resources/templates/list', 'list the resource templates'],
  [hostMethods.streamOpen, 'open a stream'],
  [hostMethods.sessionClose, 'close the session'],
])

function sentence({ subject, action, resource, context }: Facts, { allow }: Decision): string {
  const who = subject.id === '' ? 'nobody' : subject.id
  const may = allow ? 'may' : 'may not'
  const item = resource.type === 'server' ? '' : ` ${resource.id}`
  const verb = verbs.get(action.name)
  if (verb !== undefined) return `${who} ${may} ${verb}${item} on ${resource.server}`
  const isOfServer = context.direction === 'server'
  const [from, to] = isOfServer ? [resource.server, who] : [who, resource.server]
  if (action.name === hostMethods.response) return `${from} ${may} answer ${to}`
  const about = item === '' ? '' : ` about${item}`
  return `${from} ${may} send ${action.name}${about} to ${to}`
}

const clockNotes: Readonly<Record<AskedFor['clock'], string>> = {
  said: '',
  now: ' (now; --time says another)',
  usual: ' (the usual moment, the facts have none; --time says another)',
}

function details({ judged, facts, explained, clock }: Explanation): [string, string][] {
  const { subject, resource, context } = facts
  const scopes = subject.scopes.length === 0 ? '' : `, scopes ${subject.scopes.join(' ')}`
  const tenant = subject.tenant === null ? '' : `, tenant ${subject.tenant}`
  const roles = subject.roles.length === 0 ? 'no role' : `roles ${subject.roles.join(' ')}`
  const given = resource.arguments ?? {}
  const rows: [string, string][] = [
    ['who', `${subject.id} of ${subject.issuer} by ${subject.method}, ${roles}${scopes}${tenant}`],
    [
      'when',
      `${context.time}${clockNotes[clock]}, ${context.direction} ${context.kind}, ${context.era}`,
    ],
    ['question', questionText(judged, facts)],
  ]
  if (Object.keys(given).length > 0) rows.push(['with', shortened(JSON.stringify(given))])
  if (judged.decision.allow) rows.push(['limits', limitsText(judged.decision)])
  const missing = explained?.missing ?? []
  if (missing.length > 0) rows.push(['missing', missing.join(', ')])
  return rows
}

function questionText({ asked }: JudgedFacts, { context, resource }: Facts): string {
  if (asked.length === 0) return 'none could be put: the message does not say what it is about'
  if (context.question === 'message') {
    return asked.length === 1 ? 'the message' : 'the message; that of the item was answered yes'
  }
  return `the item: may the caller use ${resource.id} at all?`
}

function limitsText({ limits }: Extract<Decision, { allow: true }>): string {
  if (limits === null) return 'none of the policy: limits.default of the configuration'
  if (limits.length === 0) return 'unlimited'
  return limits
    .map(({ name, tier, cost, tokens, perMs, burst }) => {
      return `${name} of tier ${tier}: ${cost} of ${tokens} in ${perMs / 1000} s, burst ${burst}`
    })
    .join('; ')
}

function meaning(reason: string, explained: ExplainedPolicy | null): string {
  for (const { codes } of explained?.rules ?? []) {
    const text = codes[reason]
    if (text !== undefined) return text
  }
  return ''
}

function printable(text: string): string {
  return escapeUnprintable(text)
}

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
