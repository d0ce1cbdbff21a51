/** Every form that code can take, by name: how it is assembled, what it returns and what it costs. */
import {
  type Body,
  bytesOf,
  empty,
  f32,
  f64,
  i32,
  i64,
  list,
  type Parts,
  signed,
  stackPointer,
  text,
} from './assemble.js'

export type Value = number | bigint
interface Form {
  readonly parts: Parts
  /** Arguments of `run`, what it returns and the units it takes. */
  readonly calls: readonly (readonly [args: Value[], result: unknown, units: number])[]
}

const unary: Parts['types'] = [[[i32], [i32]]]
export const one = (code: readonly number[], locals: Body['locals'] = []): Parts => {
  return { types: unary, bodies: [{ type: 0, locals, code }] }
}
export const get = (index: number) => [0x20, index]
const set = (index: number) => [0x21, index]
const constant = (value: number) => [0x41, ...signed(value)]
const [add, sub, mul] = [0x6a, 0x6b, 0x6c]
const [block, loop, ifElse, otherwise, end] = [0x02, 0x03, 0x04, 0x05, 0x0b]
const [branch, branchIf] = [0x0c, 0x0d]
/** Adds 1 to local 1 as often as local 0 says, at least once. */
const countLoop = [
  ...[loop, empty, ...get(1), ...constant(1), add, ...set(1)],
  ...[...get(0), ...constant(-1), add, 0x22, 0, branchIf, 0, end],
]

