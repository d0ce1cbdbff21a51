/**
 * Makes OPA's runtime inside a module faster without changing what it answers: bodies that are known
 * byte by byte get code of the gateway's own, in front or instead. A runtime built otherwise, such as
 * another version's, is left as it is: slower, and as right as before. With a new OPA the test of
 * this file says which bodies are no longer known; the C behind them has to be read before their
 * digests are renewed.
 */
import { createHash } from 'node:crypto'
import { allocate, getResult, pushResults, setResult, startResults } from './runtime-memory.js'
import { compareStrings, copyPlainString, getMember, readPlainString } from './runtime-strings.js'
import { assemble } from './wasm-assemble.js'
import { readerOf, readU32, write, writeByte, writerOf, writeU32, written } from './wasm-binary.js'
import { readLocals } from './wasm-functions.js'

interface Shortcut {
  readonly bytes: number
  readonly digest: string
  /** With the known body, behind the code. */
  readonly goesOn: boolean
  readonly locals: readonly number[]
  readonly code: Uint8Array
}

/** `before`: the parameters, and the locals of a body that stays. */
type KnownBody = readonly [bytes: number, before: number, digest: string]

const types = { i32: 0x7f, i64: 0x7e } as const

type Locals = Readonly<Record<string, keyof typeof types>>

/** Functions and variables of the runtime that the code refers to. */
const places = {
  allocate: 96,
  stringOf: 238,
  lists: 119_232,
  heapEnd: 119_712,
  heapTop: 119_716,
  results: 119_760,
}

function inFrontOf(body: KnownBody, locals: Locals, text: string): Shortcut {
  return { ...insteadOf(body, locals, text), goesOn: true }
}

function insteadOf([bytes, before, digest]: KnownBody, locals: Locals, text: string): Shortcut {
  const numbers = Object.keys(locals).map((local, index) => [local, before + index])
  return {
    bytes,
    digest,
    goesOn: false,
    locals: Object.values(locals).map((type) => types[type]),
    code: assemble(text, { ...places, ...Object.fromEntries(numbers) }),
  }
}

const [i32, i64] = ['i32', 'i64'] as const

const shortcuts: readonly Shortcut[] = [
  // opa_value_compare
  inFrontOf(
    [255, 6, '89581e22004c9fbb28163d8dbe552ca39adf959bcf41dfd8d7116fe97455fe35'],
    { p: i32, q: i32, n: i32, a: i32, b: i32, x: i64 },
    compareStrings,
  ),
  // opa_value_get
  inFrontOf(
    [378, 6, '11886defce67010a3210d06f3e5763fb09c4c738e38a047a00869a6f025c1576'],
    { p: i32, q: i32, n: i32, h: i32, m: i32, k: i32, x: i64 },
    getMember,
  ),
  // opa_malloc
  inFrontOf(
    [725, 8, '9a1191664e2768f69105cacfdd57efb1284e0c41312f35ae3ad723c6d5a99e76'],
    { list: i32, n: i32, p: i32 },
    allocate,
  ),
  // opa_json_lex_read_string
  inFrontOf(
    [450, 6, 'ecabdc6aa4ccd82d6b3a85b0a79b841c188efb700db5734442802f7b8292f65b'],
    { p: i32, start: i32, end: i32, w: i64, x: i64 },
    readPlainString,
  ),
  // opa_json_parse_string
  inFrontOf(
    [960, 9, 'eec7a81e8279a6d52cb965be863174e18e7237ec3bbe8d94ba98cbc59625dbd0'],
    { p: i32, q: i32, n: i32, copy: i32 },
    copyPlainString,
  ),
  // opa_memoize_init
  insteadOf(
    [45, 0, '79da65e74229e15fa680b8365ac8894faead6272114affa91da3fc421cff6e19'],
    { table: i32 },
    startResults,
  ),
  // opa_memoize_push
  insteadOf(
    [56, 0, '560d78e053ca9b353447265c3068c801e76dad75e19282e85adcaf6e180473e5'],
    { table: i32 },
    pushResults,
  ),
  // opa_memoize_get
  insteadOf(
    [90, 1, '1cee11785a6ad2f43e51b4ca4b5ed7443e1bc475a21ac69475764999496bafd7'],
    { m: i32 },
    getResult,
  ),
  // opa_memoize_insert
  insteadOf(
    [35, 2, 'b477508bcff8eaaa8197b974a05ec8a5910f5d9b866cc122bab59d1c3d95c715'],
    { m: i32, first: i32 },
    setResult,
  ),
]

/**
 * By their index those that become faster: all that are known or, where one is missing, none, because
 * some share what they keep in memory.
 */
export function fasterBodies(bodies: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Shortcut>()
  for (const [index, body] of bodies.entries()) {
    const known = knownBody(body)
    if (known !== null) found.set(index, known)
  }
  if (new Set(found.values()).size < shortcuts.length) return new Map()
  return new Map([...found].map(([index, known]) => [index, faster(bodies[index] ?? none, known)]))
}

const none = new Uint8Array()

function knownBody(body: Uint8Array): Shortcut | null {
  if (!shortcuts.some(({ bytes }) => bytes === body.length)) return null
  const digest = createHash('sha256').update(body).digest('hex')
  return shortcuts.find((known) => known.digest === digest) ?? null
}

function faster(body: Uint8Array, { goesOn, locals, code }: Shortcut): Uint8Array {
  const reader = readerOf(body)
  const groups = readU32(reader)
  const from = reader.at
  readLocals(reader, groups)
  const writer = writerOf(body.length + code.length + 4 * locals.length)
  writeU32(writer, (goesOn ? groups : 0) + locals.length)
  if (goesOn) write(writer, body, from, reader.at)
  for (const type of locals) {
    writeByte(writer, 1)
    writeByte(writer, type)
  }
  write(writer, code)
  if (goesOn) write(writer, body, reader.at)
  return written(writer)
}
