/**
 * A policy module driven with the fewest means, so that one and the same host runs it before and
 * after it is rewritten.
 */
import { hostBuiltins } from '../../src/policy/builtins/index.js'
import { readValue, writeValue } from '../../src/policy/builtins/value.js'
import { budgetGlobal } from '../../src/policy/rewrite.js'

export interface BareModule {
  readonly entryPoints: ReadonlyMap<string, number>
  readonly instance: WebAssembly.Instance
  /** The text of the result set. Throws whatever the module throws. */
  evaluate(entryPoint: number, input: string | undefined, options?: EvaluateOptions): string
  /** Units of the last evaluation; 0 for a module without a counter. */
  spent(): number
}

interface EvaluateOptions {
  readonly budget?: bigint
  /** 0 is JSON, 1 the text of Rego values, which tells sets from arrays. */
  readonly format?: 0 | 1
}

const plenty = 1_000_000_000n

type Call = (...args: number[]) => number

export function startBare(
  wasm: BufferSource | WebAssembly.Module,
  data = '{}',
  functions = hostBuiltins,
): BareModule {
  const module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm)
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 8192 })
  const names: string[] = []
  const callHost = (id: number, _context: number, ...args: number[]): number => {
    const called = functions.get(names[id] ?? '')
    if (called === undefined) throw new Error(`not implemented: ${names[id]}`)
    const result = called(...args.map((address) => readValue(dumped(address))))
    return result === undefined ? 0 : parsed(writeValue(result))
  }
  const abort = (address: number) => {
    throw new Error(textAt(address))
  }
  const calls = [0, 1, 2, 3, 4].map((arity) => [`opa_builtin${arity}`, callHost])
  const env = { memory, opa_abort: abort, ...Object.fromEntries(calls) }
  const instance = new WebAssembly.Instance(module, { env })
  const { exports } = instance

  function call(name: string, ...args: number[]): number {
    const found = exports[name]
    if (typeof found !== 'function') throw new Error(`the module does not export ${name}`)
    return (found as Call)(...args) >>> 0
  }

  function textAt(address: number): string {
    const bytes = new Uint8Array(memory.buffer)
    return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)))
  }

  function write(text: string, address: number): number {
    const bytes = new TextEncoder().encode(text)
    const missing = address + bytes.length - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536))
    new Uint8Array(memory.buffer).set(bytes, address)
    return bytes.length
  }

  function dumped(address: number): string {
    return textAt(call('opa_value_dump', address))
  }

  function parsed(text: string): number {
    const length = new TextEncoder().encode(text).length
    const at = call('opa_malloc', length)
    write(text, at)
    const value = call('opa_value_parse', at, length)
    if (value === 0) throw new Error('the module cannot read this JSON')
    return value
  }

  const listing = (name: string) => {
    const text = textAt(call('opa_json_dump', call(name)))
    return Object.entries(JSON.parse(text) as Record<string, number>)
  }
  for (const [name, id] of listing('builtins')) names[id] = name
  const entryPoints = new Map(listing('entrypoints'))
  const counter = exports[budgetGlobal] as WebAssembly.Global<'i64'> | undefined
  const setBudget = (units: bigint) => {
    if (counter !== undefined) counter.value = units
  }
  setBudget(plenty)
  const dataAddress = parsed(data)
  const heap = call('opa_heap_ptr_get')
  let given = 0n

  return {
    entryPoints,
    instance,
    evaluate(entryPoint, input, { budget = plenty, format = 0 } = {}) {
      const length = input === undefined ? 0 : write(input, heap)
      given = budget
      setBudget(budget)
      return textAt(
        call('opa_eval', 0, entryPoint, dataAddress, heap, length, heap + length, format),
      )
    },
    spent: () => (counter === undefined ? 0 : Number(given - counter.value)),
  }
}