export const forms: Readonly<Record<string, Form>> = {
  'straight code': {
    parts: one([...get(0), ...constant(2), mul]),
    calls: [[[21], 42, 1]],
  },
  'a loop pays for each pass': {
    parts: one([...countLoop, ...get(1)], [[1, i32]]),
    calls: [
      [[1], 1, 2],
      [[1000], 1000, 1001],
    ],
  },
  'a loop in a loop': {
    parts: one(
      [
        ...[loop, empty, ...constant(3), ...set(2)],
        ...[loop, empty, ...get(1), ...constant(1), add, ...set(1)],
        ...[...get(2), ...constant(1), sub, 0x22, 2, branchIf, 0, end],
        ...[...get(0), ...constant(1), sub, 0x22, 0, branchIf, 0, end, ...get(1)],
      ],
      [[2, i32]],
    ),
    calls: [[[5], 15, 1 + 5 + 15]],
  },
  'blocks, if, else and a loop with a result': {
    parts: one([
      ...[block, i32, ...get(0), ifElse, i32, loop, i32, ...constant(7), end],
      ...[otherwise, block, i32, ...constant(9), branch, 0, end, end, end],
    ]),
    calls: [
      [[1], 7, 2],
      [[0], 9, 1],
    ],
  },
  'a loop that takes parameters and gives two results': {
    parts: {
      types: [
        [[i32], [i32]],
        [
          [i32, i32],
          [i32, i32],
        ],
      ],
      bodies: [
        {
          type: 0,
          locals: [[1, i32]],
          code: [
            ...[...constant(0), ...get(0), loop, 1, ...set(1), ...get(1), add],
            ...[...get(1), ...constant(1), sub, ...get(1), ...constant(1), sub, branchIf, 0, end],
            ...[0x1a],
          ],
        },
      ],
    },
    calls: [[[4], 10, 5]],
  },
  'br_table, with a default': {
    parts: one([
      ...[block, empty, block, empty, block, empty, ...get(0), 0x0e, 2, 0, 1, 2, end],
      ...[...constant(10), 0x0f, end, ...constant(20), 0x0f, end, ...constant(30)],
    ]),
    calls: [
      [[0], 10, 1],
      [[1], 20, 1],
      [[9], 30, 1],
    ],
  },
  'a loop that br_table goes back to': {
    parts: one([
      ...[block, empty, loop, empty, ...get(0), ...constant(1), sub, 0x22, 0],
      ...[0x0e, 1, 1, 0, end, end, ...get(0)],
    ]),
    calls: [[[6], 0, 7]],
  },
  'calls pay at the entry of what is called': {
    parts: {
      types: unary,
      bodies: [
        { type: 0, code: [...get(0), ...constant(1), add] },
        { type: 0, code: [...get(0), 0x10, 0, 0x10, 0] },
      ],
    },
    calls: [[[1], 3, 3]],
  },
  recursion: {
    parts: one([
      ...[...get(0), ifElse, i32, ...get(0), ...constant(1), sub, 0x10, 0, ...constant(1), add],
      ...[otherwise, ...constant(0), end],
    ]),
    calls: [[[100], 100, 101]],
  },
  'call_indirect through a table': {
    parts: {
      types: unary,
      bodies: [
        { type: 0, code: [...get(0), ...constant(5), add] },
        { type: 0, code: [...get(0), ...constant(0), 0x11, 0, 0] },
      ],
      sections: { 4: list([[0x70, 0, 1]]), 9: list([[0, 0x41, 0, end, 1, 0]]) },
    },
    calls: [[[1], 6, 2]],
  },
  'all types as parameters and locals, in several groups': {
    parts: {
      types: [[[i32, i64, f32, f64], [f64]]],
      bodies: [
        {
          type: 0,
          locals: [
            [2, f64],
            [130, i64],
            [1, f32],
            [0, i32],
          ],
          code: [
            ...[...get(0), 0xb7, ...get(1), 0xb9, 0xa0, ...get(2), 0xbb, 0xa0, ...get(3), 0xa0],
            ...[...set(5), ...get(5)],
          ],
        },
      ],
    },
    calls: [[[1, 2n, 4, 8], 15, 1]],
  },
  'constants that look like opcodes': {
    parts: one([
      ...[0x43, 0x03, 0x40, 0x0b, 0x03, 0x1a, 0x44, 3, 3, 3, 3, 0x0b, 0x0b, 3, 3, 0x1a],
      ...[0x42, 0x83, 0x86, 0x8c, 0x98, 0x30, 0x1a, ...constant(0x0303), ...get(0), add],
    ]),
    calls: [[[1], 0x0304, 1]],
  },
  'memory: every width, long offsets, size and grow': {
    parts: one([
      ...[...get(0), ...get(0), 0x36, 2, 0x80, 0x02, ...get(0), 0x2d, 0, 0x80, 0x02, 0x1a],
      ...[
        ...get(0),
        ...get(0),
        0x3b,
        1,
        0x83,
        0x80,
        0,
        0x3f,
        0,
        0x1a,
        ...constant(1),
        0x40,
        0,
        0x1a,
      ],
      ...[...get(0), 0x28, 2, 0x80, 0x02],
    ]),
    calls: [[[40], 40, 1]],
  },
  'select with and without its type, sign extension, saturating truncation': {
    parts: one([
      ...[...constant(3), ...constant(4), ...get(0), 0x1c, 1, i32],
      ...[...constant(0x80), 0xc0, ...constant(0), ...get(0), 0x1b, add],
      ...[0x43, 0, 0, 0xc0, 0x7f, 0xfc, 0x00, add, 0x01],
    ]),
    calls: [
      [[1], 3 - 128, 1],
      [[0], 4, 1],
    ],
  },
  'code that is never reached': {
    parts: one([...get(0), 0x0f, loop, empty, branch, 0, end, 0x00]),
    calls: [[[8], 8, 1]],
  },
  'other globals, a constant one among them': {
    parts: {
      ...one([0x23, 1, 0x23, 2, 0xa7, add, ...get(0), add]),
      sections: {
        6: list([
          stackPointer,
          [i32, 0, 0x41, 40, end],
          [i64, 1, 0x42, 1, end],
          [f64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, end],
        ]),
      },
    },
    calls: [[[1], 42, 1]],
  },
  'memory that is filled at the start, names, and a start function': {
    parts: {
      types: [
        [[], []],
        [[i32], [i32]],
      ],
      bodies: [
        { type: 0, code: [...constant(0), ...constant(5), 0x36, 2, 8] },
        { type: 1, code: [...constant(0), 0x28, 2, 8, ...constant(0), 0x2d, 0, 0, add] },
      ],
      sections: {
        8: [0],
        11: list([[0, 0x41, 0, end, ...bytesOf([37])]]),
        0: [...text('name'), 1, ...bytesOf(list([[0, ...text('first')]]))],
      },
    },
    calls: [[[1], 42, 1]],
  },
}
