/**
 * Which immediates follow an opcode: enough to walk over code without understanding it. Known are
 * the first version of WebAssembly, sign extension, saturating truncation and the typed select,
 * which is what compilers emit for OPA. Everything else (bulk memory, references, vectors, threads,
 * exceptions, tail calls) is refused: its cost could not be accounted for.
 * WebAssembly core specification, 5.4.
 */
import { hex, malformed, type Reader, readByte, readU32, unsupported } from './wasm-binary.js'

export const opcode = {
  unreachable: 0x00,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  i64LtS: 0x53,
  i64Add: 0x7c,
} as const

/** The kinds of immediates; 0, for whatever is not listed, is refused. */
const none = 1
const oneInteger = 2
const twoIntegers = 3
const memoryAccess = 4
const fourBytes = 5
const eightBytes = 6
const branchTable = 7
const typeList = 8
const prefixed = 9

const ranges: readonly (readonly [from: number, to: number, kind: number])[] = [
  [0x00, 0x01, none], // unreachable, nop
  [0x02, 0x04, oneInteger], // block, loop, if
  [0x05, 0x05, none], // else
  [0x0b, 0x0b, none], // end
  [0x0c, 0x0d, oneInteger], // br, br_if
  [0x0e, 0x0e, branchTable],
  [0x0f, 0x0f, none], // return
  [0x10, 0x10, oneInteger], // call
  [0x11, 0x11, twoIntegers], // call_indirect
  [0x1a, 0x1b, none], // drop, select
  [0x1c, 0x1c, typeList], // select with types
  [0x20, 0x24, oneInteger], // local.get … global.set
  [0x28, 0x3e, memoryAccess],
  [0x3f, 0x40, oneInteger], // memory.size, memory.grow
  [0x41, 0x42, oneInteger], // i32.const, i64.const
  [0x43, 0x43, fourBytes], // f32.const
  [0x44, 0x44, eightBytes], // f64.const
  [0x45, 0xc4, none], // comparisons, arithmetic, conversions, sign extension
  [0xfc, 0xfc, prefixed],
]

const lastTruncation = 7
const severalMemories = 0x40

const kinds = new Uint8Array(256)
for (const [from, to, kind] of ranges) kinds.fill(kind, from, to + 1)

/** Passes one instruction and returns its opcode. */
export function readInstruction(reader: Reader): number {
  const from = reader.at
  const code = readByte(reader)
  switch (kinds[code]) {
    case none:
      break
    case oneInteger:
      skipInteger(reader)
      break
    case twoIntegers:
      skipInteger(reader)
      skipInteger(reader)
      break
    case memoryAccess:
      if (readByte(reader) >= severalMemories) throw unsupported(`opcode ${hex(code)}`, from)
      skipInteger(reader)
      break
    case fourBytes:
      skipBytes(reader, 4)
      break
    case eightBytes:
      skipBytes(reader, 8)
      break
    case branchTable:
      for (let targets = readU32(reader); targets >= 0; targets -= 1) skipInteger(reader)
      break
    case typeList:
      for (let types = readU32(reader); types > 0; types -= 1) skipInteger(reader)
      break
    case prefixed: {
      const second = readU32(reader)
      if (second > lastTruncation) throw unsupported(`opcode 0xfc ${hex(second)}`, from)
      break
    }
    default:
      throw unsupported(`opcode ${hex(code)}`, from)
  }
  return code
}

/** Any LEB128: what it may hold was settled when the module was validated. */
function skipInteger(reader: Reader): void {
  while (readByte(reader) >= 0x80);
}

function skipBytes(reader: Reader, count: number): void {
  if (count > reader.end - reader.at) throw malformed('it ends too early', reader.at)
  reader.at += count
}
