/** The command `mcp-guard run` as a process of its own, for what only a process shows: signals, exit. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AuditEvent } from '../../src/domain.js'
import { type GatewayOptions, testCacheDir, writeFiles } from './gateway.js'

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** A policy that was never compiled before is compiled first. */
const startMs = 60_000

export interface Child {
  readonly url: string
  readonly adminUrl: string
  readonly folder: string
  readonly policyFolder: string
  readonly auditFile: string
  /** Lines on standard error so far. */
  readonly lines: readonly string[]
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** Waits for a line that contains `text`; fails after 5 s. */
  says(text: string): Promise<string>
  readonly exited: Promise<number | null>
  audit(): Promise<AuditEvent[]>
  /** Ends it, if it has not ended, and removes its files. */
  close(): Promise<void>
}

/** `shell`: commands before it in the same shell, such as a limit. Rejects when it ends instead. */
export async function startChild(options: GatewayOptions & { shell?: string }): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-child-'))
  const { configFile, policyFolder, auditFile } = await writeFiles(folder, options)
  const child = spawnCli(['run', '--config', configFile], options.shell)
  const { lines, exited } = watch(child)
  const started = await Promise.race([lineWith(lines, '"listening"', startMs), exited])
  if (typeof started !== 'string') {
    await rm(folder, { recursive: true })
    throw new Error(`ended with ${started}: ${lines.join('\n')}`)
  }
  const { url, adminUrl } = JSON.parse(started)
  return {
    url,
    adminUrl,
    folder,
    policyFolder,
    auditFile,
    lines,
    pid: child.pid ?? 0,
    exited,
    signal: (name) => child.kill(name),
    says: (text) => lineWith(lines, text),
    async audit() {
      const text = await readFile(auditFile, 'utf8')
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    },
    async close() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

/** Runs the command with a configuration that makes it end by itself. */
export async function runToEnd(
  options: GatewayOptions,
): Promise<{ exitCode: number | null; text: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-child-'))
  const { configFile } = await writeFiles(folder, options)
  const child = spawnCli(['run', '--config', configFile])
  const { lines, exited } = watch(child)
  const exitCode = await exited
  await rm(folder, { recursive: true })
  return { exitCode, text: lines.join('\n'), folder }
}

function spawnCli(args: readonly string[], shell?: string): ChildProcess {
  const env = { ...process.env, XDG_CACHE_HOME: dirname(testCacheDir) }
  const command = [process.execPath, cli, ...args]
  const stdio = ['ignore', 'ignore', 'pipe'] as const
  return shell === undefined
    ? spawn(command[0] ?? '', command.slice(1), { env, stdio: [...stdio] })
    : spawn('sh', ['-c', `${shell} exec "$@"`, 'sh', ...command], { env, stdio: [...stdio] })
}

function watch(child: ChildProcess): { lines: string[]; exited: Promise<number | null> } {
  const lines: string[] = []
  if (child.stderr === null) throw new Error('standard error is not a pipe')
  const reader = createInterface({ input: child.stderr })
  reader.on('line', (line) => lines.push(line))
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code))
  })
  return { lines, exited }
}

async function lineWith(lines: readonly string[], text: string, ms = 10_000): Promise<string> {
  const deadline = performance.now() + ms
  for (;;) {
    const found = lines.find((line) => line.includes(text))
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`never said ${text}: ${lines.join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
