/**
 * `sprintf` with the formats of Go's fmt: flags, width, precision, `*`, explicit argument indexes
 * and its own words for what is wrong with a format. Bounds: a result of 1,048,576 units, 10,000,000
 * units of arguments looked at; width and precision at most 1,000,000, as in Go.
 */
import { boundedText, charge, maxTextLength, Steps } from './bounds.js'
import { isArray, isNumber, numberText, type RegoNumber, type Value } from './rego-value.js'
import { type Argument, type Flags, formatted } from './sprintf-verb.js'
import { termText } from './term-text.js'

const maxArgumentUnits = 10_000_000
const argumentShare = 1 / 2
const directiveUnits = 60
const largest = 1_000_000

export function sprintf(format: Value, values: Value): string | undefined {
  if (typeof format !== 'string' || !isArray(values)) return undefined
  return new Printer(format, values.map(argumentOf)).print()
}

function argumentOf(value: Value): Argument {
  if (isNumber(value)) return numberArgument(value)
  return { type: 'string', value: typeof value === 'string' ? value : termText(value) }
}

function numberArgument(value: RegoNumber): Argument {
  const text = numberText(value)
  if (/[.eE]/.test(text)) {
    const double = Number(text)
    return Number.isFinite(double)
      ? { type: 'float64', value: double }
      : { type: 'string', value: text }
  }
  const integer = BigInt(text)
  const fits = BigInt.asIntN(64, integer) === integer
  return { type: fits ? 'int64' : '*big.Int', value: integer }
}

class Printer {
  readonly #format: string
  readonly #arguments: readonly Argument[]
  readonly #sizes: readonly number[]
  readonly #steps = new Steps(maxArgumentUnits, argumentShare)
  #text = ''
  #at = 0
  #next = 0
  #closing = 0
  /** Some index was explicit: then arguments that are left over are nobody's mistake. */
  #reordered = false
  #goodIndex = true
  #afterIndex = false

  constructor(format: string, args: readonly Argument[]) {
    this.#format = format
    this.#arguments = args
    this.#sizes = args.map(({ value }) => (typeof value === 'number' ? 1 : String(value).length))
  }

  print(): string {
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#at)
      const end = percent < 0 ? this.#format.length : percent
      this.#write(this.#format.slice(this.#at, end))
      this.#at = end + 1
      if (percent >= 0) this.#directive()
    }
    if (!this.#reordered && this.#next < this.#arguments.length) this.#extra()
    return this.#text
  }

  #write(text: string): void {
    charge(1 + text.length / 8)
    this.#text += text
    if (this.#text.length > maxTextLength) boundedText(this.#text)
  }

