/**
 * The strict parse: bytes in, one JSON value out, or the first problem. What it lets through is read
 * alike by every JSON parser: no duplicate members, no lone surrogates, no BOM, no number that a
 * double would change, within limits of depth and size (RFC 8259 §4, §8, §9; RFC 7493).
 * One pass over the bytes counts and checks what `JSON.parse` does not look at; syntax is left to
 * `JSON.parse`. It knows nothing of JSON-RPC.
 */
import type { Json } from '../domain.js'
import { isExactNumber } from './exact-number.js'

export type JsonProblem =
  | 'encoding'
  | 'syntax'
  | 'depth'
  | 'members'
  | 'duplicate'
  | 'number'
  | 'surrogate'

export interface JsonLimits {
  /** Containers inside each other; the outermost one counts. */
  readonly maxDepth: number
  /** Object members and array elements of the whole document. */
  readonly maxMembers: number
}

export interface JsonOptions {
  /** Refuse numbers whose double has another value than their text. Default true. */
  readonly exactNumbers?: boolean
  /** Keep the text of this member, where one object directly below the outermost one has it. */
  readonly textOf?: string
}

export interface JsonRefusal {
  readonly ok: false
  readonly problem: JsonProblem
  readonly text: string
  /** Byte at which the problem was seen; 0 where the whole document is meant. */
  readonly offset: number
}

export interface JsonParsed {
  readonly ok: true
  readonly value: Json
  /**
   * The bytes of the member that was asked for, one a character, which stand for its value: equal
   * texts, equal values. null: it is not there, is spelt with escapes, or takes more than 2 KiB.
   */
  readonly memberText: string | null
}

export type JsonResult = JsonParsed | JsonRefusal

interface Scan {
  /** Object members as written, duplicates included. */
  readonly members: number
  /** Where the value of the member looked for is; 0: nowhere, or more than once. */
  readonly from: number
  readonly to: number
}

const texts: Readonly<Record<JsonProblem, string>> = {
  encoding: 'the body is not UTF-8 without a byte order mark',
  syntax: 'the body is not one JSON value',
  depth: 'the body is nested too deeply',
  members: 'the body has too many members',
  duplicate: 'an object has the same member twice',
  number: 'a number cannot be represented exactly',
  surrogate: 'a string has half of a surrogate pair',
}

/** Integers and decimals up to this many digits, without an exponent, always survive a double. */
const safeDigits = 15
/** The outermost object is at 1. */
const memberDepth = 2
/** What is larger is not worth comparing. */
const maxMemberBytes = 2_048

// ignoreBOM keeps a BOM in the text instead of swallowing it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function parseStrict(
  bytes: Uint8Array,
  limits: JsonLimits,
  options: JsonOptions = {},
): JsonResult {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return refuse('encoding', 0)
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return refuse('encoding', 0)
  }
  const scan = scanTokens(bytes, limits, options.exactNumbers ?? true, options.textOf)
  if ('ok' in scan) return scan
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return refuse('syntax', 0)
  }
  // JSON.parse keeps the last of several equal members, so a smaller tree means duplicates.
  if (countMembers(value) !== scan.members) return refuse('duplicate', 0)
  return { ok: true, value, memberText: textAt(bytes, scan.from, scan.to) }
}

/**
 * Counts and checks tokens without judging how they are put together: on bytes that are not JSON
 * the counts mean nothing, and `JSON.parse` refuses them afterwards.
 */
