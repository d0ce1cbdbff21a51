/**
 * Reads and writes the outer layers of a WebAssembly binary: LEB128 integers, names, sections.
 * Every read is checked against its end, so that no byte string costs more than one pass over it
 * or memory beyond its own. What the sections mean is not known here.
 * WebAssembly core specification, 5.2 (values) and 5.5 (modules).
 */

export interface Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

export interface Section {
  readonly id: number
  /** Where its identifier stands. */
  readonly from: number
  /** Where its content starts. */
  readonly start: number
  readonly end: number
}

export const sectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  global: 6,
  export: 7,
  code: 10,
} as const

const headerBytes = 8
const lengthBytes = 5
/** Below it a view of the piece costs more than the copy. */
const longPiece = 512

export function readerOf(bytes: Uint8Array, at = 0, end = bytes.length): Reader {
  return { bytes, at, end }
}

export function malformed(what: string, at: number): Error {
  return new Error(`the WebAssembly module is malformed: ${what} at byte ${at}`)
}

export function unsupported(what: string, at: number): Error {
  return new Error(`the WebAssembly module uses ${what} at byte ${at}, which is not supported`)
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

export function readByte(reader: Reader): number {
  const byte = reader.at < reader.end ? reader.bytes[reader.at] : undefined
  if (byte === undefined) throw malformed('it ends too early', reader.at)
  reader.at += 1
  return byte
}

export function readU32(reader: Reader): number {
  const from = reader.at
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readByte(reader)
    value |= (byte & 0x7f) << shift
    if (byte >= 0x80) continue
    if (shift === 28 && byte > 0x0f) break
    return value >>> 0
  }
  throw malformed('an integer does not fit 32 bits', from)
}

/** The signed one; only used where the specification has an s32. */
export function readS32(reader: Reader): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readByte(reader)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return shift < 28 && byte & 0x40 ? value | (-1 << (shift + 7)) : value
  }
  throw malformed('an integer does not fit 32 bits', reader.at)
}

/** Passes a length-prefixed piece and returns where it lies. */
export function readSpan(reader: Reader): { start: number; end: number } {
  const length = readU32(reader)
  if (length > reader.end - reader.at) throw malformed('a length passes the end', reader.at)
  const start = reader.at
  reader.at += length
  return { start, end: reader.at }
}

export function readName(reader: Reader): string {
  const { start, end } = readSpan(reader)
  return new TextDecoder().decode(reader.bytes.subarray(start, end))
}

export function readSections(bytes: Uint8Array): Section[] {
  const reader = readerOf(bytes, headerBytes)
  const sections: Section[] = []
  while (reader.at < reader.end) {
    const from = reader.at
    const id = readByte(reader)
    sections.push({ id, from, ...readSpan(reader) })
  }
  return sections
}

export interface Writer {
  bytes: Uint8Array<ArrayBuffer>
  at: number
}

export function writerOf(capacity: number): Writer {
  return { bytes: new Uint8Array(capacity), at: 0 }
}

export function written({ bytes, at }: Writer): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, at)
}

export function write(writer: Writer, source: Uint8Array, from = 0, to = source.length): void {
  reserve(writer, to - from)
  const { bytes, at } = writer
  if (to - from > longPiece) bytes.set(source.subarray(from, to), at)
  else for (let next = from; next < to; next += 1) bytes[at + next - from] = source[next] ?? 0
  writer.at += to - from
}

export function writeByte(writer: Writer, byte: number): void {
  reserve(writer, 1)
  writer.bytes[writer.at] = byte
  writer.at += 1
}

export function writeU32(writer: Writer, value: number): void {
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) writeByte(writer, (rest & 0x7f) + 0x80)
  writeByte(writer, rest)
}

/** The signed LEB128, for constants of 32 and 64 bits. */
export function writeSigned(writer: Writer, value: bigint): void {
  let rest = value
  for (; rest < -64n || rest > 63n; rest >>= 7n) writeByte(writer, Number(rest & 0x7fn) + 0x80)
  writeByte(writer, Number(rest & 0x7fn))
}

export function writeName(writer: Writer, text: string): void {
  const bytes = new TextEncoder().encode(text)
  writeU32(writer, bytes.length)
  write(writer, bytes)
}

/** Leaves room for a length that `closeLength` fills in, in the longest form that is allowed. */
export function openLength(writer: Writer): number {
  reserve(writer, lengthBytes)
  writer.at += lengthBytes
  return writer.at
}

export function closeLength(writer: Writer, start: number): void {
  let rest = writer.at - start
  for (let at = start - lengthBytes; at < start; at += 1) {
    writer.bytes[at] = at < start - 1 ? (rest & 0x7f) + 0x80 : rest
    rest >>>= 7
  }
}

function reserve(writer: Writer, count: number): void {
  if (writer.at + count <= writer.bytes.length) return
  const wider = new Uint8Array(2 * (writer.at + count))
  wider.set(writer.bytes)
  writer.bytes = wider
}
