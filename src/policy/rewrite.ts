/**
 * Gives a policy module a budget: at every function entry and loop header one unit is taken from an
 * exported counter, and the module traps when none is left. Every cycle in WebAssembly goes through
 * one of the two, so no evaluation runs on without paying, and the count depends on the module and
 * its input alone. The module's own stack pointer is exported too: a host that puts its value back
 * after an abort can go on with the instance.
 * Touched are the global, export and code sections; custom sections other than the names are left
 * out, because what they say about places in the code no longer holds.
 */

import { fasterBodies } from './runtime-shortcuts.js'
import {
  closeLength,
  openLength,
  type Reader,
  readByte,
  readerOf,
  readName,
  readSections,
  readSpan,
  readU32,
  type Section,
  sectionId,
  type Writer,
  write,
  writeByte,
  writeName,
  writerOf,
  writeU32,
  written,
} from './wasm-binary.js'
import { parameterCounts, readLocals } from './wasm-functions.js'
import { findGlobals, type Globals } from './wasm-globals.js'
import { opcode, readInstruction } from './wasm-opcodes.js'

export const budgetGlobal = 'mcpguard_budget'
export const stackGlobal = 'mcpguard_stack_pointer'

const globalKind = 3
const i64Type = 0x7e
const mutable = 1
const noResult = 0x40
/** As LEB128. */
const minusOne = 0x7f
const zero = 0
/** What a module has before its host sets the counter, 2^23: enough to start, never to hang. */
const unitsAtStart = [0x80, 0x80, 0x80, 0x04]

/** Throws an Error for what is no valid module, or not one whose cost can be counted. */
export function rewriteModule(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  // First, because then no number in it can mean the global that is added. The type cannot say
  // that the memory is not shared.
  if (!WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>)) {
    throw new Error('the WebAssembly module is not valid')
  }
  const sections = readSections(wasm)
  if (!sections.some(({ id }) => id === sectionId.export)) {
    throw new Error('the WebAssembly module exports nothing')
  }
  const globals = findGlobals(wasm, sections)
  const parameters = parameterCounts(wasm, sections)
  const writer = writerOf(wasm.length + (wasm.length >> 2))
  write(writer, wasm, 0, sections[0]?.from)
  for (const section of sections) {
    const reader = readerOf(wasm, section.start, section.end)
    if (section.id === sectionId.global) {
      withMore(writer, section, reader, 1, () => writeBudget(writer))
    } else if (section.id === sectionId.export) {
      refuseTakenNames(readerOf(wasm, section.start, section.end))
      withMore(writer, section, reader, 2, () => writeExports(writer, globals))
    } else if (section.id === sectionId.code) {
      writeByte(writer, section.id)
      const length = openLength(writer)
      writeCode(writer, reader, globals.count, parameters)
      closeLength(writer, length)
    } else if (section.id !== sectionId.custom || readName(reader) === 'name') {
      write(writer, wasm, section.from, section.end)
    }
  }
  return written(writer)
}

function refuseTakenNames(reader: Reader): void {
  for (let count = readU32(reader); count > 0; count -= 1) {
    const taken = readName(reader)
    if (taken === budgetGlobal || taken === stackGlobal) {
      throw new Error(`the WebAssembly module exports a ${taken} of its own`)
    }
    readByte(reader)
    readU32(reader)
  }
}

/** The section with `more` entries after its own. */
function withMore(
  writer: Writer,
  { id }: Section,
  reader: Reader,
  more: number,
  writeMore: () => void,
): void {
  writeByte(writer, id)
  const length = openLength(writer)
  writeU32(writer, readU32(reader) + more)
  write(writer, reader.bytes, reader.at, reader.end)
  writeMore()
  closeLength(writer, length)
}

function writeBudget(writer: Writer): void {
  const { i64Const, end } = opcode
  write(writer, Uint8Array.of(i64Type, mutable, i64Const, ...unitsAtStart, end))
}

function writeExports(writer: Writer, { count, stackPointer }: Globals): void {
  writeName(writer, budgetGlobal)
  writeByte(writer, globalKind)
  writeU32(writer, count)
  writeName(writer, stackGlobal)
  writeByte(writer, globalKind)
  writeU32(writer, stackPointer)
}

function writeCode(
  writer: Writer,
  reader: Reader,
  budget: number,
  parameters: readonly number[],
): void {
  const spans = Array.from({ length: readU32(reader) }, () => readSpan(reader))
  const faster = fasterBodies(spans.map(({ start, end }) => reader.bytes.subarray(start, end)))
  writeU32(writer, spans.length)
  for (const [index, { start, end }] of spans.entries()) {
    const body = faster.get(index)
    const length = openLength(writer)
    writeBody(
      writer,
      body === undefined ? readerOf(reader.bytes, start, end) : readerOf(body),
      budget,
      parameters[index] ?? 0,
    )
    closeLength(writer, length)
  }
}

/** The new local comes last, so that every other one keeps its number. */
function writeBody(writer: Writer, reader: Reader, budget: number, parameters: number): void {
  const { bytes, end } = reader
  const groups = readU32(reader)
  let from = reader.at
  const local = parameters + readLocals(reader, groups)
  writeU32(writer, groups + 1)
  write(writer, bytes, from, reader.at)
  writeByte(writer, 1)
  writeByte(writer, i64Type)
  writeCharge(writer, budget, local)
  from = reader.at
  while (reader.at < end) {
    if (readInstruction(reader) !== opcode.loop) continue
    write(writer, bytes, from, reader.at)
    writeCharge(writer, budget, local)
    from = reader.at
  }
  write(writer, bytes, from, end)
}

/** Through a local, because reading the global a second time costs half as much again. */
function writeCharge(writer: Writer, budget: number, local: number): void {
  writeByte(writer, opcode.globalGet)
  writeU32(writer, budget)
  writeByte(writer, opcode.i64Const)
  writeByte(writer, minusOne)
  writeByte(writer, opcode.i64Add)
  writeByte(writer, opcode.localTee)
  writeU32(writer, local)
  writeByte(writer, opcode.globalSet)
  writeU32(writer, budget)
  writeByte(writer, opcode.localGet)
  writeU32(writer, local)
  writeByte(writer, opcode.i64Const)
  writeByte(writer, zero)
  writeByte(writer, opcode.i64LtS)
  writeByte(writer, opcode.if)
  writeByte(writer, noResult)
  writeByte(writer, opcode.unreachable)
  writeByte(writer, opcode.end)
}
