/**
 * Real clients and servers as child processes: those of `test/peers`, the demo's server and the
 * Inspector. A server ends with this process, however that goes; a client ends by itself.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../src/domain.js'
import { peerNode, peerNodeEnv } from './peer-node.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const clientLimitMs = 40_000

export interface PeerServer {
  readonly url: string
  stop(): Promise<void>
}

/** The reference server that shows every feature of the older era, with sessions. */
export function startEverything(): Promise<PeerServer> {
  return startServer('scripts/demo-server.mjs')
}

/** The same over HTTP+SSE of 2024-11-05. */
export function startEverythingSse(): Promise<PeerServer> {
  return startServer('test/peers/sse-server.mjs')
}

/** A server of 2026-07-28 that also answers the older era, without sessions. */
export function startModern(): Promise<PeerServer> {
  return startServer('test/peers/modern-server.mjs')
}

/**
 * What the official conformance suite asks of a server, in both eras on one endpoint. Of a tool that
 * waits, a line of the file says how the wait ended.
 */
export function startFixture(waitsFile?: string): Promise<PeerServer> {
  const args = waitsFile === undefined ? [] : [waitsFile]
  return startServer('test/peers/fixture/server.mjs', args)
}

/** Says back what it is told, late and with chatter in between. */
export function startEcho(transport: 'http' | 'sse', tickMs = 0): Promise<PeerServer> {
  return startServer('test/peers/echo-server.mjs', [transport], { TICK_MS: String(tickMs) })
}

/** An authorization server of other people's making; its URL is its issuer. */
export function startAuthorizationServer(options: {
  /** Of access tokens. */
  readonly format: 'jwt' | 'opaque'
  readonly scopes: readonly string[]
  readonly clients?: readonly JsonObject[]
}): Promise<PeerServer> {
  return startServer('test/peers/authorization-server.mjs', [JSON.stringify(options)])
}

async function startServer(
  script: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<PeerServer> {
  const args = ['--import', './scripts/lib/leash.mjs', script, ...more]
  const child = spawn(peerNode, args, {
    cwd: root,
    // One of the tools shows its whole environment to the caller.
    env: { PATH: process.env['PATH'] ?? '', ...peerNodeEnv, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const url = await Promise.race([firstLine(child), failure(child, script)])
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no standard output')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return String(line)
}

async function failure(child: ChildProcess, script: string): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(`${script} ended before it listened: ${signal ?? `exit ${code}`}`)
}

/** One of the clients of `test/peers/client.mjs`, what it does and where. */
export interface Job {
  readonly name: string
  readonly sdk: 'v1' | 'v2'
  readonly mode?: 'legacy' | 'auto' | 'modern'
  readonly scenario:
    | 'survey'
    | 'legacyDialogue'
    | 'legacyTasks'
    | 'modernDialogue'
    | 'negotiation'
    | 'oauth'
  readonly url: string
  readonly key: string | null
  readonly [more: string]: unknown
}

/** Does the jobs one after the other in one child process; name → what came of it. */
export async function runClient<Result>(jobs: readonly Job[]): Promise<Map<string, Result>> {
  const args = ['test/peers/client.mjs', JSON.stringify(jobs)]
  const { exitCode, stdout, stderr } = await runNode(args, {})
  if (exitCode !== 0) throw new Error(`the client ended with ${exitCode}:\n${stderr}`)
  return new Map(Object.entries(JSON.parse(stdout)))
}

export interface Inspected {
  readonly exitCode: number | null
  /** What the command line printed, as a result or as an error; null when it was not JSON. */
  readonly result: JsonObject | null
  readonly error: JsonObject | null
}

/** Runs the Inspector's command line against an MCP endpoint over Streamable HTTP. */
export async function inspect(
  url: string,
  options: { readonly key: string; readonly catalog: string; readonly args: readonly string[] },
): Promise<Inspected> {
  const inspector = 'test/peers/node_modules/@modelcontextprotocol/inspector'
  const args = [
    `${inspector}/clients/launcher/build/index.js`,
    '--cli',
    url,
    ...['--transport', 'http', '--header', `Authorization: Bearer ${options.key}`],
    ...options.args,
  ]
  const ran = await runNode(args, { MCP_CATALOG_PATH: options.catalog })
  return { exitCode: ran.exitCode, result: parsed(ran.stdout), error: parsed(ran.stderr) }
}

interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

function runNode(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      cwd: root,
      // Coverage is of the gateway, which runs in this process.
      env: { ...process.env, NODE_V8_COVERAGE: '', ...env },
      timeout: clientLimitMs,
      maxBuffer: 64 * 1024 * 1024,
    }
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr })
    })
    child.stdin?.end()
  })
}

function parsed(text: string): JsonObject | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** uvu says nothing about a hook that throws. */
export function loud(hook: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await hook()
    } catch (thrown) {
      console.error(thrown)
      throw thrown
    }
  }
}
