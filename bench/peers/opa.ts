/**
 * OPA by its own hands: the server on loopback, asked over one connection that stays open, and the
 * Go library in a process that times itself. Both are built on demand, by Go from its module proxy;
 * children are ended by their own handles.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { namedItems } from '../../src/mcp/methods.js'
import { messageFacts } from '../../src/policy/facts.js'
import type { Peer } from './peer.js'
import { gatewayQuestion, type PeerQuestion, rego, regoData } from './rules.js'

export interface LibraryTimes {
  readonly allowed: readonly boolean[]
  /** Microseconds of each sample. */
  readonly us: readonly number[]
}

const opaVersion = 'v1.22.2'
const buildLimitMs = 900_000
const readyLimitMs = 10_000
const run = promisify(execFile)

/** The facts of the message, as every OPA gets them: all of them. */
export function factsOf(asked: PeerQuestion): JsonObject {
  const question = gatewayQuestion(asked, 0)
  const items = namedItems(question.method, question.params) ?? []
  return messageFacts(question, items) as unknown as JsonObject
}

export async function writeRules(folder: string): Promise<string[]> {
  const files = [join(folder, 'rules.rego'), join(folder, 'data.json')]
  await writeFile(files[0] ?? '', rego)
  await writeFile(files[1] ?? '', JSON.stringify(regoData()))
  return files
}

/** Throws where Go is missing or cannot reach its modules. */
export async function buildServer(folder: string): Promise<string> {
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' }
  const path = `github.com/open-policy-agent/opa@${opaVersion}`
  await run('go', ['install', path], { env, cwd: folder, timeout: buildLimitMs })
  return join(folder, 'opa')
}

export async function buildLibrary(folder: string): Promise<string> {
  const binary = join(folder, 'opa-library')
  const cwd = packageFile('bench', 'peers', 'opa-go')
  const env = { ...process.env, CGO_ENABLED: '0' }
  await run('go', ['build', '-mod=readonly', '-o', binary, '.'], {
    env,
    cwd,
    timeout: buildLimitMs,
  })
  return binary
}

export async function startServer(binary: string, files: readonly string[]): Promise<Peer> {
  const port = await freePort()
  const flags = ['--addr', `127.0.0.1:${port}`, '--log-level', 'error', '--disable-telemetry']
  const child = spawn(binary, ['run', '--server', ...flags, ...files], { stdio: 'ignore' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const bodies = new Map<PeerQuestion, string>()
  const post = (path: string, body: string) => send(agent, port, path, body)
  try {
    await untilReady(child, () => post('/v1/data/denied', '{}'))
  } catch (thrown) {
    await end(child, agent)
    throw thrown
  }
  return {
    name: 'OPA server on loopback',
    async ask(asked) {
      const body = bodies.get(asked) ?? JSON.stringify({ input: factsOf(asked) })
      bodies.set(asked, body)
      const answer = JSON.parse(await post('/v1/data/mcpguard/main/decision', body)) as {
        readonly result?: { readonly allow?: boolean }
      }
      return answer.result?.allow === true
    },
    close: () => end(child, agent),
  }
}

export async function runLibrary(
  binary: string,
  files: readonly string[],
  asked: readonly PeerQuestion[],
  samples: number,
): Promise<LibraryTimes> {
  const child = spawn(binary, [...files, String(samples)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
  child.stdin.end(JSON.stringify(asked.map(factsOf)))
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the program on OPA's library ended with ${code}`)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as LibraryTimes
}

function send(agent: Agent, port: number, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const options = { agent, host: '127.0.0.1', port, path, method: 'POST', headers }
    const sent = request(options, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function untilReady(child: ChildProcess, probe: () => Promise<string>): Promise<void> {
  const endMs = performance.now() + readyLimitMs
  for (;;) {
    try {
      await probe()
      return
    } catch (thrown) {
      if (child.exitCode !== null || performance.now() > endMs) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function end(child: ChildProcess, agent: Agent): Promise<void> {
  agent.destroy()
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
