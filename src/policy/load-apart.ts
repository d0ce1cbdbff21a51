/**
 * Loads a policy on a thread of its own, so that the event loop goes on deciding. A thread that
 * crashes, hangs or asks for too much gives a GuardError; it is ended in any case.
 */
import { Worker } from 'node:worker_threads'
import { asGuardError, GuardError } from '../errors.js'
import type { LoadOutcome, LoadRequest } from './load.js'
import { createPace } from './pace.js'

const deadlineMs = 60_000
const resourceLimits = { maxOldGenerationSizeMb: 1_024 }
const sliceBytes = 8_388_608

export async function loadApart(
  request: LoadRequest,
  entry = new URL('./load-thread.js', import.meta.url),
  milliseconds = deadlineMs,
): Promise<LoadOutcome> {
  const workerData = {
    ...request,
    wasm: await shared(request.wasm),
    data: await shared(request.data),
  }
  const worker = new Worker(entry, { workerData, resourceLimits })
  try {
    return await outcomeOf(worker, milliseconds)
  } finally {
    await worker.terminate()
  }
}

function outcomeOf(worker: Worker, milliseconds: number): Promise<LoadOutcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(failure(`was not loaded within ${milliseconds} ms`))
    }, milliseconds)
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
