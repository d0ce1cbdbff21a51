/**
 * The processes of a run: each pinned to a core, all of them ended with it. Those of the benchmark
 * talk over a channel; the gateway is the command a user types and says where it listens in its log.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { GatewayFiles } from './gateway-files.js'
import type { LoadReply } from './load.js'
import type { Load } from './rounds.js'

/** The subject has a core for itself; load generator and upstream share the other one. */
export const subjectCore = 0
export const loadCore = 1

export interface Gateway {
  readonly url: string
  readonly revision: string
  readonly pid: number
}

export interface Children {
  /** Starts a script of this folder that says its port. */
  startServer(script: string, core: number, args?: string[]): Promise<{ port: number; pid: number }>
  /** `flags` are Node's. */
  startGateway(files: GatewayFiles, flags: readonly string[]): Promise<Gateway>
  startLoad(): Load
  /** Ends what is running, the newest first, and waits for it. */
  stop(): Promise<void>
}

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const withChannel: SpawnOptions = { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }
const startDeadlineMs = 15_000
/** More than a measurement may take on top of its own time, drain of the last calls included. */
const answerDeadlineMs = 15_000

export function createChildren(): Children {
  const running: ChildProcess[] = []

  function start(core: number, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn('taskset', ['-c', String(core), process.execPath, ...args], options)
    running.push(child)
    return child
  }

  return {
    async startServer(script, core, args = []) {
      const child = start(core, [scriptFile(script), ...args], withChannel)
      const { port } = await message<{ port: number }>(child, startDeadlineMs)
      return { port, pid: child.pid ?? 0 }
    },
    async startGateway({ configFile, cacheHome }, flags) {
      const args = [...flags, cli, 'run', '--config', configFile]
      const child = start(subjectCore, args, {
        env: { ...process.env, XDG_CACHE_HOME: cacheHome },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const { url, revision } = await listening(child)
      return { url, revision, pid: child.pid ?? 0 }
    },
    startLoad() {
      const child = start(loadCore, [scriptFile('load.js')], withChannel)
      return {
        async measure(order) {
          child.send(order)
          const waitMs = order.warmMs + order.measureMs + answerDeadlineMs
          const reply = await message<LoadReply>(child, waitMs)
          if (!reply.ok) throw new Error(reply.problem)
          return reply.result
        },
      }
    },
    async stop() {
      for (const child of running.splice(0).reverse()) await end(child)
    },
  }
}

function scriptFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** The next message of a child; an end or a silence is an error. */
function message<Message>(child: ChildProcess, waitMs: number): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error('a child does not answer'))),
      waitMs,
    )
    const settle = (act: () => void) => {
      clearTimeout(timer)
      child.removeListener('message', onMessage)
      child.removeListener('exit', onExit)
      child.removeListener('error', onError)
      act()
    }
    const onMessage = (received: unknown) => settle(() => resolve(received as Message))
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`a child ended with ${code}`)))
    const onError = (error: Error) => settle(() => reject(error))
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.on('error', onError)
  })
}

/** Waits for the gateway's log line; whatever it says instead is the error. */
function listening(child: ChildProcess): Promise<{ url: string; revision: string }> {
  const { stderr } = child
  if (stderr === null) throw new Error('standard error is not a pipe')
  return new Promise((resolve, reject) => {
    const said: string[] = []
    const fail = (why: string) => reject(new Error(`${why}\n${said.join('\n')}`))
    const timer = setTimeout(() => fail('the gateway does not listen'), startDeadlineMs)
    child.once('error', reject)
    child.once('exit', (code) => fail(`the gateway ended with ${code}`))
    createInterface({ input: stderr }).on('line', (line) => {
      if (said.push(line) > 20) said.shift()
      if (!line.includes('"listening"')) return
      clearTimeout(timer)
      resolve(JSON.parse(line) as { url: string; revision: string })
    })
  })
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
