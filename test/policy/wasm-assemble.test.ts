/** Instructions from their text: the bytes that the specification gives them, and what is no text. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assemble } from '../../src/policy/wasm-assemble.js'

const names = { p: 7, far: 300 }

const texts: readonly (readonly [text: string, bytes: readonly number[]])[] = [
  ['', []],
  ['local.get 0', [0x20, 0]],
  [' local.get\n$p\treturn ', [0x20, 7, 0x0f]],
  ['local.get $far', [0x20, 0xac, 0x02]],
  ['block loop br_if 1 end end', [0x02, 0x40, 0x03, 0x40, 0x0d, 1, 0x0b, 0x0b]],
  ['i64.load 8', [0x29, 0, 8]],
  ['i32.const -1 i32.const 63 i32.const 64', [0x41, 0x7f, 0x41, 0x3f, 0x41, 0xc0, 0x00]],
  ['i32.const -65', [0x41, 0xbf, 0x7f]],
  ['i64.const -9223372036854775808', [0x42, ...Array(9).fill(0x80), 0x7f]],
]

for (const [text, bytes] of texts) {
  test(`assembled: ${JSON.stringify(text)}`, () => {
    assert.equal([...assemble(text, names)], bytes)
  })
}

for (const [text, problem] of [
  ['local.got 0', /no instruction local\.got/],
  ['local.get', /undefined is no operand/],
  ['local.get $q', /\$q is no operand/],
  ['local.get x', /x/],
] as const) {
  test(`not assembled: ${text}`, () => {
    assert.throws(() => assemble(text, names), problem)
  })
}

test.run()
