/** What cannot be counted or cannot be read is refused with a reason, and quickly. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { budgetGlobal, rewriteModule, stackGlobal } from '../../src/policy/rewrite.js'
import { assemble, empty, exported, i32, list, type Parts, stackPointer, text } from './assemble.js'
import { get, one } from './rewrite-forms.js'

const end = 0x0b
const drop = 0x1a
const v128 = 0x7b
const zero = [0x41, 0]
const code = (...bytes: number[]) => assemble(one([...bytes, ...get(0)]))
const sections = (changed: NonNullable<Parts['sections']>) => {
  return assemble({ ...one(get(0)), sections: changed })
}
const imports = (...description: number[]) => list([[...text('env'), ...text('x'), ...description]])
const noCertainStack = /no global that is certainly its stack pointer/

const refused: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  nothing: [new Uint8Array(), /not valid/],
  'a header alone': [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /exports nothing/],
  'code that is not valid': [code(0x6a), /not valid/],
  'memory.copy': [code(...zero, ...zero, ...zero, 0xfc, 10, 0, 0), /opcode 0xfc 0x0a at byte 64/],
  'memory.fill': [code(...zero, ...zero, ...zero, 0xfc, 11, 0), /opcode 0xfc 0x0b at byte/],
  'a vector': [code(...zero, 0xfd, 0x0f, drop), /opcode 0xfd at byte 60/],
  'a vector as a local': [
    assemble({ ...one(get(0)), bodies: [{ type: 0, locals: [[1, v128]], code: get(0) }] }),
    /type 0x7b at byte/,
  ],
  'a vector as a parameter': [
    assemble({ ...one(get(0)), types: [[[i32, v128], [i32]]] }),
    /type 0x7b at byte/,
  ],
  'a fence of threads': [code(0xfe, 3, 0), /opcode 0xfe at byte/],
  'a null reference': [code(0xd0, 0x70, drop), /opcode 0xd0 at byte/],
  'a tail call': [assemble(one([...get(0), 0x12, 0])), /opcode 0x12 at byte/],
  'an exception that is caught': [code(0x06, empty, 0x19, end), /opcode 0x06 at byte/],
  'a shared memory': [sections({ 2: imports(2, 3, 1, 2), 5: null }), /64-bit memory at byte/],
  'an imported global': [sections({ 2: imports(3, i32, 0) }), /imports env\.x/],
  'no stack pointer': [sections({ 6: null }), noCertainStack],
  'two that could be it': [sections({ 6: list([stackPointer, stackPointer]) }), noCertainStack],
  'one that starts at zero': [sections({ 6: list([[i32, 1, 0x41, 0, end]]) }), noCertainStack],
  'one that is not aligned': [sections({ 6: list([[i32, 1, 0x41, 8, end]]) }), noCertainStack],
  'one that never changes': [sections({ 6: list([[i32, 0, 0x41, 16, end]]) }), noCertainStack],
  'an export with the name of the counter': [
    sections({ 7: list([exported(budgetGlobal, 0, 0)]) }),
    /exports a mcpguard_budget of its own/,
  ],
  'an export with the name of the stack pointer': [
    sections({ 7: list([exported('run', 0, 0), exported(stackGlobal, 3, 0)]) }),
    /exports a mcpguard_stack_pointer of its own/,
  ],
  'no exports': [sections({ 7: null }), /exports nothing/],
}

for (const [what, [wasm, reason]] of Object.entries(refused)) {
  test(`refused: ${what}`, () => assert.throws(() => rewriteModule(wasm), reason))
}

test.run()
