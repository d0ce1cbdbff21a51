/**
 * Runs one command to its end: own process group, no standard input, output gathered in order of
 * arrival, killed with all its children at the time limit. Says whether it left processes behind.
 */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileRun } from './verdict.js'

export interface Command {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Record<string, string>
  /** Whole run, milliseconds. */
  readonly limitMs: number
}

// Children that were told to stop may take a moment after their parent's exit.
const graceMs = 2_000

const running = new Set<number>()

/** Ends everything that `runNode` has started: its groups do not hear the terminal's Ctrl-C. */
export function killRunning(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL')
}

/** Runs `node` with the arguments. Never rejects: what cannot start ends with an exit code of null. */
export async function runNode(command: Command): Promise<FileRun> {
  const child = spawn(process.execPath, command.args, {
    cwd: command.cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid !== undefined) running.add(child.pid)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    signalGroup(child.pid, 'SIGKILL')
  }, command.limitMs)
  const end = await new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`))
      resolve({ exitCode: null, signal: null })
    })
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
  })
  clearTimeout(timer)
  const leftProcesses = await endGroup(child.pid)
  if (child.pid !== undefined) running.delete(child.pid)
  if (!child.stdout.closed) await closed(child.stdout)
  if (!child.stderr.closed) await closed(child.stderr)
  return { ...end, timedOut, leftProcesses, output: Buffer.concat(chunks).toString('utf8') }
}

function closed(stream: NodeJS.ReadableStream): Promise<unknown> {
  return Promise.race([new Promise((resolve) => stream.once('close', resolve)), sleep(graceMs)])
}

// True when something of the group was still alive after the grace period and had to be killed.
async function endGroup(pid: number | undefined): Promise<boolean> {
  const deadline = performance.now() + graceMs
  while (signalGroup(pid, 0)) {
    if (performance.now() > deadline) {
      signalGroup(pid, 'SIGKILL')
      return true
    }
    await sleep(20)
  }
  return false
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}
