/** The scripted stdio server as an upstream, and what is left of processes. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../src/domain.js'
import type { Answer } from './connection.js'
import type { Gateway } from './gateway.js'
import { call, openSession } from './messages.js'

const server = fileURLToPath(new URL('../../../test/peers/stdio-server.mjs', import.meta.url))

export function stdioServer(flags: readonly string[] = [], more: JsonObject = {}): JsonObject {
  return { command: process.execPath, args: [server, ...flags], ...more }
}

/** The first text of a tool's result. */
export function textOf(answer: Answer): string {
  const body = answer.body.startsWith('data: ')
    ? (answer.body.trim().split('\n\n').pop() ?? '').slice('data: '.length)
    : answer.body
  const { result } = JSON.parse(body)
  return result.content[0].text
}

export interface StdioSession {
  readonly headers: Readonly<Record<string, string>>
  call(name: string, args?: object, id?: string | number): Promise<Answer>
}

export async function stdioSession(
  gateway: Gateway,
  path: string,
  as = 'alice',
): Promise<StdioSession> {
  const headers = { 'mcp-session-id': await openSession(gateway, { path, as }) }
  return {
    headers,
    call: (name, args = {}, id = 1) =>
      gateway.send({ path, as, headers, body: call(name, { arguments: args }, id) }),
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Processes that this one started: state and command, zombies included. */
export function ownChildren(): string[] {
  const table = execFileSync('ps', ['-A', '-o', 'ppid=,stat=,args='], { encoding: 'utf8' })
  return table
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${process.pid} `) && !line.includes(' ps -A'))
}

export async function until(condition: () => boolean, what: string, ms = 8000): Promise<void> {
  const deadline = performance.now() + ms
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
