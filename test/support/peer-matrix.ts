/**
 * Real clients × how they reach the gateway × real servers: starts what is needed once, lets every
 * client of a file take its steps with every server, directly and through the gateway.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Json, JsonObject } from '../../src/domain.js'
import { type GatewayOptions, keyOf, startGateway, testCacheDir } from './gateway.js'
import { type Column, columns, itemsOf, policy } from './peer-matrix-items.js'
import { peerNode, peerNodeEnv } from './peer-node.js'
import { type PeerServer, startEverything, startEverythingSse, startFixture } from './peers.js'

export type MatrixClient = 'sdk-v1' | 'sdk-v2' | 'ai-sdk' | 'inspector' | 'mcp-remote'

export interface Row {
  readonly client: MatrixClient
  readonly mode: 'legacy' | 'auto' | 'modern'
  /** `direct`: without the gateway, over what each server speaks. */
  readonly over: 'direct' | 'http' | 'sse' | 'stdio'
}

export interface Step {
  readonly done?: Json
  readonly why?: string
}

/** Only `connect`, with a reason, where no connection came about. */
export type Steps = Readonly<Partial<Record<StepName, Step>>>
export type StepName =
  | 'connect'
  | 'list'
  | 'call'
  | 'denied'
  | 'hidden'
  | 'progress'
  | 'cancel'
  | 'elicitation'

export type Cells = ReadonlyMap<Row, ReadonlyMap<Column, Steps>>

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cli = join(root, 'dist/src/cli/main.js')
const modules = join(root, 'node_modules/@modelcontextprotocol')
const peers = join(root, 'test/peers')
const peerModules = join(peers, 'node_modules/@modelcontextprotocol')
const clientLimitMs = 85_000

interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

type Server = Command | { readonly url: string; readonly transport: 'http' | 'sse' }

/** A gateway, or several that look like one; `folder` has the configuration. */
interface Served {
  readonly url: string
  readonly folder: string
  close(): Promise<void>
}

/** Where not every server, or not a single gateway, is meant. */
export interface Instead {
  readonly columns?: readonly Column[]
  readonly start?: (options: GatewayOptions) => Promise<Served>
}

interface Peers {
  readonly folder: string
  readonly servers: ReadonlyMap<Column, Server>
  readonly gateway: Served
  close(): Promise<void>
}

