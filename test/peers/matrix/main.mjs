/**
 * One real client after another in one child process, a few at a time: `node main.mjs` with
 * {client, jobs: [{name, to, …}]} on standard input; prints one object, name → what came of each step.
 */
import { text } from 'node:stream/consumers'
import { takeSteps } from './steps.mjs'

/** They wait for one another's servers most of the time. */
const atATime = 4

const { client, jobs } = JSON.parse(await text(process.stdin))
const { connect } = await import(`./${client}.mjs`)
const results = {}
const waiting = [...jobs]

async function work() {
  for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
    const { name, ...rest } = job
    results[name] = await takeSteps(connect, rest)
  }
}

await Promise.all(Array.from({ length: atATime }, work))
process.stdout.write(JSON.stringify(results), () => process.exit(0))
