/** Trials one after the other, until so many pairs of a policy and facts were compared. */
import * as assert from 'uvu/assert'
import { capabilities } from '../../src/rego/compile-policy.js'
import { builtinNames, runTrial, type TrialSize } from './engine-trial.js'
import { seededRandom } from './random.js'

export interface Trials {
  readonly seed: number
  /** Pairs. */
  readonly wanted: number
  readonly size: TrialSize
}

/** Throws with the first difference, as small as it gets, or where too little was tried. */
export function runTrials({ seed, wanted, size }: Trials): void {
  const random = seededRandom(seed)
  const builtins = builtinNames(capabilities())
  const counts = { defined: 0, undefined: 0, unreadable: 0, error: 0 }
  let compared = 0
  let members = 0
  let refused = 0
  let stricter = 0
  let batches = 0
  while (compared < wanted) {
    const trial = runTrial(random, size, builtins)
    if (trial.difference !== null) throw new Error(`batch ${batches}:\n${trial.difference}`)
    for (const kind of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[kind] += trial.counts[kind]
    }
    compared += trial.compared
    members += trial.members
    refused += trial.refused
    stricter += trial.stricter
    batches += 1
    if (batches % 10 === 0) console.log(`${compared} pairs`)
  }
  const policies = batches * size.packages - refused
  console.log({ policies, compared, ...counts, members, refused, stricter, batches })
  for (const [kind, count] of Object.entries(counts)) {
    assert.ok(count > compared / 100, `${kind}: ${count} of ${compared}`)
  }
  assert.ok(stricter < compared / 50, `${stricter} answers are stricter than the interpreter's`)
  assert.ok(members > 2 * counts.defined, 'most rules are undefined')
  assert.ok(refused < (batches * size.packages) / 3, `${refused} packages do not compile`)
}
