/**
 * What does it cost to find out who is calling, in process: from the headers of a request to an
 * identity, and beside it what bare jose takes for a token. All subjects take turns in one run and
 * every answer is checked. How to read it: bench/README.md.
 *
 *   npm run bench:identity -- [--rounds 30] [--json]
 */
import { parseArgs } from 'node:util'
import { environmentLines, readEnvironment } from './support/environment.js'
import { costsOf, costTable, identitySubjects } from './support/identity-subjects.js'
import { timeInTurns } from './support/stopwatch.js'
import { table } from './support/table.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1')
  const timed = await timeInTurns(await identitySubjects(), rounds)
  const environment = readEnvironment()
  const costs = costsOf(timed.times)
  if (values.json) {
    console.log(JSON.stringify({ environment, rounds, ...timed, costs }))
    return
  }
  console.log(environmentLines(environment).join('\n'))
  console.log(`reading the clock costs ${timed.clockUs.toFixed(2)} us and is taken off\n`)
  const rows = timed.times.map(({ name, p50, p99, samples }) => {
    return [name, p50.toFixed(2), p99.toFixed(1), String(samples)]
  })
  console.log(`${table(['caller', 'p50 us', 'p99 us', 'samples'], rows)}\n`)
  console.log(costTable(costs))
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
