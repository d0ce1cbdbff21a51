/**
 * A strict JSON tokeniser that is fed bytes in pieces and keeps none of them (RFC 8259 grammar,
 * nothing more: no comments, no trailing commas, no NaN, no byte order mark, one value).
 * It tells a visitor where members and values begin and end, as byte offsets from the start of the
 * text, so that whoever holds the bytes can cut them without parsing or rewriting them.
 * It does not judge what the members mean, and does not compare numbers or names.
 */

import { concat, isUtf8, textAt } from '../lib/bytes.js'
import { usualText } from './usual-texts.js'

export type ValueType = 'object' | 'array' | 'string' | 'number' | 'literal'

/** `depth` is the number of containers around the value: 0 for the top, 1 for its members. */
export interface ScanVisitor {
  /** A member's name, escapes decoded; null when it is longer than 1 KiB or no valid text. */
  key(depth: number, name: string | null): void
  /** Return true to have the text of this string or number handed to `end`. */
  start(depth: number, type: ValueType, offset: number): boolean
  /** `text`: decoded string or number as written, if asked for; null if over 8 KiB or invalid. */
  end(depth: number, type: ValueType, offset: number, text: string | null): void
}

const maxKeyBytes = 1024
const maxTextBytes = 8 * 1024
/** Containers inside each other in an answer; an honest tool schema stays far below. */
export const maxAnswerDepth = 512
/** Names deeper than this are of no interest to any visitor and are not decoded. */
const maxNamedDepth = 4

/** What may come next. */
const at = {
  value: 0,
  valueOrEnd: 1,
  keyOrEnd: 2,
  key: 3,
  colon: 4,
  after: 5,
  string: 6,
  escape: 7,
  hex: 8,
  number: 9,
  literal: 10,
  done: 11,
} as const

/** What a number has read so far; which states may end it is in `numberMayEnd`. */
const num = { minus: 0, zero: 1, int: 2, dot: 3, frac: 4, exp: 5, expSign: 6, expInt: 7 } as const
const numberMayEnd = [false, true, true, false, true, false, false, true]

const none: Uint8Array[] = []

const literals: readonly (readonly number[])[] = [
  [0x74, 0x72, 0x75, 0x65],
  [0x66, 0x61, 0x6c, 0x73, 0x65],
  [0x6e, 0x75, 0x6c, 0x6c],
]

export class JsonScanner {
  readonly #visitor: ScanVisitor
  /** Made for the first piece that ends inside a character: few do, and a decoder is dear. */
  #utf8: TextDecoder | null = null
  /** The last byte may belong to a character that is not complete yet. */
  #inCharacter = false
  /** For each open container: is it an object? */
  readonly #stack: boolean[] = []
  #depth = 0
  #state: number = at.value
  #offset = 0
  #isKey = false
  #hexLeft = 0
  #number = 0
  #literal: readonly number[] = []
  #literalAt = 0
  /** Most bytes of the current string or number to keep; 0 = its text is not wanted. */
  #captureLimit = 0
  /** Of earlier pieces. */
  #captured: Uint8Array[] = none
  #capturedBytes = 0
  /** First violation of the grammar; null while the text is good so far. */
  problem: string | null = null

  constructor(visitor: ScanVisitor) {
    this.#visitor = visitor
  }

  /** True once the one value is complete (only white space may follow). */
  get complete(): boolean {
    return this.#state === at.done && this.problem === null
  }