function scanTokens(
  bytes: Uint8Array,
  limits: JsonLimits,
  exactNumbers: boolean,
  member: string | undefined,
): Scan | JsonRefusal {
  const length = bytes.length
  // The quotes of the latest string, and the member's value.
  let openAt = 0
  let closeAt = 0
  let from = 0
  let to = 0
  let depth = 0
  let members = 0
  // Every value but the root is a member's or an element; a key is a string that is no value.
  let values = -1
  let at = 0
  while (at < length) {
    switch (bytes[at]) {
      case 0x22: {
        const end = skipString(bytes, at + 1)
        if (end < 0) return refuse('surrogate', ~end)
        openAt = at
        closeAt = end - 1
        at = end
        values += 1
        continue
      }
      case 0x7b: // {
      case 0x5b: // [
        depth += 1
        values += 1
        if (depth > limits.maxDepth) return refuse('depth', at)
        break
      case 0x7d: // }
      case 0x5d: // ]
        if (depth === memberDepth && from > 0 && to === 0) to = at
        depth -= 1
        break
      case 0x3a: // :
        members += 1
        values -= 1
        if (depth === memberDepth && isName(bytes, openAt, closeAt, member)) {
          // Two objects below the outermost one have it, and there is no saying which is meant.
          if (from > 0) member = undefined
          from = at + 1
        }
        break
      case 0x2c: // ,
        if (depth === memberDepth && from > 0 && to === 0) to = at
        if (values > limits.maxMembers) return refuse('members', at)
        break
      case 0x74: // true
      case 0x6e: // null
        values += 1
        at += 4
        continue
      case 0x66: // false
        values += 1
        at += 5
        continue
      case 0x2d:
      case 0x30:
      case 0x31:
      case 0x32:
      case 0x33:
      case 0x34:
      case 0x35:
      case 0x36:
      case 0x37:
      case 0x38:
      case 0x39: {
        const end = skipNumber(bytes, at)
        if (end < 0) {
          if (exactNumbers && !isExactNumber(decoder.decode(bytes.subarray(at, ~end)))) {
            return refuse('number', at)
          }
          at = ~end
        } else {
          at = end
        }
        values += 1
        continue
      }
    }
    at += 1
  }
  if (values > limits.maxMembers) return refuse('members', length)
  return member === undefined ? { members, from: 0, to: 0 } : { members, from, to }
}

function isName(
  bytes: Uint8Array,
  openAt: number,
  closeAt: number,
  name: string | undefined,
): boolean {
  if (name === undefined || closeAt - openAt - 1 !== name.length) return false
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[openAt + 1 + index] !== name.charCodeAt(index)) return false
  }
  return true
}

/** A copy: it must not keep the whole body in memory. */
function textAt(bytes: Uint8Array, from: number, to: number): string | null {
  const length = to - from
  if (length <= 0 || length > maxMemberBytes) return null
  const body = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return body.toString('latin1', from, to)
}

/** The offset behind the closing quote, or the complement of the offset of a lone surrogate. */
function skipString(bytes: Uint8Array, start: number): number {
  const length = bytes.length
  let at = start
  while (at < length) {
    const byte = bytes[at]
    if (byte === 0x22) return at + 1
    if (byte !== 0x5c) {
      at += 1
      continue
    }
    const half = surrogateHalf(bytes, at)
    if (half === 'none') {
      at += 2
    } else if (half === 'high' && surrogateHalf(bytes, at + 6) === 'low') {
      at += 12
    } else {
      return ~at
    }
  }
  return length
}

/** Whether the escape at `at` is `\uD8xx`–`\uDFxx`, and which half of a pair. */
function surrogateHalf(bytes: Uint8Array, at: number): 'none' | 'high' | 'low' {
  if (bytes[at] !== 0x5c || bytes[at + 1] !== 0x75) return 'none'
  const first = bytes[at + 2]
  if (first !== 0x64 && first !== 0x44) return 'none'
  const second = bytes[at + 3] ?? 0
  if (second === 0x38 || second === 0x39) return 'high'
  const letter = second | 0x20
  if (letter === 0x61 || letter === 0x62) return 'high'
  return letter >= 0x63 && letter <= 0x66 ? 'low' : 'none'
}

/** The offset behind a number; its complement when only its text can tell whether it is exact. */
function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start
  let digits = 0
  let exponent = false
  for (;;) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x30 && byte <= 0x39) digits += 1
    else if (byte === 0x65 || byte === 0x45) exponent = true
    else if (byte !== 0x2e && byte !== 0x2d && byte !== 0x2b) break
    at += 1
  }
  return exponent || digits > safeDigits ? ~at : at
}

function countMembers(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const element of value) {
      if (typeof element === 'object' && element !== null) members += countMembers(element)
    }
    return members
  }
  for (const name in value) {
    members += 1
    const member = value[name]
    if (typeof member === 'object' && member !== null) members += countMembers(member)
  }
  return members
}

function refuse(problem: JsonProblem, offset: number): JsonRefusal {
  return { ok: false, problem, text: texts[problem], offset }
}
