/**
 * One verb of Go's fmt with its flags, applied to one argument. Rego's values come as four of Go's
 * types: string (also for everything that is no number, as OPA prints it), int64, *big.Int and
 * float64. A verb that does not fit the type is spelt out, `%!d(string=x)`, and is no error.
 */
import { charge } from './bounds.js'
import { goFloat } from './go-float.js'
import { canBackquote, goQuoted, goQuotedCharacter, isPrintable } from './go-quote.js'
import { utf8Bytes } from './utf8.js'

/** Of a float with a precision, which needs all its digits. */
const exactUnits = 100
const byteUnits = 2

export interface Flags {
  sharp: boolean
  zero: boolean
  plus: boolean
  minus: boolean
  space: boolean
  /** `%#v` and `%+v`: the flag then means something else. */
  sharpV: boolean
  plusV: boolean
  width: number | null
  precision: number | null
}

export type Argument =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int64' | '*big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }

export function formatted(verb: string, argument: Argument, flags: Flags): string {
  if (verb === 'T') return padded(truncated(argument.type, flags), flags)
  const text = byType(verb, argument, flags)
  return text ?? `%!${verb}(${argument.type}=${byType('v', argument, flags) ?? ''})`
}

/** null: the verb is not for this type. */
function byType(verb: string, argument: Argument, flags: Flags): string | null {
  switch (argument.type) {
    case 'string':
      return stringVerb(verb, argument.value, flags)
    case 'int64':
      return integerVerb(verb, argument.value, flags)
    case '*big.Int':
      return bigVerb(verb, argument.value, flags)
    case 'float64':
      return floatVerb(verb, argument.value, flags)
  }
}

function stringVerb(verb: string, text: string, flags: Flags): string | null {
  switch (verb) {
    case 'v':
      return flags.sharpV ? quoted(text, flags) : padded(truncated(text, flags), flags)
    case 's':
      return padded(truncated(text, flags), flags)
    case 'q':
      return quoted(text, flags)
    case 'x':
    case 'X':
      return bytesInHex(text, verb, flags)
    default:
      return null
  }
}

function quoted(text: string, flags: Flags): string {
  const shown = truncated(text, flags)
  if (flags.sharp && canBackquote(shown)) return padded(`\`${shown}\``, flags)
  return padded(goQuoted(shown, flags.plus), flags)
}

function bytesInHex(text: string, verb: string, flags: Flags): string {
  const { precision, width } = flags
  charge(byteUnits * text.length)
  // One unit more, so that no pair of surrogates is cut whose bytes are asked for.
  const bytes = utf8Bytes(precision === null ? text : text.slice(0, precision + 1))
  const shown = precision === null ? bytes : bytes.subarray(0, precision)
  if (shown.length === 0) return pad(width ?? 0, flags)
  const prefix = flags.sharp ? `0${verb}` : ''
  const digits = Buffer.from(shown).toString('hex')
  const hex = flags.space ? digits.replace(/..(?=.)/g, `$& ${prefix}`) : digits
  return padded(prefix + (verb === 'X' ? hex.toUpperCase() : hex), flags)
}

const bases: ReadonlyMap<string, number> = new Map([
  ['v', 10],
  ['d', 10],
  ['b', 2],
  ['o', 8],
  ['O', 8],
  ['x', 16],
  ['X', 16],
])

function integerVerb(verb: string, value: bigint, flags: Flags): string | null {
  const base = bases.get(verb)
  if (base !== undefined) return integer(value, base, verb, flags)
  // As unsigned: what is negative is beyond every character.
  const character = value < 0n || value > 0x10ffffn ? '\ufffd' : characterOf(Number(value))
  if (verb === 'c') return padded(character, flags)
  if (verb === 'q') return padded(goQuotedCharacter(character, flags.plus), flags)
  return verb === 'U' ? unicode(BigInt.asUintN(64, value), flags) : null
}

function characterOf(code: number): string {
  return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code)
}

function integer(value: bigint, base: number, verb: string, flags: Flags): string {
  const { precision, width } = flags
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0)
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  const digits = inBase(value, base, verb)
  const zeroed = precision === null && flags.zero && !flags.minus && width !== null
  const least = zeroed ? width - sign.length : (precision ?? 0)
  const full = digits.padStart(least, '0')
  const octal = verb === 'O' ? '0o' : ''
  const text = sign + octal + basePrefix(full, base, verb, flags.sharp) + full
  return padded(text, { ...flags, zero: false })
}

