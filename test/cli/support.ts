/** The command line as a real child process, and a folder of its own per test file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageFile } from '../../src/lib/package-root.js'

export const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-cli-'))
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<Ended>
  /** Resolves with the match once standard error holds it. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>
}

const main = packageFile('dist', 'src', 'cli', 'main.js')

/** `input`: null: standard input stays open. */
export function startCli(
  args: readonly string[],
  input: string | null = '',
  variables: Readonly<Record<string, string>> = {},
): Started {
  return startNode([main, ...args], input, variables)
}

export function startNode(
  args: readonly string[],
  input: string | null = '',
  variables: Readonly<Record<string, string>> = {},
): Started {
  // Of its own: the cache of compiled policies, and no variable that changes what is printed.
  const own = { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
  const env = { ...own, ...variables }
  const child = spawn(process.execPath, args, { cwd: folder, env })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => undefined)
  if (input !== null) child.stdin.end(input)
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(stdout + stderr)
        if (match !== null) resolve(match)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      child.on('close', () => reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`)))
      look()
    })
  return { child, stderr: () => stderr, ended, until }
}

export function cli(args: readonly string[], input = ''): Promise<Ended> {
  return startCli(args, input).ended
}
