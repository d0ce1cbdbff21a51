/**
 * Joins a policy module with what it asks of its host: memory, an abort that throws, and the host
 * functions. Arguments and results cross as the text of Rego values, which tells sets from arrays;
 * a function that gives undefined makes its expression undefined. Host functions spend the module's
 * own budget. Only here are names of exports of the engine's WebAssembly ABI (1.2 and later 1.x)
 * turned into functions.
 */
import { charge, metered } from './builtins/bounds.js'
import type { HostBuiltin } from './builtins/value.js'
import { readValue, writeValue } from './builtins/value.js'
import { budgetGlobal, stackGlobal } from './rewrite.js'

/** By the number that the module calls it by; undefined where the host has none. */
export type BuiltinTable = readonly (HostBuiltin | undefined)[]

export interface Linked {
  readonly abi: { readonly major: number; readonly minor: number }
  /** The whole memory; the same as Buffer, which finds and reads text several times faster. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly text: Buffer
  /** Units of work that are left. */
  readonly budget: WebAssembly.Global<'i64'>
  readonly stackPointer: WebAssembly.Global<'i32'>
  readonly exports: PolicyExports
}

/** Addresses are unsigned, but arrive signed. */
export interface PolicyExports {
  opa_eval(
    reserved: 0,
    entryPoint: number,
    data: number,
    input: number,
    inputBytes: number,
    heap: number,
    format: 0,
  ): number
  opa_malloc(bytes: number): number
  opa_json_parse(address: number, bytes: number): number
  opa_json_dump(value: number): number
  opa_value_parse(address: number, bytes: number): number
  opa_value_dump(value: number): number
  opa_heap_ptr_get(): number
  opa_heap_ptr_set(address: number): void
  builtins(): number
  entrypoints(): number
}

export const neededFunctions: readonly (keyof PolicyExports)[] = [
  'opa_eval',
  'opa_malloc',
  'opa_json_parse',
  'opa_json_dump',
  'opa_value_parse',
  'opa_value_dump',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'builtins',
  'entrypoints',
]

export const abiGlobals = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version'] as const

/** The module gave up by itself. */
export class PolicyAbort extends Error {}

const maxAbortBytes = 1_000
const maxArgumentBytes = 16_777_216
/** Units: of a call, and of a character of its arguments or its result. */
const callUnits = 200
const characterUnits = 0.25

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `memory` has the size that it keeps: growing it would leave the module and its host apart. */
export function link(module: WebAssembly.Module, pages: number, builtins: BuiltinTable): Linked {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })

  function call(id: number, addresses: readonly number[]): number {
    const builtin = builtins[id]
    if (builtin === undefined) throw new Error(`there is no built-in function ${id}`)
    const args = addresses.map((address) => {
      return textAt(text, policy.opa_value_dump(address), maxArgumentBytes)
    })
    const result = metered(Number(budget.value), settle, () => resultOf(builtin, args))
    return result === null ? 0 : write(result)
  }

  function settle(left: number): void {
    budget.value = BigInt(left)
  }

  function write(result: string): number {
    const encoded = new TextEncoder().encode(result)
    const address = policy.opa_malloc(encoded.byteLength) >>> 0
    bytes.set(encoded, address)
    const value = policy.opa_value_parse(address, encoded.byteLength)
    if (value === 0) throw new Error('the result of a built-in function was not read')
    return value
  }

  const instance = new WebAssembly.Instance(module, {
    env: {
      memory,
      opa_abort(address: number): never {
        throw new PolicyAbort(abortText(text, address))
      },
      // Print statements are left out of what is compiled for enforcement.
      opa_println(): void {},
      opa_builtin0: (id: number) => call(id, []),
      opa_builtin1: (id: number, _context: number, a: number) => call(id, [a]),
      opa_builtin2: (id: number, _context: number, a: number, b: number) => call(id, [a, b]),
      opa_builtin3: (id: number, _context: number, a: number, b: number, c: number) =>
        call(id, [a, b, c]),
      opa_builtin4: (id: number, _context: number, a: number, b: number, c: number, d: number) =>
        call(id, [a, b, c, d]),
    },
  })
  // After the start, which asks for no page more and gets the memory as another buffer.
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer)
  const text = Buffer.from(bytes.buffer)
  const { exports } = instance
  const policy = exports as unknown as PolicyExports
  const budget = exports[budgetGlobal] as WebAssembly.Global<'i64'>
  return {
    abi: { major: numberOf(exports, abiGlobals[0]), minor: numberOf(exports, abiGlobals[1]) },
    bytes,
    text,
    budget,
    stackPointer: exports[stackGlobal] as WebAssembly.Global<'i32'>,
    exports: policy,
  }
}

/** null: undefined. Charges for everything that is done outside the module. */
function resultOf(builtin: HostBuiltin, args: readonly string[]): string | null {
  charge(callUnits)
  const values = args.map((arg) => {
    charge(arg.length * characterUnits)
    return readValue(arg)
  })
  const result = builtin(...values)
  if (result === undefined) return null
  const written = writeValue(result)
  charge(written.length * characterUnits)
  return written
}

/** The text that ends with a NUL; throws where it is not UTF-8. */
export function textAt(memory: Buffer, address: number, maxBytes: number): string {
  const start = address >>> 0
  return decode(memory, start, endOf(memory, start, maxBytes))
}

/** Where the text at `start` ends. */
export function endOf(memory: Buffer, start: number, maxBytes: number): number {
  const end = memory.indexOf(0, start)
  if (end < 0) throw new Error('the answer has no end')
  if (end - start > maxBytes) throw new Error('the answer is too large')
  return end
}

export function decode(memory: Buffer, start: number, end: number): string {
  const text = memory.toString('utf8', start, end)
  // It stands for whatever is not UTF-8, and for itself.
  return text.includes('\ufffd') ? strict.decode(memory.subarray(start, end)) : text
}

function abortText(memory: Buffer, address: number): string {
  const start = address >>> 0
  const end = memory.indexOf(0, start)
  return memory.toString('utf8', start, Math.min(end, start + maxAbortBytes))
}

function numberOf(exports: WebAssembly.Exports, name: string): number {
  const found = exports[name]
  return found instanceof WebAssembly.Global ? Number(found.value) : 0
}
