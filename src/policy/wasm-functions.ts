/**
 * What has to be known of a module's functions to give each a local variable of its own: how many
 * parameters come before its locals. Types other than the four numbers are refused.
 */
import {
  hex,
  malformed,
  type Reader,
  readByte,
  readerOf,
  readU32,
  type Section,
  sectionId,
  unsupported,
} from './wasm-binary.js'

const functionForm = 0x60
/** i32, i64, f32 and f64 are the four highest numbers of a type. */
const leastNumberType = 0x7c
const greatestNumberType = 0x7f

/** For each function with a body, in the order of the bodies. */
export function parameterCounts(wasm: Uint8Array, sections: readonly Section[]): number[] {
  const types: number[] = []
  const functions: number[] = []
  for (const { id, start, end } of sections) {
    const reader = readerOf(wasm, start, end)
    if (id === sectionId.type) {
      for (let count = readU32(reader); count > 0; count -= 1) types.push(readFunctionType(reader))
    } else if (id === sectionId.function) {
      for (let count = readU32(reader); count > 0; count -= 1) {
        functions.push(types[readU32(reader)] ?? 0)
      }
    }
  }
  return functions
}

function readFunctionType(reader: Reader): number {
  const at = reader.at
  if (readByte(reader) !== functionForm) throw malformed('a type is no function', at)
  const parameters = readU32(reader)
  for (let count = parameters; count > 0; count -= 1) readNumberType(reader)
  for (let count = readU32(reader); count > 0; count -= 1) readNumberType(reader)
  return parameters
}

/** Passes the groups of a body's declared locals and returns how many locals they are. */
export function readLocals(reader: Reader, groups: number): number {
  let locals = 0
  for (let left = groups; left > 0; left -= 1) {
    locals += readU32(reader)
    readNumberType(reader)
  }
  return locals
}

function readNumberType(reader: Reader): void {
  const at = reader.at
  const type = readByte(reader)
  if (type < leastNumberType || type > greatestNumberType)
    throw unsupported(`type ${hex(type)}`, at)
}