  push(chunk: Uint8Array): void {
    if (this.problem !== null || chunk.length === 0) return
    if (!this.#isUtf8(chunk)) return this.#fail('invalid UTF-8')
    this.#scan(chunk)
    this.#offset += chunk.length
  }

  /** Call once after the last byte. */
  finish(): boolean {
    if (this.problem !== null) return false
    try {
      this.#utf8?.decode()
    } catch {
      this.problem = 'invalid UTF-8'
      return false
    }
    if (this.#state !== at.done) this.problem = 'the text ends before the value is complete'
    return this.problem === null
  }

  #isUtf8(chunk: Uint8Array): boolean {
    if (!this.#inCharacter && isUtf8(chunk)) return true
    this.#utf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    this.#inCharacter = (chunk[chunk.length - 1] ?? 0) >= 0x80
    try {
      this.#utf8.decode(chunk, { stream: true })
      return true
    } catch {
      return false
    }
  }

  #fail(problem: string): void {
    if (this.problem === null) this.problem = problem
  }

  #scan(bytes: Uint8Array): void {
    const n = bytes.length
    let i = 0
    let captureFrom = this.#captureLimit > 0 ? 0 : -1
    while (i < n && this.problem === null) {
      const c = bytes[i] as number
      switch (this.#state) {
        case at.string:
          i = skipText(bytes, i)
          if (i === n) break
          if (bytes[i] === 0x22) {
            const from = captureFrom
            captureFrom = -1
            this.#endString(this.#offset + i + 1, from < 0 ? null : this.#takeText(bytes, from, i))
          } else if (bytes[i] === 0x5c) this.#state = at.escape
          else this.#fail('control character in a string')
          i++
          break
        case at.escape:
        case at.hex:
          this.#escapeByte(c)
          i++
          break
        case at.number:
          if (this.#numberByte(c)) {
            i++
            break
          }
          if (!numberMayEnd[this.#number]) {
            this.#fail('malformed number')
            break
          }
          this.#endValue(
            'number',
            this.#offset + i,
            captureFrom < 0 ? null : this.#takeText(bytes, captureFrom, i),
          )
          captureFrom = -1
          break
        case at.literal:
          if (c !== this.#literal[this.#literalAt]) this.#fail('unknown word')
          i++
          if (++this.#literalAt === this.#literal.length)
            this.#endValue('literal', this.#offset + i, null)
          break
        default:
          if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) {
            this.#structure(c, this.#offset + i)
            // A string's text begins behind its quote, a number's with its first byte.
            if (this.#captureLimit > 0) captureFrom = this.#state === at.string ? i + 1 : i
          }
          i++
      }
    }
    if (captureFrom >= 0) this.#keep(bytes, captureFrom)
  }

  #structure(c: number, offset: number): void {
    switch (this.#state) {
      case at.valueOrEnd:
        if (c === 0x5d) return this.#close('array', offset)
        return this.#beginValue(c, offset)
      case at.value:
        return this.#beginValue(c, offset)
      case at.keyOrEnd:
        if (c === 0x7d) return this.#close('object', offset)
        return this.#beginKey(c)
      case at.key:
        return this.#beginKey(c)
      case at.colon:
        if (c !== 0x3a) return this.#fail('missing colon')
        this.#state = at.value
        return
      case at.after: {
        const inObject = this.#stack[this.#depth - 1] === true
        if (c === 0x2c) this.#state = inObject ? at.key : at.value
        else if (c === (inObject ? 0x7d : 0x5d)) this.#close(inObject ? 'object' : 'array', offset)
        else this.#fail('missing comma')
        return
      }
      default:
        return this.#fail('text after the value')
    }
  }

  #beginKey(c: number): void {
    if (c !== 0x22) return this.#fail('missing member name')
    this.#isKey = true
    this.#state = at.string
    this.#capture(this.#depth <= maxNamedDepth ? maxKeyBytes : 0)
  }

