/**
 * The one parser of what a policy answers (schemas/decision.schema.json), for a single decision and
 * for each entry of a list alike. Total and fail-closed: any document gives a Decision, and what is
 * not exactly the agreed shape gives the denial `decision-malformed`, with the problem for the log.
 * Written by hand because it runs for every item of every list. Decisions are frozen, because one
 * may answer many questions.
 */
import type { Challenge, Decision, Limit } from '../domain.js'
import { parseDuration } from '../lib/duration.js'
import { createRecent } from '../lib/recent.js'

export interface ParsedDecision {
  readonly decision: Decision
  /** What is wrong with the document; null when nothing is. */
  readonly problem: string | null
}

const rememberedTexts = 256
const maxRememberedLength = 1_024
const maxBytes = 16_384
/** Key characters up to which a decision within all other bounds cannot exceed `maxBytes`. */
const surelySmallKeys = 512
const maxReasons = 32
const maxLimits = 8
const maxKeyParts = 8
const maxNumber = 1_000_000_000
const minPerMs = 1_000
const maxPerMs = 31 * 86_400_000
const maxScopes = 16

const noReasons: readonly string[] = Object.freeze([])

const reasonPattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const limitNamePattern = /^[a-z][a-z0-9_-]*$/
/** RFC 6749, 3.3: the text ends up in a header. */
const scopePattern = /^[!#-[\]-~]+$/
const limitMembers: ReadonlySet<string> = new Set('name tier key cost tokens per burst'.split(' '))
const members: ReadonlySet<string> = new Set(
  'allow reasons obligations limits challenge'.split(' '),
)

export function denial(reason: string): Decision {
  return Object.freeze({ allow: false, reasons: Object.freeze([reason]), challenge: null })
}

/**
 * Reads texts, each of the latest ones once: many questions have the same answer, and parsing costs
 * as much as a small policy. Throws a SyntaxError for what is no JSON.
 */
export function createDecisionReader(): (text: string) => ParsedDecision {
  const known = createRecent<ParsedDecision>(rememberedTexts)
  return function readDecision(text) {
    if (text.length > maxRememberedLength) return parseDecision(JSON.parse(text))
    const found = known.get(text)
    if (found !== undefined) return found
    const parsed = parseDecision(JSON.parse(text))
    known.set(text, parsed)
    return parsed
  }
}

export function parseDecision(document: unknown): ParsedDecision {
  if (!isObject(document)) return malformed('is not an object')
  if (!Object.keys(document).every(isMember)) return malformed('has an unknown member')
  const allow = document['allow']
  if (typeof allow !== 'boolean') return malformed('has no boolean `allow`')
  const reasons = readReasons(document['reasons'])
  if (reasons === null) return malformed('has `reasons` that are not at most 32 codes')
  if (!isEmptyList(document['obligations'])) return malformed('has an obligation, none is defined')
  const limits = readLimits(document['limits'])
  if (limits === null) return malformed('has `limits` that are not at most 8 valid limits')
  const challenge = readChallenge(document['challenge'])
  if (challenge === null) return malformed('has a `challenge` that is not valid')
  if (keyCharacters(limits) > surelySmallKeys && jsonBytes(document) > maxBytes) {
    return malformed('is larger than 16 KiB')
  }
  const decision: Decision = allow
    ? { allow, reasons, limits: limits === 'absent' ? null : limits }
    : { allow, reasons, challenge: challenge === 'absent' ? null : challenge }
  return { decision: Object.freeze(decision), problem: null }
}

function isMember(member: string): boolean {
  return members.has(member)
}

/** Sorted and each once: sets leave the engine in hash order. */
function readReasons(value: unknown): readonly string[] | null {
  if (value === undefined) return noReasons
  if (!Array.isArray(value) || value.length > maxReasons) return null
  if (!value.every(isReason)) return null
  return Object.freeze(value.length < 2 ? [...value] : [...new Set(value)].sort())
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64 && reasonPattern.test(value)
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0)
}

function readLimits(value: unknown): readonly Limit[] | 'absent' | null {
  if (value === undefined) return 'absent'
  if (!Array.isArray(value) || value.length > maxLimits) return null
  const limits: Limit[] = []
  for (const entry of value) {
    const limit = readLimit(entry)
    if (limit === null) return null
    limits.push(limit)
  }
  return Object.freeze(limits)
}

function readLimit(entry: unknown): Limit | null {
  if (!isObject(entry) || !Object.keys(entry).every(isLimitMember)) return null
  const name = entry['name']
  const tier = entry['tier']
  const key = entry['key']
  const cost = entry['cost']
  const tokens = entry['tokens']
  const per = entry['per']
  const burst = entry['burst']
  if (typeof name !== 'string' || name.length > 64 || !limitNamePattern.test(name)) return null
  if (typeof tier !== 'string' || tier === '' || !isAtMost(tier, 64)) return null
  if (!Array.isArray(key) || key.length < 1 || key.length > maxKeyParts) return null
  if (!key.every(isKeyPart)) return null
  if (!isAmount(cost) || !isAmount(tokens) || !isAmount(burst)) return null
  if (tokens === 0 || burst === 0 || cost > burst) return null
  const perMs = typeof per === 'string' ? parseDuration(per) : null
  if (perMs === null || perMs < minPerMs || perMs > maxPerMs) return null
  return Object.freeze({ name, tier, key: Object.freeze([...key]), cost, tokens, perMs, burst })
}

function isLimitMember(member: string): boolean {
  return limitMembers.has(member)
}

function isKeyPart(value: unknown): value is string {
  return typeof value === 'string' && isAtMost(value, 1_024)
}

/** Also false for NaN and for the infinity that `1e400` parses to. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxNumber
}

function readChallenge(value: unknown): Challenge | 'absent' | null {
  if (value === undefined) return 'absent'
  if (!isObject(value) || !Object.keys(value).every(isChallengeMember)) return null
  const scopes = value['scopes']
  const listing = value['listing'] === undefined ? 'hide' : value['listing']
  if (!Array.isArray(scopes) || scopes.length < 1 || scopes.length > maxScopes) return null
  if (!scopes.every(isScope)) return null
  if (listing !== 'show' && listing !== 'hide') return null
  return Object.freeze({ scopes: Object.freeze([...scopes]), listing })
}

function isChallengeMember(member: string): boolean {
  return member === 'scopes' || member === 'listing'
}

function isScope(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 256 && scopePattern.test(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Length in characters, as JSON Schema counts it, not in UTF-16 units. */
function isAtMost(text: string, characters: number): boolean {
  if (text.length <= characters) return true
  return text.length <= 2 * characters && [...text].length <= characters
}

/** Keys alone are not held small by their own bounds. */
function keyCharacters(limits: readonly Limit[] | 'absent'): number {
  let characters = 0
  if (limits === 'absent') return characters
  for (const limit of limits) {
    for (const part of limit.key) characters += part.length
  }
  return characters
}

function jsonBytes(document: object): number {
  return new TextEncoder().encode(JSON.stringify(document)).byteLength
}

function malformed(problem: string): ParsedDecision {
  return { decision: denial('decision-malformed'), problem: `the decision ${problem}` }
}