function inBase(value: bigint, base: number, verb: string): string {
  const digits = (value < 0n ? -value : value).toString(base)
  return verb === 'X' ? digits.toUpperCase() : digits
}

function basePrefix(digits: string, base: number, verb: string, sharp: boolean): string {
  if (!sharp || base === 10) return ''
  if (base === 8) return digits.startsWith('0') ? '' : '0'
  return base === 2 ? '0b' : `0${verb}`
}

function unicode(value: bigint, flags: Flags): string {
  const digits = value
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 0, 4), '0')
  const shown = flags.sharp && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : ''
  const behind = isPrintable(shown) ? ` '${shown}'` : ''
  return padded(`U+${digits}${behind}`, { ...flags, zero: false })
}

/** As `math/big` formats itself: the flags of `%#v` and `%+v` keep their meaning. */
function bigVerb(verb: string, value: bigint, flags: Flags): string | null {
  if (verb === 'p' || verb === 'w')
    throw new Error(`sprintf: %${verb} of an integer beyond 64 bits`)
  const base = verb === 's' ? 10 : bases.get(verb)
  if (base === undefined) return `%!${verb}(big.Int=${value})`
  const sign = value < 0n ? '-' : flags.plus || flags.plusV ? '+' : flags.space ? ' ' : ''
  const prefix = bigPrefix(base, verb, flags.sharp || flags.sharpV)
  const digits = inBase(value, base, verb).padStart(flags.precision ?? 0, '0')
  const missing = Math.max(0, (flags.width ?? 0) - sign.length - prefix.length - digits.length)
  if (flags.minus) return sign + prefix + digits + ' '.repeat(missing)
  if (flags.zero && flags.precision === null) return sign + prefix + '0'.repeat(missing) + digits
  return ' '.repeat(missing) + sign + prefix + digits
}

function bigPrefix(base: number, verb: string, sharp: boolean): string {
  if (verb === 'O') return '0o'
  return sharp && base === 8 ? '0' : basePrefix('', base, verb, sharp)
}

function floatVerb(verb: string, value: number, flags: Flags): string | null {
  switch (verb) {
    case 'v':
      return float(value, 'g', flags.precision ?? -1, flags)
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return float(value, verb, flags.precision ?? -1, flags)
    case 'e':
    case 'E':
      return float(value, verb, flags.precision ?? 6, flags)
    case 'f':
    case 'F':
      return float(value, 'f', flags.precision ?? 6, flags)
    default:
      return null
  }
}

function float(value: number, format: string, precision: number, flags: Flags): string {
  if (precision >= 0) charge(exactUnits + Math.abs(Math.log2(Math.abs(value) || 1)))
  const text = goFloat(value, format, precision)
  const negative = text.startsWith('-')
  const number = negative ? text.slice(1) : text
  const full = flags.sharp && format !== 'b' ? withPoint(number, format, precision) : number
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  if (sign !== '' && flags.zero && !flags.minus) {
    return sign + full.padStart((flags.width ?? 0) - 1, '0')
  }
  return padded(sign + full, flags)
}

/** `#`: always a point, and for g and x the zeros that were left out. */
function withPoint(number: string, format: string, precision: number): string {
  const hex = format === 'x' || format === 'X'
  const tailAt = number.search(hex ? /p/i : /e/i)
  const head = tailAt < 0 ? number : number.slice(0, tailAt)
  const tail = tailAt < 0 ? '' : number.slice(tailAt)
  const wanted = /[gGx]/.test(format) ? (precision < 0 ? 6 : precision) : 0
  const shown = head.replace('.', '').replace(/^0+/, '').length
  const pointed = head.includes('.') ? head : `${head}.`
  const lone = head === '0' ? 1 : 0
  return pointed + '0'.repeat(Math.max(0, wanted - shown - lone)) + tail
}

function truncated(text: string, { precision }: Flags): string {
  if (precision === null || text.length <= precision) return text
  charge(4 * precision)
  return Array.from(text.slice(0, precision * 2))
    .slice(0, precision)
    .join('')
}

function padded(text: string, flags: Flags): string {
  const { width } = flags
  if (width === null || width === 0) return text
  const missing = width - codePoints(text)
  return flags.minus ? text + pad(missing, flags) : pad(missing, flags) + text
}

/** Zeros only to the left. */
function pad(count: number, flags: Flags): string {
  return (flags.zero && !flags.minus ? '0' : ' ').repeat(Math.max(0, count))
}

function codePoints(text: string): number {
  let pairs = 0
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xd800) pairs++
  return text.length - pairs
}
