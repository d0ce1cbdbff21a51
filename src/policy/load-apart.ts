/**
 * Loads a policy on a thread of its own, so that the event loop goes on deciding. A thread that
 * crashes, hangs or asks for too much gives a GuardError; it is ended in any case. A thread needs a
 * tenth of a second until it can begin, so it may start while its policy is still being compiled.
 */
import { Worker } from 'node:worker_threads'
import { asGuardError, GuardError } from '../errors.js'
import type { LoadOutcome, LoadRequest } from './load.js'
import { createPace } from './pace.js'

export interface Loader {
  /** A policy is about to come. The thread ends by itself when none does. */
  expect(): void
  /** Rejects with GuardError GUARD_POLICY_INVALID. */
  load(request: LoadRequest): Promise<LoadOutcome>
  /** Ends the thread that waits; nothing is expected any more. */
  close(): void
}

interface LoaderOptions {
  readonly entry?: URL
  readonly deadlineMs?: number
}

/** As long as a compiler may take, and no longer. */
const spareMs = 60_000
const resourceLimits = { maxOldGenerationSizeMb: 1_024 }
const sliceBytes = 8_388_608

export function createLoader({
  entry = new URL('./load-thread.js', import.meta.url),
  deadlineMs = 60_000,
}: LoaderOptions = {}): Loader {
  let spare: Worker | null = null
  let closed = false

  function start(): Worker {
    const worker = new Worker(entry, { resourceLimits })
    const gone = () => {
      if (spare === worker) spare = null
    }
    worker.once('exit', gone)
    // Whoever loads is told of it; without anybody who does, nothing is lost.
    worker.on('error', gone)
    return worker
  }

  function drop(worker: Worker): void {
    if (spare !== worker) return
    // At once, or it would be given a policy while it ends.
    spare = null
    void worker.terminate()
  }

  return {
    expect() {
      if (spare !== null || closed) return
      const worker = start()
      worker.unref()
      spare = worker
      setTimeout(() => drop(worker), spareMs).unref()
    },
    async load(request) {
      const wasm = await shared(request.wasm)
      const data = await shared(request.data)
      const worker = spare ?? start()
      spare = null
      worker.ref()
      try {
        const outcome = outcomeOf(worker, deadlineMs)
        worker.postMessage({ ...request, wasm, data })
        return await outcome
      } finally {
        await worker.terminate()
      }
    },
    close() {
      closed = true
      if (spare !== null) drop(spare)
    },
  }
}

function outcomeOf(worker: Worker, deadlineMs: number): Promise<LoadOutcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(failure(`was not loaded within ${deadlineMs} ms`))
    }, deadlineMs)
    worker.once('message', resolve)
    worker.once('error', (thrown) => {
      reject(asGuardError(thrown, 'GUARD_POLICY_INVALID', 'the policy was not loaded'))
    })
    worker.once('exit', () => reject(failure('was not loaded: its thread ended')))
    worker.once('exit', () => clearTimeout(timer))
  })
}

function failure(text: string): GuardError {
  return new GuardError('GUARD_POLICY_INVALID', `the policy ${text}`)
}

/** A copy that the thread need not copy again, made without holding the event loop. */
async function shared(bytes: Uint8Array): Promise<Uint8Array> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  const pace = createPace()
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
    copy.set(bytes.subarray(from, from + sliceBytes), from)
    await pace.rest()
  }
  return copy
}
