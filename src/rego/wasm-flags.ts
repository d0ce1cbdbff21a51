/**
 * How V8 takes the compiler: flags of the whole process, which is one more reason for a child.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * To be called before the module is. One usual build never pays for optimised code: without these
 * two flags it takes three times as long. `long`: many requests or a large one; 17 MB of data take
 * half the time with it.
 */
export function setWasmFlags(pace: string | undefined): void {
  // The bytes have the digest of a module that ran before; a function is looked at when it is used.
  setFlagsFromString('--wasm-lazy-validation')
  if (pace === 'long') return
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
}
