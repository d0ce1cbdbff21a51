/**
 * Gives a policy module a budget: at every function entry and loop header one unit is taken from an
 * exported counter, and the module traps when none is left. Every cycle in WebAssembly goes through
 * one of the two, so no evaluation runs on without paying, and the count depends on the module and
 * its input alone. The module's own stack pointer is exported too: a host that puts its value back
 * after an abort can go on with the instance.
 * Touched are the global, export and code sections; custom sections other than the names are left
 * out, because what they say about places in the code no longer holds.
 */
import {
  name,
  type Reader,
  readByte,
  readerOf,
  readName,
  readSections,
  readSpan,
  readU32,
  type Section,
  s64,
  sectionId,
  u32,
} from './wasm-binary.js'
import { findGlobals } from './wasm-globals.js'
import { opcode, readInstruction } from './wasm-opcodes.js'

export const budgetGlobal = 'mcpguard_budget'
export const stackGlobal = 'mcpguard_stack_pointer'

/** What a module has before its host sets the counter: enough to start, never to hang. */
const unitsAtStart = 10_000_000n

const globalKind = 3
const i64Type = 0x7e
const mutable = 1
const noResult = 0x40

/** Throws an Error for what is no valid module, or not one whose cost can be counted. */
export function rewriteModule(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  // Its type cannot say that the memory is not shared.
  const source = wasm as Uint8Array<ArrayBuffer>
  // First, because then no number in it can mean the global that is added.
  if (!WebAssembly.validate(source)) throw new Error('the WebAssembly module is not valid')
  const sections = readSections(wasm)
  const { count: budget, stackPointer } = findGlobals(wasm, sections)
  const global = [i64Type, mutable, opcode.i64Const, ...s64(unitsAtStart), opcode.end]
  const exported = [
    ...[...name(budgetGlobal), globalKind, ...u32(budget)],
    ...[...name(stackGlobal), globalKind, ...u32(stackPointer)],
  ]
  const parts: Uint8Array[][] = [[wasm.subarray(0, sections[0]?.from ?? wasm.length)]]
  for (const section of sections) {
    const reader = readerOf(wasm, section.start, section.end)
    if (section.id === sectionId.global) parts.push(extended(section, reader, 1, global))
    else if (section.id === sectionId.export) {
      refuseTakenNames(readerOf(wasm, section.start, section.end))
      parts.push(extended(section, reader, 2, exported))
    } else if (section.id === sectionId.code) {
      parts.push(charged(reader, Uint8Array.from(charge(budget))))
    } else if (section.id !== sectionId.custom || readName(reader) === 'name') {
      parts.push([wasm.subarray(section.from, section.end)])
    }
  }
  return joined(parts.flat())
}

/** The units are taken before they are spent, and a budget below zero is none. */
function charge(budget: number): number[] {
  const index = u32(budget)
  return [
    ...[opcode.globalGet, ...index, opcode.i64Const, 1, opcode.i64LtS],
    ...[opcode.if, noResult, opcode.unreachable, opcode.end],
    ...[opcode.globalGet, ...index, opcode.i64Const, 1, opcode.i64Sub],
    ...[opcode.globalSet, ...index],
  ]
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
function extended(
  { id }: Section,
  reader: Reader,
  more: number,
  entries: readonly number[],
): Uint8Array[] {
  const count = Uint8Array.from(u32(readU32(reader) + more))
  const own = reader.bytes.subarray(reader.at, reader.end)
  return sized([id], [count, own, Uint8Array.from(entries)])
}

/** The code section with the charge in every body. */
function charged(reader: Reader, charge: Uint8Array): Uint8Array[] {
  const count = readU32(reader)
  const bodies: Uint8Array[][] = [[Uint8Array.from(u32(count))]]
  for (let left = count; left > 0; left -= 1) {
    const { start, end } = readSpan(reader)
    bodies.push(sized([], chargedBody(readerOf(reader.bytes, start, end), charge)))
  }
  return sized([sectionId.code], bodies.flat())
}

function chargedBody(reader: Reader, charge: Uint8Array): Uint8Array[] {
  const { bytes, end } = reader
  let from = reader.at
  const pieces: Uint8Array[] = []
  const chargeHere = () => {
    pieces.push(bytes.subarray(from, reader.at), charge)
    from = reader.at
  }
  for (let groups = readU32(reader); groups > 0; groups -= 1) {
    readU32(reader)
    readByte(reader)
  }
  chargeHere()
  while (reader.at < end) if (readInstruction(reader) === opcode.loop) chargeHere()
  pieces.push(bytes.subarray(from, end))
  return pieces
}

/** The pieces behind their length. */
function sized(head: readonly number[], pieces: readonly Uint8Array[]): Uint8Array[] {
  return [Uint8Array.from([...head, ...u32(lengthOf(pieces))]), ...pieces]
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
