/**
 * `regex.replace` with RE2's syntax and linear time, by `re2js`; templates (`$1`, `${name}`, `$$`)
 * are expanded here by Go's rules. Bounds: a pattern of 1,000 units whose repetitions add up to
 * 2,000, a program of 10,000 instructions, 5,000,000 steps of matching (characters read times
 * instructions) and the length of a text. Beyond is a fault, and so is a group name that is there
 * twice, which Go takes and the engine does not; a malformed pattern is undefined.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { maxTextLength, Steps } from './bounds.js'
import type { Value } from './rego-value.js'

const maxPatternLength = 1_000
const maxRepetitions = 2_000
const maxProgram = 10_000
const maxSteps = 5_000_000
const maxPatterns = 64

/** Malformed ones too. The engine keeps what it learns of a pattern's states, so not for ever. */
const patterns = new Map<string, RE2JS | null>()

export function regexReplace(text: Value, pattern: Value, template: Value): string | undefined {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof template !== 'string') {
    return undefined
  }
  const compiled = compiledPattern(pattern)
  if (compiled === null) return undefined
  const steps = new Steps(maxSteps)
  const matches = matchesOf(compiled, new MeteredText(text, steps, compiled.programSize()))
  const parts = templateParts(template, compiled.namedGroups())
  const pieces: string[] = []
  let length = 0
  let end = 0
  for (const match of matches) {
    const [from = 0, to = 0] = match
    const piece = text.slice(end, from) + expanded(parts, text, match)
    length += piece.length
    if (length > maxTextLength) throw new Error('a built-in function made too long a text')
    pieces.push(piece)
    end = to
  }
  return pieces.join('') + text.slice(end)
}

/** Whether the pattern matches anywhere in the text. */
export function patternMatches(pattern: RE2JS, text: string, steps: Steps): boolean {
  return pattern.re2().match(new MeteredText(text, steps, pattern.programSize()))
}

/** A text that counts what is read of it, for which the engine has no measure of its own. */
class MeteredText extends String {
  readonly #steps: Steps
  readonly #cost: number

  constructor(text: string, steps: Steps, cost: number) {
    super(text)
    this.#steps = steps
    this.#cost = cost
  }

  override charCodeAt(at: number): number {
    this.#steps.take(this.#cost)
    return super.charCodeAt(at)
  }
}

/** Begin and end of each match and of its groups; -1 for a group that took no part. */
function matchesOf(pattern: RE2JS, text: MeteredText): readonly (readonly number[])[] {
  return (pattern.re2().findAllSubmatchIndex(text, -1) as number[][] | null) ?? []
}

/** null: malformed. */
export function compiledPattern(pattern: string): RE2JS | null {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  if (pattern.length > maxPatternLength || repetitionsIn(pattern) > maxRepetitions) {
    throw new Error('regex.replace: the pattern is too large')
  }
  const compiled = compile(pattern)
  if (patterns.size >= maxPatterns) patterns.clear()
  patterns.set(pattern, compiled)
  return compiled
}

function compile(pattern: string): RE2JS | null {
  try {
    const compiled = RE2JS.compile(pattern)
    if (compiled.programSize() <= maxProgram) return compiled
  } catch (thrown) {
    if (thrown instanceof RE2JSSyntaxException && !isDoubledName(thrown)) return null
    throw thrown
  }
  throw new Error('regex.replace: the pattern is too large')
}

function isDoubledName(error: RE2JSSyntaxException): boolean {
  return error.getDescription() === 'duplicate capture group name'
}

/** A repetition of more than 1,000 is malformed and unfolds to nothing. */
function repetitionsIn(pattern: string): number {
  let sum = 0
  for (const [, least, most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const count = Math.max(Number(least), Number(most ?? 0))
    if (count <= 1_000) sum += count
  }
  return sum
}

/** Text, or the number of a group. */
type TemplatePart = string | number

const reference = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu

/** A `$` that begins nothing is itself; a name that the pattern does not have is nothing. */
function templateParts(template: string, names: Readonly<Record<string, number>>): TemplatePart[] {
  const parts: TemplatePart[] = []
  let end = 0
  for (const found of template.matchAll(reference)) {
    parts.push(template.slice(end, found.index))
    end = found.index + found[0].length
    const name = found[1] ?? found[2]
    const group = name === undefined ? null : groupNamed(name, names)
    if (name === undefined) parts.push('$')
    else if (group !== null) parts.push(group)
  }
  parts.push(template.slice(end))
  return parts
}

function groupNamed(name: string, names: Readonly<Record<string, number>>): number | null {
  if (/^(0|[1-9][0-9]{0,8})$/.test(name)) return Number(name)
  return Object.hasOwn(names, name) ? (names[name] ?? null) : null
}

function expanded(parts: readonly TemplatePart[], text: string, match: readonly number[]): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part
      const [from = -1, to = -1] = match.slice(2 * part, 2 * part + 2)
      return from < 0 ? '' : text.slice(from, to)
    })
    .join('')
}
