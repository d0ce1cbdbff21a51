/**
 * Does memory stay flat over many decisions and reloads? The process's own figures after each tenth,
 * with the garbage collected; memories of WebAssembly are part of the resident set.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { compileShipped, withGrants } from './bench-policies.js'
import { callOf, freshArguments } from './bench-questions.js'
import { table } from './table.js'

export interface MemorySample {
  readonly after: string
  readonly residentMb: number
  readonly heapMb: number
  /** Outside the heap: buffers, memories of WebAssembly. */
  readonly externalMb: number
  readonly seconds: number
}

const tenths = 10
const yieldEvery = 1_000

export async function soak(decisions: number, reloads: number): Promise<MemorySample[]> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const startedMs = performance.now()
  const samples: MemorySample[] = []
  const sample = async (after: string) => {
    // What is released by a finaliser takes a turn of the loop and a second collection.
    for (let round = 0; round < 3; round += 1) {
      collect()
      await pause()
    }
    const { rss, heapUsed, external } = process.memoryUsage()
    const seconds = (performance.now() - startedMs) / 1_000
    samples.push({
      after,
      residentMb: rss / 1e6,
      heapMb: heapUsed / 1e6,
      externalMb: external / 1e6,
      seconds,
    })
  }

  const bundle = await compileShipped()
  const bundles = [bundle, withGrants(bundle, 1_000)]
  const holder = createPolicyHolder()
  await holder.activate(bundle)
  const judge = () => holder.current()?.judge(callOf('echo', freshArguments(300)))
  for (let count = 0; count < 20_000; count += 1) judge()
  await sample('the start')
  for (let tenth = 1; tenth <= tenths; tenth += 1) {
    for (let count = 0; count < decisions / tenths; count += 1) {
      judge()
      if (count % yieldEvery === 0) await pause()
    }
    await sample(`${Math.round((decisions * tenth) / tenths)} decisions`)
  }
  for (let tenth = 1; tenth <= tenths; tenth += 1) {
    for (let count = 0; count < reloads / tenths; count += 1) {
      await holder.activate(bundles[count % 2] ?? bundle)
      judge()
    }
    await sample(`${Math.round((reloads * tenth) / tenths)} reloads`)
  }
  return samples
}

export function soakTable(samples: readonly MemorySample[]): string {
  const rows = samples.map(({ after, residentMb, heapMb, externalMb, seconds }) => {
    return [after, ...[residentMb, heapMb, externalMb, seconds].map((value) => value.toFixed(1))]
  })
  return table(['after', 'resident MB', 'heap MB', 'external MB', 'seconds'], rows)
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
