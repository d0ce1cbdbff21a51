/**
 * What each running gateway says of its policy, for `mcp-guard rollback`: one small file for each
 * process, replaced with every change, renewed every minute and taken away at the end; one that was
 * not renewed is of a process that died elsewhere, and counts for nothing. Where it cannot be written
 * nobody is told, and nothing else changes.
 */
import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
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
const renewMs = 60_000
/** Two renewals may be missed. */
const deadMs = 3 * renewMs
/** Several gateways may be in one process. */
const ownNames = new Set<string>()

export function createStating(folder: string): Stating {
  const name = `${process.pid}-${randomBytes(6).toString('hex')}${ending}`
  const file = join(folder, name)
  let turn: Promise<void> = Promise.resolve()
  let renewal: NodeJS.Timeout | null = null
  let ended = false
  ownNames.add(name)

  function state(statement: Parameters<Stating['state']>[0]): Promise<void> {
    turn = turn.then(async () => {
      if (ended) return
      if (renewal === null) await removePredecessors(folder).catch(() => undefined)
      clearTimeout(renewal ?? undefined)
      renewal = setTimeout(() => void state(statement), renewMs).unref()
      const whole: Statement = { pid: process.pid, host: hostname(), ...statement }
      await makeOwnFolder(folder)
      await writeOwnFile(file, [`${JSON.stringify(whole)}\n`])
    })
    turn = turn.catch(() => undefined)
    return turn
  }

  return {
    state,
    async end() {
      await turn
      ended = true
      clearTimeout(renewal ?? undefined)
      ownNames.delete(name)
      await rm(file, { force: true }).catch(() => undefined)
    },
  }
}

/** A container that is started anew has the host and the process id of the one that died. */
async function removePredecessors(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${process.pid}-`) || ownNames.has(name)) continue
    const file = join(folder, name)
    if (parse(await readOwnFile(file, maxBytes))?.host === hostname()) await rm(file)
  }
}

/** Those of processes that are not known to have ended. */
export async function readStatements(folder: string): Promise<readonly Statement[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending))
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name)
      const statement = parse(await readOwnFile(file, maxBytes))
      if (statement === null) return null
      const saidMs = (await stat(file).catch(() => null))?.mtimeMs ?? Date.now()
      if (Date.now() - saidMs <= deadMs && !hasEnded(statement)) return statement
      await rm(file, { force: true }).catch(() => undefined)
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
