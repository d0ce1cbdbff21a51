/**
 * Instructions of WebAssembly from their text: the notation of the specification, unfolded, any
 * white space between words. A name that starts with `$` stands for a number; an access to memory
 * is followed by its offset; blocks have no result. Known is what the gateway's own code uses.
 * WebAssembly core specification, 5.4 and 6.5.
 */
import { type Writer, writeByte, writerOf, writeSigned, writeU32, written } from './wasm-binary.js'

type Operand = 'none' | 'index' | 'block' | 'offset' | 'constant'

const instructions: Readonly<Record<string, readonly [code: number, operand: Operand]>> = {
  block: [0x02, 'block'],
  loop: [0x03, 'block'],
  if: [0x04, 'block'],
  end: [0x0b, 'none'],
  br: [0x0c, 'index'],
  br_if: [0x0d, 'index'],
  return: [0x0f, 'none'],
  call: [0x10, 'index'],
  select: [0x1b, 'none'],
  'local.get': [0x20, 'index'],
  'local.set': [0x21, 'index'],
  'local.tee': [0x22, 'index'],
  'i32.load': [0x28, 'offset'],
  'i64.load': [0x29, 'offset'],
  'i32.load8_u': [0x2d, 'offset'],
  'i32.store': [0x36, 'offset'],
  'i64.store': [0x37, 'offset'],
  'i32.const': [0x41, 'constant'],
  'i64.const': [0x42, 'constant'],
  'i32.eqz': [0x45, 'none'],
  'i32.eq': [0x46, 'none'],
  'i32.ne': [0x47, 'none'],
  'i32.lt_u': [0x49, 'none'],
  'i32.gt_u': [0x4b, 'none'],
  'i32.le_u': [0x4d, 'none'],
  'i32.ge_u': [0x4f, 'none'],
  'i64.eqz': [0x50, 'none'],
  'i32.add': [0x6a, 'none'],
  'i32.sub': [0x6b, 'none'],
  'i32.mul': [0x6c, 'none'],
  'i32.and': [0x71, 'none'],
  'i32.xor': [0x73, 'none'],
  'i32.shl': [0x74, 'none'],
  'i32.shr_u': [0x76, 'none'],
  'i64.ctz': [0x7a, 'none'],
  'i64.add': [0x7c, 'none'],
  'i64.sub': [0x7d, 'none'],
  'i64.and': [0x83, 'none'],
  'i64.or': [0x84, 'none'],
  'i64.xor': [0x85, 'none'],
  'i64.shl': [0x86, 'none'],
  'i64.shr_u': [0x88, 'none'],
  'i32.wrap_i64': [0xa7, 'none'],
  'i64.extend_i32_u': [0xad, 'none'],
}

const noResult = 0x40
/** Promises nothing: every address is allowed. */
const noAlignment = 0

export function assemble(text: string, names: Readonly<Record<string, number>>): Uint8Array {
  const writer = writerOf(text.length)
  const words = (text.match(/\S+/g) ?? []).values()
  for (const word of words) {
    const instruction = instructions[word]
    if (instruction === undefined) throw new Error(`there is no instruction ${word}`)
    const [code, operand] = instruction
    writeByte(writer, code)
    if (operand === 'block') writeByte(writer, noResult)
    else if (operand !== 'none') writeOperand(writer, operand, numberOf(words.next().value, names))
  }
  return written(writer)
}

function writeOperand(writer: Writer, operand: Operand, value: bigint): void {
  if (operand === 'constant') return writeSigned(writer, value)
  if (operand === 'offset') writeByte(writer, noAlignment)
  writeU32(writer, Number(value))
}

function numberOf(word: string | undefined, names: Readonly<Record<string, number>>): bigint {
  const number = word?.startsWith('$') ? names[word.slice(1)] : word
  if (number === undefined) throw new Error(`${word} is no operand`)
  return BigInt(number)
}