async function startPeers(start: NonNullable<Instead['start']>): Promise<Peers> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mcp-guard-matrix-')))
  const files = join(folder, 'files')
  await mkdir(files)
  await writeFile(join(files, 'note.txt'), 'A nöte')
  await writeFile(join(files, 'forbidden.txt'), 'Not for everybody')
  const waits = join(folder, 'waits')
  await writeFile(waits, '')
  const started: PeerServer[] = []
  const urlOf = async (starting: Promise<PeerServer>) => {
    const server = await starting
    started.push(server)
    return server.url
  }
  const [everything, sse, fixture] = await Promise.all([
    urlOf(startEverything()),
    urlOf(startEverythingSse()),
    urlOf(startFixture(waits)),
  ])
  const node = (...args: string[]) => ({ command: peerNode, args, env: peerNodeEnv })
  const memory = node(join(peerModules, 'server-memory/dist/index.js'))
  const memoryEnv = { ...peerNodeEnv, MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }
  const servers = new Map<Column, Server>([
    ['everything http', { url: everything, transport: 'http' }],
    ['everything sse', { url: sse, transport: 'sse' }],
    ['everything stdio', node(join(modules, 'server-everything/dist/index.js'), 'stdio')],
    ['filesystem stdio', node(join(peerModules, 'server-filesystem/dist/index.js'), files)],
    ['memory stdio', { ...memory, env: memoryEnv }],
    ['fixture http', { url: fixture, transport: 'http' }],
    ['fixture stdio', node(join(peers, 'fixture/stdio.mjs'), waits)],
  ])
  const upstreams = [...servers].map(([column, server]) => [nameOf(column), { ...server }])
  const gateway = await start({ upstreams: Object.fromEntries(upstreams), policy })
  return {
    folder,
    servers,
    gateway,
    async close() {
      await gateway.close()
      await Promise.all(started.map((server) => server.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function nameOf(column: Column): string {
  return column.replace(' ', '-')
}

/** Takes all steps of all rows. Where a client has no way to a server there is no cell. */
export async function runMatrix(rows: readonly Row[], instead: Instead = {}): Promise<Cells> {
  const started = await startPeers(instead.start ?? startGateway)
  try {
    const cells = new Map<Row, ReadonlyMap<Column, Steps>>()
    for (const client of new Set(rows.map((row) => row.client))) {
      const own = rows.filter((row) => row.client === client)
      const jobs = own.flatMap((row, index) =>
        (instead.columns ?? columns)
          .filter((column) => reaches(row, started.servers.get(column)))
          .map((column) => jobOf(row, column, `${index}/${nameOf(column)}`, started)),
      )
      const results = await runClients(client, jobs, started.folder)
      const waits = await waitsOf(started)
      for (const [index, row] of own.entries()) {
        const ofRow = columns.flatMap((column) => {
          const steps = results.get(`${index}/${nameOf(column)}`)
          const mark = `${client}/${index}/${nameOf(column)}`
          return steps === undefined ? [] : [[column, judged(steps, waits.get(mark))] as const]
        })
        cells.set(row, new Map(ofRow))
      }
    }
    return new Map([...cells].sort(([a], [b]) => rows.indexOf(a) - rows.indexOf(b)))
  } finally {
    await started.close()
  }
}

/** mcp-remote goes to URLs only. */
function reaches({ client, over }: Row, server: Server | undefined): boolean {
  return !(
    client === 'mcp-remote' &&
    over === 'direct' &&
    server !== undefined &&
    !('url' in server)
  )
}

function jobOf(row: Row, column: Column, name: string, started: Peers): JsonObject {
  const { mode, over } = row
  const mark = `${row.client}/${name}`
  return {
    name,
    to: { ...JSON.parse(JSON.stringify(targetOf(row, column, name, started))), mode },
    plan: { denies: over !== 'direct', items: itemsOf(column, mark, started.folder) },
  }
}

function targetOf({ over }: Row, column: Column, name: string, started: Peers): object {
  const { servers, gateway, folder } = started
  const server = servers.get(column)
  if (over === 'direct') return { transport: 'stdio', ...server }
  if (over === 'stdio') {
    const audit = join(folder, `${name.replace('/', '-')}.ndjson`)
    const client = ['--stdio', '--as', 'alice', '--server', nameOf(column), '--audit', audit]
    return {
      transport: over,
      command: process.execPath,
      args: [cli, 'run', '--config', join(gateway.folder, 'guard.yaml'), ...client],
      env: { XDG_CACHE_HOME: dirname(testCacheDir) },
    }
  }
  const url = `${gateway.url}/mcp/${nameOf(column)}${over === 'sse' ? '/sse' : ''}`
  return { transport: over, url, headers: { authorization: `Bearer ${keyOf('alice')}` } }
}

/** A cancellation has worked when the server stopped, where it tells; else when it was told. */
function judged(steps: Steps, waited: string | undefined): Steps {
  const seen = steps.cancel?.done
  if (seen === undefined) return steps
  const { failed, told, late } = Object(seen)
  const worked = waited === undefined ? told && !late : waited === 'cancelled'
  if (worked) return { ...steps, cancel: { done: 'cancelled' } }
  const then = told ? 'the server went on' : 'the server was not told'
  return { ...steps, cancel: { why: `${failed}; ${then}` } }
}

async function waitsOf({ folder }: Peers): Promise<ReadonlyMap<string, string>> {
  const lines = (await readFile(join(folder, 'waits'), 'utf8')).split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [mark, how] = line.split(' ')
      return mark === undefined || how === undefined ? [] : [[mark, how] as const]
    }),
  )
}

async function runClients(
  client: MatrixClient,
  jobs: readonly JsonObject[],
  folder: string,
): Promise<ReadonlyMap<string, Steps>> {
  const child = spawn(peerNode, ['test/peers/matrix/main.mjs'], {
    cwd: root,
    env: {
      ...process.env,
      // Coverage is of the gateway, which runs in this process.
      NODE_V8_COVERAGE: '',
      ...peerNodeEnv,
      TMPDIR: folder,
      MCP_CATALOG_PATH: join(folder, 'catalog.json'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: clientLimitMs,
  })
  child.stdin.end(JSON.stringify({ client, jobs }))
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (exitCode !== 0) throw new Error(`${client} ended with ${exitCode}:\n${stderr}`)
  return new Map(Object.entries(JSON.parse(stdout)))
}
