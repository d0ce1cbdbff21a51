/** A seed of this run, printed so that a counterexample can be replayed. */
export function printedSeed(property: string): number {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`seed of "${property}": ${seed}`)
  return seed
}
