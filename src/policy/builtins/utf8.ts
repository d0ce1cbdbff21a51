/**
 * Text as the bytes Rego means. Go's strings hold any bytes; here a byte that is no UTF-8 becomes
 * U+FFFD, one for each byte, which is how OPA writes it when it leaves as JSON.
 */
import { charge } from './bounds.js'

const encoder = new TextEncoder()

export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

export function utf8Text(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    text += length === 0 ? '\ufffd' : String.fromCodePoint(codePointAt(bytes, at, length))
    at += Math.max(1, length)
  }
  return text
}

/** Order of UTF-8 bytes, which is that of code points and not that of UTF-16 units. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  charge(2)
  for (let at = 0; at < shorter; at++) {
    const x = a.charCodeAt(at)
    const y = b.charCodeAt(at)
    if (x === y) continue
    charge(at / 8)
    if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(x) ? 1 : -1
    return x - y
  }
  charge(shorter / 8)
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** 0: what stands there is no character. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const length =
    first >= 0xc2 && first < 0xe0 ? 2 : first >> 4 === 0xe ? 3 : first >> 3 === 30 ? 4 : 0
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  if (length < 3) return length
  const code = codePointAt(bytes, at, length)
  const tooShort = length === 3 ? code < 0x800 : code < 0x10000
  return tooShort || isSurrogate(code) || code > 0x10ffff ? 0 : length
}

function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] ?? 0
  let code = length === 1 ? first : first & (0x7f >> length)
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f)
  return code
}
