/** What `can` found, as a table for a person, as lines with tabs for a pipe, or as JSON. */
import type { LimitConfig } from '../config/config.js'
import type { Decision, Limit } from '../domain.js'
import { escapeUnprintable } from '../lib/printable.js'
import type { ItemAnswer } from './can-item.js'
import type { ItemView, ServerView, Use } from './can-items.js'
import { paint, printJson, printLine, printNote } from './terminal.js'

export interface CanReport {
  readonly who: string
  readonly json: boolean
  readonly defaultLimits: readonly LimitConfig[]
}

const colours: Readonly<Record<Use, number>> = { yes: 32, some: 33, scopes: 33, no: 31 }
const said: Readonly<Record<Use, string>> = {
  yes: 'yes',
  some: 'arguments',
  scopes: 'scopes',
  no: 'no',
}
const kindNames = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'template',
} as const
const verbs = {
  tools: 'call',
  prompts: 'get',
  resources: 'read',
  resourceTemplates: 'read',
} as const

export function reportServers(views: readonly ServerView[], report: CanReport): void {
  if (report.json)
    return printJson({ who: report.who, servers: views.map((one) => jsonView(one, report)) })
  for (const { server, closed, items } of views) {
    const rows = items.map((item) => rowOf(server, item, report))
    if (process.stdout.isTTY) printTable(rows)
    else for (const { cells } of rows) printLine(cells.join('\t'))
    for (const { kind, decision } of closed) {
      printNote(`${server}: ${report.who} may not list ${kind} (${decision.reasons.join(', ')})`)
    }
    const seen = items.filter((item) => item.seen).length
    printNote(`${server}: ${report.who} sees ${seen} of ${items.length} items`)
  }
}

interface Row {
  readonly use: Use
  readonly cells: readonly string[]
}

function rowOf(server: string, item: ItemView, report: CanReport): Row {
  const { kind, name, seen, use, decision } = item
  // A template is seen, not read: what is charged is the reading of a URI.
  const charged = decision.allow && kind !== 'resourceTemplates'
  const detail = charged ? limitsText(decision, report) : reasonsText(decision)
  const cells = [server, kindNames[kind], name, seen ? 'seen' : 'hidden', said[use], detail]
  return { use, cells: cells.map(escapeUnprintable) }
}

function printTable(rows: readonly Row[]): void {
  const widths = [0, 1, 2, 3, 4].map((at) =>
    Math.max(0, ...rows.map(({ cells }) => cells[at]?.length ?? 0)),
  )
  for (const { use, cells } of rows) {
    const padded = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0))
    printLine(paint(process.stdout, colours[use], padded.join('  ').trimEnd()))
  }
}

function reasonsText(decision: Decision): string {
  const challenge = decision.allow ? null : decision.challenge
  const scopes = challenge === null ? '' : ` (scopes ${challenge.scopes.join(' ')})`
  return `${decision.reasons.join(', ')}${scopes}`
}

function limitsText(
  { limits }: Extract<Decision, { allow: true }>,
  { defaultLimits }: CanReport,
): string {
  if (limits !== null) return limits.length === 0 ? 'unlimited' : limits.map(limitText).join(', ')
  return defaultLimits.length === 0
    ? 'unlimited'
    : `limits.default: ${defaultLimits.map(limitText).join(', ')}`
}

function limitText(limit: LimitConfig | Limit): string {
  const { name, tokens, perMs, burst } = limit
  const tier = 'tier' in limit ? ` ${limit.tier}` : ''
  return `${name}${tier} ${tokens} in ${perMs / 1000} s, burst ${burst}`
}

function jsonView({ server, closed, items }: ServerView, report: CanReport): object {
  return {
    server,
    notListed: closed.map(({ kind, decision }) => ({ kind, reasons: decision.reasons })),
    items: items.map(({ kind, name, seen, use, decision }) => ({
      kind,
      name,
      seen,
      use,
      ...jsonDecision(decision, report),
    })),
  }
}

function jsonDecision(decision: Decision, { defaultLimits }: CanReport): object {
  const { reasons } = decision
  if (!decision.allow) return { reasons, challenge: decision.challenge }
  const limits = decision.limits ?? defaultLimits
  return { reasons, limits, limitsFrom: decision.limits === null ? 'configuration' : 'policy' }
}

/** `titles`: what the codes mean, as far as the policy says it. */
export function reportItems(
  answers: readonly ItemAnswer[],
  titles: ReadonlyMap<string, string>,
  report: CanReport,
): void {
  if (!report.json) {
    for (const answer of answers) printItem(answer, titles, report)
    return
  }
  const views = answers.map(({ decision, ...answer }) => {
    const reasons = decision.reasons.map((code) => ({ code, title: titles.get(code) ?? null }))
    return { ...answer, allow: decision.allow, ...jsonDecision(decision, report), reasons }
  })
  printJson({ who: report.who, allow: views.every(({ allow }) => allow), answers: views })
}

function printItem(
  { server, kind, name, offered, seen, decision, refusedBy, bounds }: ItemAnswer,
  titles: ReadonlyMap<string, string>,
  report: CanReport,
): void {
  const { allow, reasons } = decision
  const word = paint(process.stdout, allow ? colours.yes : colours.no, allow ? 'yes' : 'no')
  const may = allow ? 'may' : 'may not'
  printLine(`${word}: ${shown(report.who)} ${may} ${verbs[kind]} ${shown(name)} on ${server}`)
  for (const code of reasons) {
    const title = titles.get(code)
    printLine(`  ${code}${title === undefined ? '' : `: ${shown(title)}`}`)
  }
  for (const { argument, bound, limit, isMissing } of bounds) {
    const why = isMissing ? 'is missing' : 'does not keep it'
    printLine(
      `  bound ${bound} ${shown(JSON.stringify(limit))}: the argument ${shown(JSON.stringify(argument))} ${why}`,
    )
  }
  if (decision.allow) printLine(`  limits: ${limitsText(decision, report)}`)
  else if (decision.challenge !== null) {
    printLine(`  a token with these scopes would do: ${decision.challenge.scopes.join(' ')}`)
  }
  if (refusedBy === 'item') {
    printLine(
      `  refused whatever the arguments; ${seen ? 'listed all the same' : 'hidden from lists'}`,
    )
  }
  if (!offered) printNote(`${server} does not list it, so nothing is known of it`)
}

function shown(text: string): string {
  return escapeUnprintable(text)
}
