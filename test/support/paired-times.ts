/**
 * Whether two kinds of input take different times, on a machine that does other things meanwhile.
 * Batches of both kinds are timed next to each other, which comes first is drawn for each pair: if
 * the kinds take the same time, either of a pair is the slower one with even chances, whatever the
 * machine does (a sign test): |z| > 5 is a false alarm in fewer than one of a million runs. Below 2 %
 * a difference is none; nobody measures that from outside.
 */
import { randomInt } from 'node:crypto'

export interface Compared {
  /** Pairs in which the first kind was the slower one, in standard deviations from the half. */
  readonly z: number
  /** Median of the first kind's time by the second's. */
  readonly ratio: number
}

const pairs = 400
/** Of them, most times: what a pair is timed with. */
const perBatch = 60
const alarmAt = 5
const leastDifference = 0.02

/** The kinds can be told apart. */
export function differ({ z, ratio }: Compared): boolean {
  return Math.abs(z) > alarmAt && Math.abs(ratio - 1) > leastDifference
}

export function describe({ z, ratio }: Compared): string {
  return `z ${z.toFixed(1)}, ratio ${ratio.toFixed(3)}`
}

/** `first` and `second` make a new text each time. `run` is what is timed. */
export function compareTimes(
  run: (text: string) => unknown,
  first: () => string,
  second: () => string,
): Compared {
  for (let count = 0; count < 3000; count += 1) run(count % 2 === 0 ? first() : second())
  let slower = 0
  const ratios: number[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const makers = [first, second] as const
    const batches: [string[], string[]] = [[], []]
    for (let count = 0; count < perBatch; count += 1) {
      for (const kind of drawn()) batches[kind].push(flat(makers[kind]()))
    }
    const times: [number, number] = [0, 0]
    for (const kind of drawn()) times[kind] = timeOf(run, batches[kind])
    const [one, other] = times
    slower += one > other ? 1 : one === other ? 0.5 : 0
    ratios.push(one / other)
  }
  ratios.sort((a, b) => a - b)
  return { z: (slower - pairs / 2) / Math.sqrt(pairs / 4), ratio: ratios[pairs / 2] ?? Number.NaN }
}

/** Which comes first. Also where texts are made: the youngest are nearest in the caches. */
function drawn(): readonly [0, 1] | readonly [1, 0] {
  return randomInt(2) === 0 ? [0, 1] : [1, 0]
}

/** Both of one make: what was put together from pieces would be joined while it is timed. */
function flat(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function timeOf(run: (text: string) => unknown, texts: readonly string[]): number {
  const startNs = process.hrtime.bigint()
  for (const text of texts) run(text)
  return Number(process.hrtime.bigint() - startNs)
}
