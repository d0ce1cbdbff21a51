/** Judges mutants and prints those that no test noticed. */
import { judge, policyFiles } from './judge.js'
import { type Mutant, mutantsOf } from './mutants.js'

export interface MutationRun {
  readonly judged: number
  readonly killed: number
  readonly survivors: readonly Mutant[]
}

export function allMutants(): Mutant[] {
  return Object.entries(policyFiles)
    .filter(([name]) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .flatMap(([name, text]) => mutantsOf(name, text))
}

export function runMutation(mutants: readonly Mutant[]): MutationRun {
  const verdicts = judge(mutants)
  const survivors = mutants.filter((_, index) => verdicts[index] === 'survived')
  const killed = verdicts.filter((verdict) => verdict === 'killed').length
  for (const { file, row, change } of survivors) console.log(`${file}:${row} ${change}`)
  const judged = killed + survivors.length
  console.log(`${killed} of ${judged} mutants noticed`)
  return { judged, killed, survivors }
}
