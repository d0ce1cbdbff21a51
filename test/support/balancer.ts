/**
 * One address for several gateways: each request goes to the next of them. HAProxy, where the
 * machine has it, with a connection to a gateway for each request; else a stand-in on node:http.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRoundRobin } from './round-robin.js'

export interface Balancer {
  /** Which of the two it is, for a test's output. */
  readonly kind: string
  readonly url: string
  close(): Promise<void>
}

export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const kind = await versionOfHaproxy()
  if (kind === null) return { kind: 'node:http', ...(await startRoundRobin(urls)) }
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-balancer-'))
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(port, urls))
  const child = spawn('haproxy', ['-db', '-q', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: Buffer[] = []
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes))
  const close = async () => {
    await end(child)
    await rm(folder, { recursive: true })
  }
  if (!(await answers(port, child))) {
    await close()
    throw new Error(`HAProxy does not listen: ${Buffer.concat(said).toString()}`)
  }
  return { kind, url: `http://127.0.0.1:${port}`, close }
}

/**
 * `abortonclose`: a client that leaves before the answer began is gone for the gateway too, which
 * is how a request of 2026-07-28 is cancelled.
 */
function configuration(port: number, urls: readonly string[]): string {
  const servers = urls.map((url, index) => `  server gateway${index} ${new URL(url).host}`)
  return `
defaults
  mode http
  balance roundrobin
  option http-server-close
  option abortonclose
  http-reuse never
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen gateways
  bind 127.0.0.1:${port}
${servers.join('\n')}
`
}

async function versionOfHaproxy(): Promise<string | null> {
  const child = spawn('haproxy', ['-v'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  return exitCode === 0 ? (/^HAProxy version [\d.]+/.exec(text)?.[0] ?? 'HAProxy') : null
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + 10_000
  while (child.exitCode === null && performance.now() < deadline) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return true
    await sleep(20)
  }
  return false
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
