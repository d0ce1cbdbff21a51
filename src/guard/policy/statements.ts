/**
 * What each running gateway says of its policy, for `mcp-guard rollback`: one small file for each
 * process, replaced with every change and taken away at the end. Where it cannot be written nobody
 * is told, and nothing else changes.
 */
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { makeOwnFolder, readOwnFile, writeOwnFile } from '../../lib/own-files.js'

export interface Statement {
  readonly pid: number
  readonly host: string
  readonly revision: string | null
  /** Of the rollback that was noticed last; null: none is known, or it is over. */
  readonly hold: string | null
  readonly state: 'working' | 'done' | 'failed'
  /** Why it failed, or why the source's newest is not active. */
  readonly problem: string | null
}

export interface Stating {
  state(statement: Pick<Statement, 'revision' | 'hold' | 'state' | 'problem'>): Promise<void>
  end(): Promise<void>
}

const maxBytes = 65_536
const ending = '.gateway'

export function createStating(folder: string): Stating {
  const name = `${process.pid}-${randomBytes(6).toString('hex')}${ending}`
  const file = join(folder, name)
  let turn: Promise<void> = Promise.resolve()
  let ended = false

  return {
    state(statement) {
      turn = turn.then(async () => {
        if (ended) return
        const whole: Statement = { pid: process.pid, host: hostname(), ...statement }
        await makeOwnFolder(folder)
        await writeOwnFile(file, [`${JSON.stringify(whole)}\n`])
      })
      turn = turn.catch(() => undefined)
      return turn
    },
    async end() {
      await turn
      ended = true
      await rm(file, { force: true }).catch(() => undefined)
    },
  }
}

/** Those of processes that are not known to have ended. */
export async function readStatements(folder: string): Promise<readonly Statement[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending))
  const found = await Promise.all(
    names.map(async (name) => {
      const statement = parse(await readOwnFile(join(folder, name), maxBytes))
      if (statement === null || !hasEnded(statement)) return statement
      await rm(join(folder, name), { force: true }).catch(() => undefined)
      return null
    }),
  )
  return found.filter((statement) => statement !== null)
}

function parse(bytes: Buffer | null): Statement | null {
  try {
    const statement = bytes === null ? null : (JSON.parse(bytes.toString()) as Statement)
    return typeof statement?.pid === 'number' ? statement : null
  } catch {
    return null
  }
}

/** Of a process on another machine, or in another container, nothing is known. */
function hasEnded({ pid, host }: Statement): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH'
  }
}
