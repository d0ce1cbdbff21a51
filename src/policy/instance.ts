/**
 * One instance of a policy module with its data, driven through OPA's WebAssembly ABI 1.2 on the
 * instance that opa-wasm loads and links. One evaluation at a time. Any throw leaves it unusable:
 * an abort unwinds JavaScript but not the module's own stack, so whoever holds it drops it.
 */
import * as opaWasm from '@open-policy-agent/opa-wasm'

/** What instances of one bundle are made of. */
export interface PolicyImage {
  readonly module: WebAssembly.Module
  /** The data as JSON text in UTF-8. */
  readonly data: ArrayBuffer
  readonly memory: { readonly initial: number; readonly maximum: number }
}

export interface PolicyInstance {
  readonly abi: { readonly major: number; readonly minor: number }
  readonly entryPoints: ReadonlyMap<string, number>
  /** Names of the functions that the module expects its host to bring. */
  readonly builtins: readonly string[]
  /**
   * The JSON text of the result; null: it is undefined. Throws for everything else, an answer over
   * `maxBytes` included.
   */
  evaluate(entryPoint: number, input: string, maxBytes: number): string | null
}

type Evaluate = (
  reserved: 0,
  entryPoint: number,
  data: number,
  input: number,
  inputBytes: number,
  heap: number,
  jsonFormat: 0,
) => number
type Dump = (address: number) => number

const pageBytes = 65_536
const basePages = 5
/** The parsed form of dense JSON is many times its text; unasked for, it grows page by page. */
const parsedFactor = 9
const densestFactor = 20
/** For input, evaluation and answer, whatever the data take: 64 MiB. */
const workPages = 1_024
const maxPages = 65_536
const resultStart = '[{"result":'
const resultEnd = '}]'

/** Its ES module has fewer named exports than its types say; the default export has them all. */
const { loadPolicySync } = ('default' in opaWasm ? opaWasm.default : opaWasm) as typeof opaWasm

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The module's own constants lie in its memory too and are part of its size. */
export function memoryFor(
  moduleBytes: number,
  dataBytes: number,
): { initial: number; maximum: number } {
  const base = basePages + Math.ceil(moduleBytes / pageBytes)
  return {
    initial: Math.min(maxPages, base + Math.ceil((dataBytes * parsedFactor) / pageBytes)),
    maximum: Math.min(
      maxPages,
      base + Math.ceil((dataBytes * densestFactor) / pageBytes) + workPages,
    ),
  }
}

/** Throws whatever the engine throws, strings and plain objects included. */
export function createInstance(image: PolicyImage): PolicyInstance {
  const policy = loadPolicySync(image.module, { ...image.memory })
  const memory = policy.mem
  const { exports } = instanceOf(policy)
  const evaluateExport = functionOf<Evaluate>(exports, 'opa_eval')
  const dump = functionOf<Dump>(exports, 'opa_json_dump')
  let view = new Uint8Array(memory.buffer)

  function textAt(address: number, maxBytes: number): string {
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer)
    const start = address >>> 0
    const end = view.indexOf(0, start)
    if (end < 0) throw new Error('the answer has no end')
    if (end - start > maxBytes) throw new Error('the answer is too large')
    return decoder.decode(view.subarray(start, end))
  }

  // Before the data: loading them resets the heap, which forgets what these listings took.
  const builtins = namesIn(textAt(dump(functionOf<() => number>(exports, 'builtins')()), pageBytes))
  const entryPoints = new Map(
    Object.entries(policy.entrypoints).filter((entry): entry is [string, number] => {
      return typeof entry[1] === 'number'
    }),
  )
  policy.setData(image.data)
  const dataAddress = policy.dataAddr
  const heap: number = policy.dataHeapPtr >>> 0

  function evaluate(entryPoint: number, input: string, maxBytes: number): string | null {
    const missing = heap + 3 * input.length - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer)
    const { read, written } = encoder.encodeInto(input, view.subarray(heap))
    if (read !== input.length) throw new Error('the input was not written whole')
    const address = evaluateExport(0, entryPoint, dataAddress, heap, written, heap + written, 0)
    return resultOf(textAt(address, maxBytes))
  }

  return { abi: abiOf(exports), entryPoints, builtins, evaluate }
}

/** The result set as the engine writes it: `[]` or `[{"result":…}]`. */
function resultOf(text: string): string | null {
  if (text === '[]') return null
  if (!text.startsWith(resultStart) || !text.endsWith(resultEnd)) {
    throw new Error('the answer is no result set')
  }
  return text.slice(resultStart.length, -resultEnd.length)
}

function instanceOf(policy: opaWasm.LoadedPolicy): WebAssembly.Instance {
  const loaded = policy.wasmInstance
  return 'instance' in loaded ? loaded.instance : loaded
}

function abiOf(exports: WebAssembly.Exports): { major: number; minor: number } {
  return {
    major: globalOf(exports, 'opa_wasm_abi_version'),
    minor: globalOf(exports, 'opa_wasm_abi_minor_version'),
  }
}

function globalOf(exports: WebAssembly.Exports, name: string): number {
  const found = exports[name]
  return found instanceof WebAssembly.Global ? Number(found.value) : 0
}

function functionOf<Shape>(exports: WebAssembly.Exports, name: string): Shape {
  const found = exports[name]
  if (typeof found !== 'function') throw new Error(`the module does not export ${name}`)
  return found as Shape
}

function namesIn(text: string): string[] {
  const listing: unknown = JSON.parse(text)
  return typeof listing === 'object' && listing !== null ? Object.keys(listing) : []
}
