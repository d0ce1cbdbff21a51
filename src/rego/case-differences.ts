/**
 * What a decision case expects against what came: member by member, and only those that the case
 * names. Lists are compared as sets, because a policy's sets have no order.
 */
import type { Expectation } from '../contracts.js'
import type { Decision, Json, Limit } from '../domain.js'
import { parseDuration } from '../lib/duration.js'
import type { CaseDifference } from './test-report.js'

export interface CaseActual {
  readonly decision: Decision
  /** Of the case's items; null: it has none. */
  readonly visible: readonly string[] | null
}

type ExpectedLimit = NonNullable<Expectation['limits']>[number]

export function differencesOf(expect: Expectation, actual: CaseActual): CaseDifference[] {
  const { decision } = actual
  const reasons = [...decision.reasons]
  const differences: CaseDifference[] = []
  const differ = (member: string, expected: Json, is: Json) =>
    differences.push({ member, expected, actual: is })
  if (expect.allow !== undefined && expect.allow !== decision.allow) {
    differ('allow', expect.allow, decision.allow)
  }
  if (expect.reasons !== undefined && !isSameSet(expect.reasons, reasons)) {
    differ('reasons', expect.reasons, reasons)
  }
  if (expect.reason !== undefined && !reasons.includes(expect.reason)) {
    differ('reason', expect.reason, reasons)
  }
  const limits = limitsOf(decision)
  if (expect.tier !== undefined && expect.tier !== tierOf(limits)) {
    differ('tier', expect.tier, tierOf(limits))
  }
  if (expect.limits !== undefined && !areLimits(expect.limits, limits)) {
    differ('limits', expect.limits as Json, limitsShown(expect.limits, limits))
  }
  const scopes = scopesOf(decision)
  if (expect.challenge !== undefined && !isSameSet(expect.challenge, scopes)) {
    differ('challenge', expect.challenge, scopes)
  }
  const visible = [...(actual.visible ?? [])]
  if (expect.visible !== undefined && !isSameSet(expect.visible, visible)) {
    differ('visible', expect.visible, visible)
  }
  return differences
}

/** A decision as people read it in a case: a bucket's period as a duration. */
export function decisionShown(decision: Decision): Json {
  const { allow, reasons } = decision
  const said = { allow, reasons: [...reasons] }
  if (!decision.allow) {
    const { challenge } = decision
    return challenge === null ? said : { ...said, challenge: [...challenge.scopes] }
  }
  return { ...said, limits: decision.limits === null ? null : decision.limits.map(limitShown) }
}

/** null: nothing is charged, or what the configuration says. */
function limitsOf(decision: Decision): readonly Limit[] | null {
  return decision.allow ? decision.limits : null
}

function scopesOf(decision: Decision): string[] {
  return decision.allow ? [] : [...(decision.challenge?.scopes ?? [])]
}

/** A list where the buckets come from several. */
function tierOf(limits: readonly Limit[] | null): Json {
  const tiers = [...new Set((limits ?? []).map(({ tier }) => tier))].sort()
  return tiers.length > 1 ? tiers : (tiers[0] ?? null)
}

function areLimits(expected: readonly ExpectedLimit[] | null, limits: readonly Limit[] | null) {
  if (expected === null || limits === null) return expected === limits
  return expected.length === limits.length && canPair(expected, limits)
}

/** Whether each expected bucket has one of its own; there are eight at most. */
function canPair(expected: readonly ExpectedLimit[], limits: readonly Limit[]): boolean {
  const [first, ...rest] = expected
  if (first === undefined) return true
  return limits.some(
    (limit, place) =>
      isLimit(first, limit) &&
      canPair(
        rest,
        limits.filter((_, other) => other !== place),
      ),
  )
}

function isLimit(expected: ExpectedLimit, limit: Limit): boolean {
  if (typeof expected === 'string') return expected === limit.name
  const { key, per, ...plain } = expected
  if (key !== undefined && JSON.stringify(key) !== JSON.stringify(limit.key)) return false
  if (per !== undefined && parseDuration(per) !== limit.perMs) return false
  return Object.entries(plain).every(([member, value]) => limit[member as keyof Limit] === value)
}

/** As the case writes them: by name alone where it does, else with the members that it names. */
function limitsShown(
  expected: readonly ExpectedLimit[] | null,
  limits: readonly Limit[] | null,
): Json {
  if (limits === null) return null
  const maps = (expected ?? []).filter((one) => typeof one !== 'string')
  if (maps.length === 0) return limits.map(({ name }) => name)
  const named = new Set(maps.flatMap((one) => Object.keys(one)))
  return limits.map((limit) =>
    Object.fromEntries(Object.entries(limitShown(limit)).filter(([member]) => named.has(member))),
  )
}

function limitShown({ perMs, key, ...limit }: Limit) {
  const { name, tier, cost, tokens, burst } = limit
  return { name, tier, key: [...key], cost, tokens, per: durationText(perMs), burst }
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** In the largest unit that it is a whole number of. */
function durationText(ms: number): string {
  const [unit, length] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1]
  return `${ms / length}${unit}`
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)]
  return left.size === right.size && [...left].every((one) => right.has(one))
}
