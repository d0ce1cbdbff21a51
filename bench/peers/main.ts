/**
 * The same rules and questions on other engines: what does a decision cost there? Every engine has
 * to answer every question rightly before it is measured. One that cannot be installed or built is
 * named and left out. How to read it: bench/README.md.
 *
 *   npm run bench:peers -- [--rounds 10] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { activate, compileFiles } from '../support/bench-policies.js'
import { environmentLines, readEnvironment } from '../support/environment.js'
import { type TimedSubject, type Times, timeInTurns, timesOf } from '../support/stopwatch.js'
import { table } from '../support/table.js'
import { buildLibrary, buildServer, runLibrary, startServer, writeRules } from './opa.js'
import { casbin, cedar, installPackages } from './packages.js'
import type { Peer } from './peer.js'
import { byHand, gatewayQuestion, questions, rego, regoData } from './rules.js'

interface Skipped {
  readonly name: string
  readonly why: string
}

const yardstick = 'mcp-guard, evaluated'
const floorName = 'JavaScript by hand'
const libraryName = 'OPA, Go library, prepared query'
const samples = 140
const librarySamples = 7_000

/** The message is another one each time, so it is evaluated; or the same, so it is remembered. */
async function gateway(): Promise<Peer[]> {
  const files = { 'main.rego': rego, 'data.json': JSON.stringify(regoData()) }
  const point = await activate(await compileFiles(files))
  const close = () => Promise.resolve()
  let serial = 0
  const remembered = new Map(questions.map((asked) => [asked, gatewayQuestion(asked, 0)]))
  return [
    {
      name: yardstick,
      ask(asked) {
        serial += 1
        return point.judge(gatewayQuestion(asked, serial)).decision.allow
      },
      close,
    },
    {
      name: 'mcp-guard, from the memo',
      ask(asked) {
        const question = remembered.get(asked)
        return question !== undefined && point.judge(question).decision.allow
      },
      close,
    },
  ]
}

async function verify({ name, ask }: Peer): Promise<void> {
  for (const asked of questions) {
    const allowed = await ask(asked)
    if (allowed !== asked.allowed) throw new Error(`${name} answers ${allowed} for: ${asked.name}`)
  }
}

function subjectOf({ name, ask }: Peer): TimedSubject {
  const asked = (index: number) => questions[index % questions.length]
  return {
    name,
    samples,
    prepare: () => (index) => {
      const question = asked(index)
      if (question === undefined) return false
      const answer = ask(question)
      if (typeof answer === 'boolean') return answer === question.allowed
      return answer.then((allowed) => allowed === question.allowed)
    },
  }
}

async function findPeers(folder: string, skipped: Skipped[]) {
  const peers: Peer[] = [...(await gateway())]
  const hand = byHand()
  peers.push({ name: floorName, ask: hand, close: () => Promise.resolve() })
  const attempt = async <Made>(name: string, make: () => Promise<Made>): Promise<Made | null> => {
    try {
      return await make()
    } catch (thrown) {
      skipped.push({ name, why: thrown instanceof Error ? thrown.message : String(thrown) })
      return null
    }
  }
  const installed = await attempt('packages', async () => installPackages())
  if (installed !== null) {
    peers.push(...present([await attempt('cedar-wasm', async () => cedar())]))
    peers.push(...present([await attempt('casbin', () => casbin(questions))]))
  }
  const files = await writeRules(folder)
  const server = await attempt('OPA server', async () => {
    return startServer(await buildServer(folder), files)
  })
  peers.push(...present([server]))
  const library = await attempt('OPA library', () => buildLibrary(folder))
  return { peers, library, files }
}

function present<Item>(items: readonly (Item | null)[]): Item[] {
  return items.filter((item) => item !== null)
}

async function compare(folder: string, rounds: number, json: boolean): Promise<void> {
  const skipped: Skipped[] = []
  const { peers, library, files } = await findPeers(folder, skipped)
  try {
    for (const peer of peers) await verify(peer)
    const timed = await timeInTurns(peers.map(subjectOf), rounds)
    const times = [...timed.times]
    if (library !== null) times.push(await timeLibrary(library, files))
    print({ times, skipped, clockUs: timed.clockUs, rounds, json })
  } finally {
    for (const peer of peers) await peer.close()
  }
}

async function timeLibrary(binary: string, files: readonly string[]): Promise<Times> {
  const { allowed, us } = await runLibrary(binary, files, questions, librarySamples)
  const wrong = questions.find((asked, index) => asked.allowed !== allowed[index])
  if (wrong !== undefined) throw new Error(`${libraryName} is wrong for: ${wrong.name}`)
  return timesOf(libraryName, us, 0)
}

interface Printed {
  readonly times: readonly Times[]
  readonly skipped: readonly Skipped[]
  readonly clockUs: number
  readonly rounds: number
  readonly json: boolean
}

function print({ times, skipped, clockUs, rounds, json }: Printed): void {
  const environment = readEnvironment()
  if (json) {
    console.log(JSON.stringify({ environment, rounds, clockUs, times, skipped }))
    return
  }
  const ours = times.find(({ name }) => name === yardstick)?.p50 ?? 0
  const rows = [...times]
    .sort((a, b) => a.p50 - b.p50)
    .map(({ name, p50, p99, samples: count }) => {
      const ratio = (p50 / ours).toFixed(p50 < ours ? 2 : 1)
      return [name, p50.toFixed(2), p99.toFixed(1), `${ratio} x`, String(count)]
    })
  console.log(environmentLines(environment).join('\n'))
  console.log(`${questions.length} questions, ${rounds} rounds; every answer checked\n`)
  console.log(table(['engine', 'p50 us', 'p99 us', 'to mcp-guard', 'samples'], rows))
  for (const { name, why } of skipped) console.log(`left out: ${name}: ${why.trim().slice(0, 300)}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1')
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-peers-'))
  try {
    await compare(folder, rounds, values.json)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
