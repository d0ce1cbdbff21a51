/**
 * What does a decision cost, warm and in process: from the memo, by evaluation, with large
 * arguments, many grants, many rule packages, and for lists? Everything through the decision point
 * that the gateway uses; all subjects take turns in one run. How to read it: bench/README.md.
 *
 *   npm run bench:decision -- [--rounds 30] [--json]
 *   npm run bench:decision -- --soak [--decisions 1000000] [--reloads 10000] [--json]
 */
import { parseArgs } from 'node:util'
import {
  activate,
  compileNamed,
  compilePackages,
  compileShipped,
  withGrants,
} from './support/bench-policies.js'
import { figuresOf, figureTable } from './support/decision-figures.js'
import {
  freshSubject,
  listSubject,
  memoSubject,
  strangerSubject,
} from './support/decision-subjects.js'
import { environmentLines, readEnvironment } from './support/environment.js'
import { soak, soakTable } from './support/soak.js'
import { type TimedSubject, timeInTurns } from './support/stopwatch.js'

const kilobyte = 1_024

async function subjects(): Promise<{ revision: string; all: TimedSubject[] }> {
  const bundle = await compileShipped()
  const shipped = await activate(bundle)
  const named = await activate(await compileNamed())
  const all = [
    memoSubject('memo', shipped, 'get-sum'),
    memoSubject('memo named', named, 'echo'),
    freshSubject('shipped', shipped, 'get-sum'),
    strangerSubject('stranger', shipped, 'get-sum'),
    freshSubject('named 0.3 KB', named, 'echo'),
    freshSubject('named 64 KB', named, 'echo', 64 * kilobyte, 200),
    freshSubject('whole 4 KB', shipped, 'get-sum', 4 * kilobyte, 200),
    freshSubject('whole 64 KB', shipped, 'get-sum', 64 * kilobyte, 60),
    listSubject('list', shipped, false),
    listSubject('list memo', shipped, true),
  ]
  for (const count of [10, 1_000, 100_000, 500_000]) {
    const point = await activate(withGrants(bundle, count))
    all.push(freshSubject(`grants ${count}`, point, 'echo', 300, 300))
  }
  for (const count of [5, 50, 200]) {
    const point = await activate(await compilePackages(count))
    all.push(freshSubject(`packages ${count}`, point, `tool-${count - 1}`, 300, 300))
  }
  return { revision: bundle.revision, all }
}

async function measure(rounds: number, json: boolean): Promise<void> {
  const { revision, all } = await subjects()
  const timed = await timeInTurns(all, rounds)
  const environment = readEnvironment()
  const figures = figuresOf(timed.times)
  if (json) {
    console.log(JSON.stringify({ environment, revision, rounds, ...timed, figures }))
    return
  }
  console.log([...environmentLines(environment), `policy ${revision}`].join('\n'))
  console.log(`reading the clock costs ${timed.clockUs.toFixed(2)} us and is taken off\n`)
  console.log(figureTable(figures))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      decisions: { type: 'string', default: '1000000' },
      reloads: { type: 'string', default: '10000' },
    },
  })
  const numbers = [values.rounds, values.decisions, values.reloads].map(Number)
  if (!numbers.every((value) => Number.isInteger(value) && value > 0)) {
    throw new Error('--rounds, --decisions and --reloads are whole numbers from 1')
  }
  const [rounds = 1, decisions = 1, reloads = 1] = numbers
  if (!values.soak) return measure(rounds, values.json)
  const soaked = await soak(decisions, reloads)
  console.log(values.json ? JSON.stringify(soaked) : soakTable(soaked))
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
