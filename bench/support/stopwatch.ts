/**
 * Times of single calls in microseconds. Subjects take turns within a round, beginning with another
 * one each time, so that a drift of the machine meets all of them alike. What reading the clock
 * costs is measured beside them and taken off every sample.
 */
export interface TimedSubject {
  readonly name: string
  /** Samples a round. */
  readonly samples: number
  /** Makes what the samples of a round need; it is not timed. False or a throw: it went wrong. */
  prepare(samples: number): (index: number) => boolean | Promise<boolean>
}

export interface Times {
  readonly name: string
  readonly p50: number
  readonly p99: number
  readonly samples: number
}

export interface Timed {
  readonly clockUs: number
  readonly times: readonly Times[]
}

const clockSamples = 20_000

export async function timeInTurns(
  subjects: readonly TimedSubject[],
  rounds: number,
): Promise<Timed> {
  const taken = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  const clock: number[] = []
  // The first round warms up and is forgotten.
  for (let round = 0; round <= rounds; round += 1) {
    const start = round % subjects.length
    for (const subject of [...subjects.slice(start), ...subjects.slice(0, start)]) {
      const times = await timeRound(subject)
      if (round > 0) taken.get(subject.name)?.push(...times)
    }
    if (round > 0) clock.push(...timeClock())
  }
  const clockUs = quantile(clock.sort(ascending), 0.5)
  return { clockUs, times: [...taken].map(([name, all]) => timesOf(name, all, clockUs)) }
}

export function timesOf(name: string, all: readonly number[], clockUs: number): Times {
  const sorted = all.map((time) => Math.max(0, time - clockUs)).sort(ascending)
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)]
  return { name, p50, p99, samples: sorted.length }
}

async function timeRound({ name, samples, prepare }: TimedSubject): Promise<number[]> {
  const run = prepare(samples)
  const times: number[] = []
  for (let index = 0; index < samples; index += 1) {
    const startMs = performance.now()
    const running = run(index)
    // Waiting for what is there already would cost a turn of the queue of promises.
    const good = typeof running === 'boolean' ? running : await running
    times.push((performance.now() - startMs) * 1_000)
    if (!good) throw new Error(`${name}: a wrong answer`)
  }
  return times
}

function timeClock(): number[] {
  return Array.from({ length: clockSamples }, () => {
    const startMs = performance.now()
    return (performance.now() - startMs) * 1_000
  })
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function ascending(a: number, b: number): number {
  return a - b
}