  #directive(): void {
    charge(directiveUnits)
    this.#goodIndex = true
    const flags = this.#flags()
    this.#afterIndex = this.#index()
    this.#width(flags)
    this.#precision(flags)
    if (!this.#afterIndex) this.#afterIndex = this.#index()
    const code = this.#format.codePointAt(this.#at)
    if (code === undefined) return this.#write('%!(NOVERB)')
    const verb = String.fromCodePoint(code)
    this.#at += verb.length
    if (verb === '%') return this.#write('%')
    if (!this.#goodIndex) return this.#write(`%!${verb}(BADINDEX)`)
    const argument = this.#arguments[this.#next]
    if (argument === undefined) return this.#write(`%!${verb}(MISSING)`)
    if (verb === 'v' || verb === 'w') {
      Object.assign(flags, { sharpV: flags.sharp, sharp: false, plusV: flags.plus, plus: false })
    }
    this.#write(this.#shown(verb, argument, flags))
    this.#next++
  }

  #shown(verb: string, argument: Argument, flags: Flags): string {
    this.#steps.take(1 + (this.#sizes[this.#next] ?? 0))
    const least = Math.max(flags.width ?? 0, flags.precision ?? 0)
    if (this.#text.length + least > maxTextLength + largest) boundedText(this.#text)
    return formatted(verb, argument, flags)
  }

  #extra(): void {
    const flags = noFlags()
    const left = this.#arguments.slice(this.#next).map((argument) => {
      return `${argument.type}=${this.#shown('v', argument, flags)}`
    })
    this.#write(`%!(EXTRA ${left.join(', ')})`)
  }

  #flags(): Flags {
    const flags = noFlags()
    for (; ; this.#at++) {
      switch (this.#format[this.#at]) {
        case '#':
          flags.sharp = true
          break
        case '0':
          flags.zero = true
          break
        case '+':
          flags.plus = true
          break
        case '-':
          flags.minus = true
          break
        case ' ':
          flags.space = true
          break
        default:
          return flags
      }
    }
  }

  #width(flags: Flags): void {
    if (this.#format[this.#at] !== '*') {
      flags.width = this.#number()
      if (this.#afterIndex && flags.width !== null) this.#goodIndex = false
      return
    }
    this.#at++
    const width = this.#integerArgument()
    if (width === null) this.#write('%!(BADWIDTH)')
    flags.width = width === null ? null : Math.abs(width)
    if (width !== null && width < 0) Object.assign(flags, { minus: true, zero: false })
    this.#afterIndex = false
  }

  #precision(flags: Flags): void {
    // A point at the very end is taken for the verb.
    if (this.#format[this.#at] !== '.' || this.#at + 1 >= this.#format.length) return
    this.#at++
    if (this.#afterIndex) this.#goodIndex = false
    this.#afterIndex = this.#index()
    if (this.#format[this.#at] !== '*') {
      flags.precision = this.#number() ?? 0
      return
    }
    this.#at++
    const precision = this.#integerArgument()
    flags.precision = precision !== null && precision >= 0 ? precision : null
    if (flags.precision === null) this.#write('%!(BADPREC)')
    this.#afterIndex = false
  }

  /** Digits at this place; a number that is too large uses up the rest of the format. */
  #number(): number | null {
    const digits = /\d*/y
    digits.lastIndex = this.#at
    const text = digits.exec(this.#format)?.[0] ?? ''
    const overflow = overflowAt(text)
    this.#at = overflow ? this.#format.length : this.#at + text.length
    return text === '' || overflow ? null : Number(text)
  }

  #integerArgument(): number | null {
    const argument = this.#arguments[this.#next]
    if (argument === undefined) return null
    this.#next++
    const value = argument.type === 'int64' ? Number(argument.value) : Number.NaN
    return Math.abs(value) <= largest ? value : null
  }

  /** `[n]`: whether one was there and well-formed. */
  #index(): boolean {
    if (this.#format[this.#at] !== '[') return false
    this.#reordered = true
    const end = this.#closingAfter(this.#at)
    if (this.#format.length - this.#at < 3 || end === this.#format.length) {
      this.#goodIndex = false
      this.#at++
      return false
    }
    const text = this.#format.slice(this.#at + 1, end)
    this.#at = end + 1
    const wellFormed = /^\d+$/.test(text) && !overflowAt(text)
    const index = Number(text) - 1
    if (wellFormed && index >= 0 && index < this.#arguments.length) this.#next = index
    else this.#goodIndex = false
    return wellFormed
  }

  /** Where the next `]` is; looked for again only when it is passed. */
  #closingAfter(at: number): number {
    if (this.#closing <= at) {
      const found = this.#format.indexOf(']', at + 1)
      this.#closing = found < 0 ? this.#format.length : found
    }
    return this.#closing
  }
}

/** Go stops reading at the digit after it passed a million. */
function overflowAt(digits: string): boolean {
  return digits.length > 1 && Number(digits.slice(0, -1)) > largest
}

function noFlags(): Flags {
  return {
    sharp: false,
    zero: false,
    plus: false,
    minus: false,
    space: false,
    sharpV: false,
    plusV: false,
    width: null,
    precision: null,
  }
}
