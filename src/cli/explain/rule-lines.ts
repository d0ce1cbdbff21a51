/**
 * The rules of an explanation as lines: what fired and on what it stood, and of what could have turned
 * the decision where it ended, down to the helper whose expression failed. Rules that had nothing to
 * say are counted.
 */
import type { Decision } from '../../domain.js'
import type { ExplainedPolicy, ExplainedRule, FailedExpression } from '../../rego/explain.js'

export interface RuleLine {
  readonly text: string
  /** null: as usual. */
  readonly colour: number | null
}

type Rules = readonly ExplainedRule[]

const composed = 'mcpguard.rules.'
const maxDepth = 8
/** Of helpers that one expression asks, and of lines below one rule. */
const maxBranches = 6
const maxLines = 40
const maxValue = 80

export function ruleLines(
  { rules, omitted }: ExplainedPolicy,
  decision: Decision,
  all: boolean,
): readonly RuleLine[] {
  const spoken = rules.filter(isSpoken(rules))
  const fired = spoken.filter(({ outcome }) => outcome === 'fired')
  const failed = spoken.filter(({ outcome }) => outcome === 'failed')
  const isPermitted = fired.some(({ name }) => isPermit(name))
  const told = failed.filter(
    ({ name }) => all || (!decision.allow && !isPermitted && isPermit(name)),
  )
  const lines = [
    ...section(
      'fired',
      fired.flatMap((rule) => firedLines(rule, rules)),
    ),
    ...section(
      'did not fire',
      told.flatMap((rule) => failedLines(rule, rules)),
    ),
  ]
  const quiet = failed.length - told.length
  if (quiet > 0) lines.push(faint(''), faint(`${quiet} more rules did not fire; --all shows them`))
  if (all) {
    const idle = rules.filter(({ outcome }) => outcome === 'not reached')
    lines.push(
      ...section(
        'not reached',
        idle.map((rule) => ({ text: head(' ', rule), colour: 2 })),
      ),
    )
  }
  if (omitted > 0) lines.push(faint(`${omitted} rules are not shown`))
  return lines
}

/** What a reader of the policy knows by name; without composed rules, everything. */
function isSpoken(rules: Rules): (rule: ExplainedRule) => boolean {
  const isComposed = rules.some((rule) => rule.package.startsWith(composed))
  return (rule) => !isComposed || (rule.package.startsWith(composed) && !rule.name.startsWith('_'))
}

function isPermit(name: string): boolean {
  return name === 'permit' || name === 'decision'
}

function section(title: string, lines: readonly RuleLine[]): RuleLine[] {
  return lines.length === 0 ? [] : [faint(''), { text: title, colour: 1 }, ...lines]
}

function head(
  sign: string,
  { package: of, name, title, values, file, row }: ExplainedRule,
): string {
  const said = told(values)
  return `  ${sign} ${of}.${name}${said === '' ? '' : ` ${said}`}${title === '' ? '' : `: ${title}`}  ${file}:${row}`
}

function firedLines(rule: ExplainedRule, rules: Rules): RuleLine[] {
  const stood = rules.filter(
    (one) =>
      one.outcome === 'fired' && one !== rule && isAsked(rule.asks, one) && told(one.values) !== '',
  )
  return [
    { text: head('+', rule), colour: 32 },
    ...stood.slice(0, maxBranches).map((one) => faint(`      ${one.name} = ${told(one.values)}`)),
  ]
}

/** Values that say something and are short. */
function told(values: readonly string[]): string {
  const text = values.join(', ')
  return text === 'true' || text.length > maxValue ? '' : text
}

function failedLines(rule: ExplainedRule, rules: Rules): RuleLine[] {
  const below = rule.failedAt === null ? [] : whyNot(rule.failedAt, rule.file, rules, 3)
  const cut = below.length > maxLines ? [faint('      …')] : []
  return [{ text: head('-', rule), colour: 33 }, ...below.slice(0, maxLines), ...cut]
}

/** The expression that a rule ended at, its values, and why what it asks said no. */
function whyNot(
  { text, file, row, values, asks, negated }: FailedExpression,
  from: string,
  rules: Rules,
  depth: number,
): RuleLine[] {
  const indent = '  '.repeat(depth)
  const place = file === from ? `row ${row}` : `${file}:${row}`
  const isMissing = values[text] === 'undefined' ? ' is undefined' : ''
  const own = Object.entries(values).filter(([name]) => name !== text)
  const lines = [
    { text: `${indent}${text}${isMissing}  (${place})`, colour: null },
    ...own.map(([name, value]) => faint(`${indent}  ${name} = ${value}`)),
  ]
  if (depth >= maxDepth) return lines
  const asked = rules.filter((one) => isAsked(asks, one))
  if (negated) {
    const holds = asked.filter(({ outcome }) => outcome === 'fired').slice(0, maxBranches)
    return [
      ...lines,
      ...holds.map((one) => faint(`${indent}  ${one.name} holds  (row ${one.row})`)),
    ]
  }
  const ended = asked.flatMap(({ outcome, failedAt }) =>
    outcome === 'failed' && failedAt !== null ? [failedAt] : [],
  )
  const below = ended.slice(0, maxBranches).flatMap((one) => whyNot(one, file, rules, depth + 1))
  return [...lines, ...below]
}

function isAsked(asks: readonly string[], { package: of, name }: ExplainedRule): boolean {
  return asks.includes(`${of}.${name}`)
}

function faint(text: string): RuleLine {
  return { text, colour: 2 }
}
