/** Runs jobs a few at a time. A job that throws ends the whole: a runner must not lose one. */
export async function runPool(
  jobs: readonly (() => Promise<void>)[],
  width: number,
): Promise<void> {
  const waiting = [...jobs]
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job()
  }
  await Promise.all(Array.from({ length: width }, work))
}
