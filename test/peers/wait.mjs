import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for what another party brings; gives up after 3 s and leaves it to the reader to notice. */
export async function eventually(condition) {
  const deadline = performance.now() + 3000
  while (!condition() && performance.now() < deadline) await sleep(10)
}
