/**
 * As much of WASI preview 1 as the compiler needs: clocks, random numbers, and standard error for
 * the text of a crash. No arguments, environment, files or sockets: everything else answers "not
 * supported", so nothing inside can reach out.
 */
import { webcrypto } from 'node:crypto'

type Syscall = (...args: never[]) => number

const success = 0
const badDescriptor = 8
const notSupported = 52
const randomPiece = 65_536

/** The imports a module asks for. `memory` is read at each call: it moves when it grows. */
export function wasiImports(
  module: WebAssembly.Module,
  memory: () => WebAssembly.Memory,
  stderr: (text: string) => void,
): WebAssembly.Imports {
  const implemented = syscalls(memory, stderr)
  const imports: Record<string, WebAssembly.ModuleImports> = {}
  for (const wanted of WebAssembly.Module.imports(module)) {
    const room = imports[wanted.module] ?? {}
    room[wanted.name] = implemented[wanted.name] ?? (() => notSupported)
    imports[wanted.module] = room
  }
  return imports
}

function syscalls(
  memory: () => WebAssembly.Memory,
  stderr: (text: string) => void,
): Record<string, Syscall> {
  const view = () => new DataView(memory().buffer)
  const writeNothing = (count: number, size: number) => {
    view().setUint32(count, 0, true)
    view().setUint32(size, 0, true)
    return success
  }
  return {
    clock_time_get: (id: number, _precision: bigint, at: number) => {
      const wall = BigInt(Date.now()) * 1_000_000n
      view().setBigUint64(at, id === 0 ? wall : process.hrtime.bigint(), true)
      return success
    },
    random_get: (at: number, length: number) => {
      const target = new Uint8Array(memory().buffer, at, length)
      for (let i = 0; i < length; i += randomPiece) {
        webcrypto.getRandomValues(target.subarray(i, i + randomPiece))
      }
      return success
    },
    args_sizes_get: writeNothing,
    args_get: () => success,
    environ_sizes_get: writeNothing,
    environ_get: () => success,
    fd_write: (descriptor: number, pieces: number, count: number, writtenAt: number) => {
      let written = 0
      for (let i = 0; i < count; i++) {
        const at = view().getUint32(pieces + 8 * i, true)
        const length = view().getUint32(pieces + 8 * i + 4, true)
        if (descriptor === 2) {
          stderr(new TextDecoder().decode(new Uint8Array(memory().buffer, at, length)))
        }
        written += length
      }
      view().setUint32(writtenAt, written, true)
      return success
    },
    fd_prestat_get: () => badDescriptor,
    fd_fdstat_get: (_descriptor: number, at: number) => {
      new Uint8Array(memory().buffer, at, 24).fill(0)
      view().setUint8(at, 2) // a character device
      return success
    },
    sched_yield: () => success,
    poll_oneoff: (_in: number, _out: number, _count: number, eventsAt: number) => {
      view().setUint32(eventsAt, 0, true)
      return success
    },
    proc_exit: (code: number) => {
      throw new Error(`the compiler exited with code ${code}`)
    },
  }
}
