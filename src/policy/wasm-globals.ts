/**
 * Finds the stack pointer among the globals of a module that OPA's compiler made, or refuses the
 * module: a wrong one, written back after an abort, would corrupt every later evaluation.
 */
import {
  malformed,
  type Reader,
  readByte,
  readerOf,
  readName,
  readS32,
  readU32,
  type Section,
  sectionId,
  unsupported,
} from './wasm-binary.js'
import { opcode, readInstruction } from './wasm-opcodes.js'

const i32Type = 0x7f
const mutable = 1

const functionKind = 0
const tableKind = 1
const memoryKind = 2
/** The C ABI's alignment of the stack. */
const stackAlignment = 16

export interface Globals {
  readonly count: number
  /** The index of the stack pointer. */
  readonly stackPointer: number
}

export function findGlobals(wasm: Uint8Array, sections: readonly Section[]): Globals {
  const changing: Global[] = []
  let found = 0
  for (const section of sections) {
    const reader = readerOf(wasm, section.start, section.end)
    if (section.id === sectionId.import) refuseImportedGlobals(reader)
    if (section.id !== sectionId.global) continue
    const count = readU32(reader)
    for (; found < count; found += 1) {
      const global = readGlobal(reader, found)
      if (global.type === i32Type && global.mutable) changing.push(global)
    }
  }
  const [stack, ...others] = changing
  if (stack === undefined || others.length > 0 || !isStackEnd(stack.start)) {
    throw new Error('the WebAssembly module has no global that is certainly its stack pointer')
  }
  return { count: found, stackPointer: stack.index }
}

/** One that others own could change behind the module's back, and would shift every index. */
function refuseImportedGlobals(reader: Reader): void {
  for (let count = readU32(reader); count > 0; count -= 1) {
    const module = readName(reader)
    const field = readName(reader)
    const kind = readByte(reader)
    if (kind === functionKind) readU32(reader)
    else if (kind === tableKind) {
      readByte(reader)
      readLimits(reader)
    } else if (kind === memoryKind) readLimits(reader)
    else throw new Error(`the WebAssembly module imports ${module}.${field}, which is no function`)
  }
}

function readLimits(reader: Reader): void {
  const at = reader.at
  const flags = readByte(reader)
  if (flags > 1) throw unsupported('a shared or 64-bit memory', at)
  readU32(reader)
  if (flags === 1) readU32(reader)
}

interface Global {
  readonly index: number
  readonly type: number
  readonly mutable: boolean
  /** Its first value if that is an i32. */
  readonly start: number | null
}

function readGlobal(reader: Reader, index: number): Global {
  const type = readByte(reader)
  const isMutable = readByte(reader) === mutable
  const from = reader.at
  const constant = readInstruction(reader)
  if (readInstruction(reader) !== opcode.end) throw malformed('a first value is computed', from)
  const value = readerOf(reader.bytes, from + 1, reader.end)
  const start = constant === opcode.i32Const ? readS32(value) >>> 0 : null
  return { index, type, mutable: isMutable, start }
}

/**
 * The names of globals are lost on OPA's way to a module. What its linker makes is one mutable i32
 * that starts at the upper end of the stack; of two that change nobody could say which it is.
 */
function isStackEnd(start: number | null): boolean {
  return start !== null && start > 0 && start % stackAlignment === 0
}
