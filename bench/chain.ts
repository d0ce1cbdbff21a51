/**
 * What does a guarded call cost, next to the least a proxy can do and to no proxy at all? The whole
 * chain (API key, strict parse, decision of the shipped policies, limit, audit in a file) between
 * real sockets, every answer checked. How to read it: bench/README.md.
 *
 *   npm run bench -- [--rounds 5] [--seconds 2] [--policy DIR] [--json] [--profile]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Children, createChildren, loadCore, subjectCore } from './support/children.js'
import { environmentLines, readEnvironment } from './support/environment.js'
import { countRecorded, type GatewayFiles, writeGatewayFiles } from './support/gateway-files.js'
import { goalsOf, goalTable } from './support/goals.js'
import { profileTables, readProfile } from './support/profile.js'
import { proveGuarded } from './support/prove-guarded.js'
import { reportTables, summarise } from './support/report.js'
import {
  alternate,
  bareName,
  directName,
  guardedName,
  type Measured,
  type Subject,
} from './support/rounds.js'

interface Options {
  readonly rounds: number
  readonly seconds: number
  /** A folder of Rego in place of the shipped policies. */
  readonly policy: string | null
  readonly json: boolean
  /** The gateway alone, and where its time goes. */
  readonly profile: boolean
}

interface Stage {
  readonly upstream: { readonly port: number; readonly pid: number }
  readonly files: GatewayFiles
  readonly revision: string
  readonly guarded: Subject
}

const endpoint = '/mcp/everything'
const host = '127.0.0.1'

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      policy: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  const seconds = Number(values.seconds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1')
  if (!(seconds > 0 && seconds <= 60)) throw new Error('--seconds is a number up to 60')
  const { policy = null, json, profile } = values
  return { rounds, seconds, policy, json, profile }
}

async function setStage(
  children: Children,
  folder: string,
  policy: string | null,
  flags: string[],
): Promise<Stage> {
  const upstream = await children.startServer('upstream.js', loadCore)
  const files = await writeGatewayFiles(folder, `http://${host}:${upstream.port}/mcp`, policy)
  const { url, revision, pid } = await children.startGateway(files, flags)
  await proveGuarded(`${url}${endpoint}`, files.key)
  const headers = ['authorization', `Bearer ${files.key}`]
  const target = { host, port: Number(new URL(url).port), path: endpoint, headers }
  return { upstream, files, revision, guarded: { name: guardedName, pid, target } }
}

async function compare(children: Children, folder: string, options: Options): Promise<void> {
  const { upstream, files, revision, guarded } = await setStage(
    children,
    folder,
    options.policy,
    [],
  )
  const origin = `http://${host}:${upstream.port}`
  const bare = await children.startServer('bare.js', subjectCore, [origin])
  const plain = { host, path: '/mcp', headers: [] }
  const subjects: Subject[] = [
    { name: bareName, pid: bare.pid, target: { ...plain, port: bare.port } },
    guarded,
    { name: directName, pid: null, target: { ...plain, port: upstream.port } },
  ]
  const plan = { rounds: options.rounds, measureMs: options.seconds * 1000 }
  const measured = await alternate(children.startLoad(), upstream.pid, subjects, plan)
  await checkRecords(files, revision, measured)
  const environment = readEnvironment()
  const reports = summarise(measured)
  const goals = goalsOf(measured)
  if (options.json) {
    console.log(JSON.stringify({ environment, revision, plan, subjects: reports, goals }))
    return
  }
  console.log([...environmentLines(environment), `policy ${revision}`].join('\n'))
  console.log(`\n${reportTables(reports)}\n\n${goalTable(goals)}`)
}

async function profile(children: Children, folder: string, options: Options): Promise<void> {
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  const { upstream, files, revision, guarded } = await setStage(
    children,
    folder,
    options.policy,
    flags,
  )
  const plan = { rounds: 1, measureMs: options.seconds * 1000 }
  const measured = await alternate(children.startLoad(), upstream.pid, [guarded], plan)
  await checkRecords(files, revision, measured)
  const window = measured[0]?.many[0]
  // V8 writes the profile when the process ends.
  await children.stop()
  const environment = readEnvironment()
  const report = await readProfile(folder, window?.startUs ?? 0, window?.endUs ?? 0)
  if (options.json) {
    console.log(JSON.stringify({ environment, revision, ...report }))
    return
  }
  console.log([...environmentLines(environment), `policy ${revision}`].join('\n'))
  console.log(`\n${profileTables(report)}`)
}

/** Figures of calls that left no record would be figures of something else. */
async function checkRecords(
  { auditFile }: GatewayFiles,
  revision: string,
  measured: readonly Measured[],
): Promise<void> {
  const calls = measured.find(({ subject }) => subject.name === guardedName)?.calls
  const recorded = await countRecorded(auditFile, revision)
  if (recorded !== calls) throw new Error(`${calls} calls were sent, ${recorded} are on record`)
}

async function main(): Promise<void> {
  const options = readOptions()
  if (process.platform !== 'linux') throw new Error('needs Linux: /proc and taskset')
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-bench-'))
  const children = createChildren()
  const cleanUp = async () => {
    await children.stop()
    await rm(folder, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp().then(() => process.exit(1)))
  }
  try {
    await (options.profile ? profile : compare)(children, folder, options)
  } finally {
    await cleanUp()
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
