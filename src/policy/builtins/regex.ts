/**
 * `regex.replace` with RE2's syntax and linear time, by `re2js`; templates (`$1`, `${name}`, `$$`)
 * are expanded here by Go's rules. Bounds: a pattern of 1,000 units whose repetitions add up to
 * 2,000, a program of 10,000 instructions, 5,000,000 steps of matching (four instructions for each
 * character read) and the length of a text. Beyond is a fault, and so is a group name that is there
 * twice, which Go takes and the engine does not; a malformed pattern is undefined.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { charge, madeOnce, maxTextLength, Steps } from './bounds.js'
import type { Value } from './rego-value.js'

const maxPatternLength = 1_000
const maxRepetitions = 2_000
const maxProgram = 10_000
const maxSteps = 5_000_000
const maxPatterns = 64
/** Of compiling. */
const patternUnits = 5_000
const patternCharacterUnits = 100
const instructionUnits = 40
const tableUnits = 3_000
const foldedTableUnits = 10_000
const wideClassUnits = 120_000

/** Steps of a match, and of an instruction for each character that is read. */
const matchSteps = 100
const readSteps = 2
const instructionShare = 1 / 4
/** For each unit of text that the engine passes over by itself. */
const skippedShare = 1 / 16
const unanchored = 0

/** Malformed ones too. */
const patterns = new Map<string, RE2JS | null>()

export function regexReplace(text: Value, pattern: Value, template: Value): string | undefined {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof template !== 'string') {
    return undefined
  }
  const compiled = compiledPattern(pattern)
  if (compiled === null) return undefined
  const steps = new Steps(maxSteps)
  charge(8 * template.length)
  const parts = templateParts(template, compiled.namedGroups())
  const groups = Math.min(compiled.groupCount(), highestGroup(parts))
  const pieces: string[] = []
  let length = 0
  let end = 0
  for (const match of matchesOf(compiled, text, groups, steps)) {
    steps.take(4 * parts.length)
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
  const metered = new MeteredText(text, steps, readingSteps(pattern, 0))
  return matchFrom(pattern, metered, 0, 0) !== null
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

  override indexOf(text: string, from = 0): number {
    const found = super.indexOf(text, from)
    this.#steps.take(1 + ((found < 0 ? this.length : found) - from) * skippedShare)
    return found
  }
}

/** Who follows many groups copies their places with every instruction. */
function readingSteps(pattern: RE2JS, groups: number): number {
  return readSteps + pattern.programSize() * instructionShare * (1 + groups / 8)
}

/** Begin and end of each match and of its groups; -1 for a group that took no part. */
function* matchesOf(
  pattern: RE2JS,
  text: string,
  groups: number,
  steps: Steps,
): Generator<readonly number[]> {
  const metered = new MeteredText(text, steps, readingSteps(pattern, groups))
  let lastEnd = -1
  for (let at = 0; at <= text.length; ) {
    steps.take(matchSteps)
    const match = matchFrom(pattern, metered, at, groups)
    if (match === null) return
    const [from = 0, to = 0] = match
    // Where one match ended no empty one begins.
    if (to > at || from !== lastEnd) yield match
    lastEnd = to
    at = to > at ? to : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
  }
}

/** Always with places: without, the engine's work would depend on what it has seen before. */
function matchFrom(
  pattern: RE2JS,
  text: MeteredText,
  at: number,
  groups: number,
): readonly number[] | null {
  return pattern.re2().matchWithGroup(text, at, text.length, unanchored, groups + 1)[1]
}

/** null: malformed. */
export function compiledPattern(pattern: string): RE2JS | null {
  if (pattern.length > maxPatternLength || repetitionsIn(pattern) > maxRepetitions) {
    throw new Error('regex.replace: the pattern is too large')
  }
  return madeOnce(`pattern ${pattern}`, compilingUnits(pattern), () => {
    const compiled = patterns.get(pattern) ?? remembered(pattern, compile(pattern))
    charge(instructionUnits * (compiled?.programSize() ?? 0))
    return compiled
  })
}

function remembered(pattern: string, compiled: RE2JS | null): RE2JS | null {
  const [oldest] = patterns.keys()
  if (patterns.size >= maxPatterns && oldest !== undefined) patterns.delete(oldest)
  patterns.set(pattern, compiled)
  return compiled
}

/** What unfolds to many ranges of characters costs more than its length says. */
function compilingUnits(pattern: string): number {
  const folds = /\(\?[A-Za-z-]*i/.test(pattern)
  const tables = pattern.split(/\\p/i).length - 1
  const classes = folds && /\\x|[^\0-\x7f]/.test(pattern) ? pattern.split('[').length - 1 : 0
  return (
    patternUnits +
    patternCharacterUnits * pattern.length +
    tables * (folds ? foldedTableUnits : tableUnits) +
    classes * wideClassUnits
  )
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

function highestGroup(parts: readonly TemplatePart[]): number {
  return parts.reduce<number>(
    (most, part) => (typeof part === 'number' && part > most ? part : most),
    0,
  )
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
