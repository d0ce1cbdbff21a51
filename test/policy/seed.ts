import * as assert from 'uvu/assert'

/** A seed of this run, printed so that a counterexample can be replayed. */
export function printedSeed(property: string): number {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`seed of "${property}": ${seed}`)
  return seed
}

/**
 * Draws until every count is above `least`: how often a case comes up in one draw is chance, and
 * one that never comes up ends it.
 */
export async function drawUntil(
  counts: Readonly<Record<string, number>>,
  least: number,
  draw: () => Promise<void>,
): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await draw()
    if (Object.values(counts).every((count) => count > least)) return
  }
  for (const [what, count] of Object.entries(counts)) assert.ok(count > least, `${what}: ${count}`)
}
