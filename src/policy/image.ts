/**
 * What every instance of one bundle is made from: the module, and the part of a loaded instance's
 * memory that holds the data. Making it parses the data, which is the dear part of a load; making
 * an instance from it only copies. It can be handed from one thread to another.
 */
import { type BuiltinTable, type Linked, link, PolicyAbort, textAt } from './link.js'
import { readByte, readerOf, readS32, readSections, readSpan, readU32 } from './wasm-binary.js'

export interface PolicyImage {
  readonly module: WebAssembly.Module
  readonly abi: { readonly major: number; readonly minor: number }
  readonly entryPoints: ReadonlyMap<string, number>
  /** Names of the functions that the module expects its host to bring, by their numbers. */
  readonly builtins: readonly string[]
  readonly pages: number
  /** Where the data start in memory, and the address of their value. */
  readonly heapBase: number
  readonly dataAddress: number
  readonly heap: Uint8Array<ArrayBuffer>
  readonly variables: Range
}

export interface Range {
  readonly from: number
  readonly to: number
}

const pageBytes = 65_536
const maxPages = 65_536
const basePages = 5
/** For input, evaluation and answer, whatever the data take: 64 MiB. */
const workPages = 1_024
/** The parsed form of the densest JSON, lists of empty lists, is at most this many times its text. */
const densestFactor = 96
const maxListingBytes = 1_048_576
const noMemory = 'opa_malloc: failed'
const dataSection = 11
const i32Const = 0x41

/**
 * `wasm` is what `module` was made from. Throws whatever the engine throws. Memory for the data is asked
 * for beforehand: it costs nothing until it is used, while growing page by page costs seconds.
 */
export function createImage(
  wasm: Uint8Array<ArrayBuffer>,
  data: Uint8Array,
  module = new WebAssembly.Module(wasm),
): PolicyImage {
  const pages = pagesFor(wasm.byteLength + densestFactor * data.byteLength)
  const linked = link(module, pages, noBuiltins)
  const { bytes, exports } = linked
  const heapBase = exports.opa_heap_ptr_get() >>> 0
  const builtins = namesByNumber(listing(linked, exports.builtins()))
  const entryPoints = new Map(Object.entries(listing(linked, exports.entrypoints())))
  exports.opa_heap_ptr_set(heapBase)
  linked.budget.value = unlimited
  const text = exports.opa_malloc(data.byteLength) >>> 0
  bytes.set(data, text)
  const dataAddress = parsed(() => exports.opa_json_parse(text, data.byteLength))
  const heapEnd = exports.opa_heap_ptr_get() >>> 0
  return {
    module,
    abi: linked.abi,
    entryPoints,
    builtins,
    pages: pagesFor(heapEnd),
    heapBase,
    dataAddress,
    heap: bytes.slice(heapBase, heapEnd),
    variables: variablesOf(wasm, heapBase),
  }
}

const noBuiltins: BuiltinTable = []
const unlimited = 2n ** 62n

function parsed(parse: () => number): number {
  try {
    const address = parse()
    if (address !== 0) return address
  } catch (thrown) {
    const full = thrown instanceof PolicyAbort && thrown.message === noMemory
    throw full ? new Error('the parsed data do not fit in 4 GiB of memory') : thrown
  }
  throw new Error('the data are not JSON')
}

function pagesFor(bytes: number): number {
  return Math.min(maxPages, basePages + workPages + Math.ceil(bytes / pageBytes))
}

function listing({ text, exports }: Linked, value: number): Record<string, number> {
  return JSON.parse(textAt(text, exports.opa_json_dump(value), maxListingBytes)) as Record<
    string,
    number
  >
}

function namesByNumber(numbers: Record<string, number>): string[] {
  const names: string[] = []
  for (const [name, number] of Object.entries(numbers)) names[number] = name
  return names
}

/**
 * Where the runtime inside the module keeps its variables. The linker puts its constants first,
 * then variables with a value, then those that start as zero; the compiler appends the policy's own
 * constants. A module that is laid out otherwise counts as variable from end to end.
 */
function variablesOf(wasm: Uint8Array, heapBase: number): Range {
  const section = readSections(wasm).find(({ id }) => id === dataSection)
  if (section === undefined) return { from: 0, to: heapBase }
  const reader = readerOf(wasm, section.start, section.end)
  const segments: Range[] = []
  for (let count = readU32(reader); count > 0; count -= 1) {
    if (readU32(reader) !== 0 || readByte(reader) !== i32Const) break
    const from = readS32(reader) >>> 0
    readByte(reader)
    const span = readSpan(reader)
    segments.push({ from, to: from + span.end - span.start })
  }
  const [constants, , , policy] = segments
  if (constants === undefined || policy === undefined || constants.to > policy.from) {
    return { from: 0, to: heapBase }
  }
  return { from: constants.to, to: policy.from }
}