  #beginValue(c: number, offset: number): void {
    const depth = this.#depth
    if (c === 0x7b || c === 0x5b) {
      if (depth === maxAnswerDepth) return this.#fail('nested too deeply')
      const isObject = c === 0x7b
      this.#visitor.start(depth, isObject ? 'object' : 'array', offset)
      this.#stack[this.#depth++] = isObject
      this.#state = isObject ? at.keyOrEnd : at.valueOrEnd
    } else if (c === 0x22) {
      this.#isKey = false
      this.#state = at.string
      this.#capture(this.#visitor.start(depth, 'string', offset) ? maxTextBytes : 0)
    } else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      this.#state = at.number
      this.#number = c === 0x2d ? num.minus : c === 0x30 ? num.zero : num.int
      this.#capture(this.#visitor.start(depth, 'number', offset) ? maxTextBytes : 0)
    } else {
      const literal = literals.find((word) => word[0] === c)
      if (literal === undefined) return this.#fail('a value was expected')
      this.#visitor.start(depth, 'literal', offset)
      this.#literal = literal
      this.#literalAt = 1
      this.#state = at.literal
    }
  }

  #close(type: 'object' | 'array', offset: number): void {
    this.#depth--
    this.#endValue(type, offset + 1, null)
  }

  #endString(offset: number, text: string | null): void {
    if (!this.#isKey) return this.#endValue('string', offset, text)
    this.#state = at.colon
    if (this.#depth <= maxNamedDepth) this.#visitor.key(this.#depth, text)
  }

  #endValue(type: ValueType, offset: number, text: string | null): void {
    this.#state = this.#depth === 0 ? at.done : at.after
    this.#visitor.end(this.#depth, type, offset, text)
  }

  #escapeByte(c: number): void {
    if (this.#state === at.hex) {
      if (!isHex(c)) return this.#fail('bad \\u escape in a string')
      if (--this.#hexLeft === 0) this.#state = at.string
    } else if (c === 0x75) {
      this.#state = at.hex
      this.#hexLeft = 4
    } else if (simpleEscapes.has(c)) this.#state = at.string
    else this.#fail('unknown escape in a string')
  }

  /** False when the byte does not belong to the number. */
  #numberByte(c: number): boolean {
    const next = nextNumberState(this.#number, c)
    if (next < 0) return false
    this.#number = next
    return true
  }

  #capture(limit: number): void {
    this.#captureLimit = limit
    this.#captured = none
    this.#capturedBytes = 0
  }

  /** What a piece holds of a string or number that goes on in the next one. */
  #keep(bytes: Uint8Array, from: number): void {
    this.#capturedBytes += bytes.length - from
    if (this.#captured === none || this.#capturedBytes > this.#captureLimit) this.#captured = []
    if (this.#capturedBytes <= this.#captureLimit) this.#captured.push(bytes.slice(from))
  }

  /** The text that ends here; null when it is too long or is no text. */
  #takeText(bytes: Uint8Array, from: number, to: number): string | null {
    const length = this.#capturedBytes + to - from
    const earlier = this.#captured
    const tooLong = length > this.#captureLimit
    this.#capture(0)
    if (tooLong) return null
    if (earlier.length === 0) return usualText(bytes, from, to) ?? decodeText(bytes, from, to)
    return decodeText(concat([...earlier, bytes.subarray(from, to)]), 0, length)
  }
}

const simpleEscapes = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74])

/** Index of the next byte that ends, escapes or breaks a string. */
function skipText(bytes: Uint8Array, from: number): number {
  let i = from
  for (; i < bytes.length; i++) {
    const c = bytes[i] as number
    if (c === 0x22 || c === 0x5c || c < 0x20) break
  }
  return i
}

function nextNumberState(state: number, c: number): number {
  const digit = c >= 0x30 && c <= 0x39
  const exponent = c === 0x65 || c === 0x45
  switch (state) {
    case num.minus:
      return digit ? (c === 0x30 ? num.zero : num.int) : -1
    case num.zero:
      return c === 0x2e ? num.dot : exponent ? num.exp : -1
    case num.int:
      return digit ? num.int : c === 0x2e ? num.dot : exponent ? num.exp : -1
    case num.dot:
      return digit ? num.frac : -1
    case num.frac:
      return digit ? num.frac : exponent ? num.exp : -1
    case num.exp:
      return c === 0x2b || c === 0x2d ? num.expSign : digit ? num.expInt : -1
    default:
      return digit ? num.expInt : -1
  }
}

/** The bytes are known to be UTF-8 by now. Of strings and numbers only strings have backslashes. */
function decodeText(bytes: Uint8Array, from: number, to: number): string | null {
  let text = textAt(bytes, from, to)
  if (text.includes('\\')) text = JSON.parse(`"${text}"`) as string
  return text.isWellFormed() ? text : null
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66)
}
