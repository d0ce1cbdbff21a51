/**
 * The compiler as a function from text to text: one WebAssembly instance, one call at a time.
 * Runs in the short-lived child only; its memory never shrinks.
 */
import { wasiImports } from './wasi.js'

export type Reactor = (request: string) => string

interface ReactorExports {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  guard_alloc(length: number): number
  guard_call(address: number, length: number): bigint
  guard_free(address: number): void
}

export function startReactor(raw: BufferSource, stderr: (text: string) => void): Reactor {
  const module = new WebAssembly.Module(raw)
  let memory: WebAssembly.Memory | undefined
  const current = () => {
    if (memory === undefined) throw new Error('the compiler was called before it was started')
    return memory
  }
  const instance = new WebAssembly.Instance(module, wasiImports(module, current, stderr))
  const reactor = instance.exports as unknown as ReactorExports
  memory = reactor.memory
  reactor._initialize()
  return (request) => call(reactor, request)
}

function call(reactor: ReactorExports, request: string): string {
  const bytes = new TextEncoder().encode(request)
  // Addresses are unsigned, and the memory may be another object after each call.
  const at = reactor.guard_alloc(bytes.length) >>> 0
  new Uint8Array(reactor.memory.buffer, at, bytes.length).set(bytes)
  const packed = BigInt.asUintN(64, reactor.guard_call(at, bytes.length))
  const replyAt = Number(packed >> 32n)
  const reply = new Uint8Array(reactor.memory.buffer, replyAt, Number(packed & 0xffff_ffffn))
  const text = new TextDecoder().decode(reply)
  reactor.guard_free(replyAt)
  return text
}
