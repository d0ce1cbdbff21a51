/**
 * Entry of the thread that loads a policy while another decides: one request, one outcome, then the
 * end. Nothing of it stays but what is handed over.
 */
import { parentPort } from 'node:worker_threads'
import { type LoadRequest, loadPolicy } from './load.js'

parentPort?.once('message', (request: LoadRequest) => {
  // Modules are not made from shared memory.
  const outcome = loadPolicy({ ...request, wasm: new Uint8Array(request.wasm) })
  parentPort?.postMessage(outcome, outcome.ok ? [outcome.policy.image.heap.buffer] : [])
})
