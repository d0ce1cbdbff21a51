/**
 * The operator's word that an earlier revision is to be active: one small file that the command
 * writes and the gateways look at. It holds until the source offers something that was not rolled
 * back from, or the file is gone; one that is there and cannot be read is not gone.
 */
import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeThrown } from '../../errors.js'
import { makeOwnFolder, readOwnFile, writeOwnFile } from '../../lib/own-files.js'

export interface Hold {
  /** Of this very rollback: gateways name it when they say what they made of it. */
  readonly id: string
  /** The revision that is to be active. */
  readonly to: string
  /** Revisions that are not taken from the source meanwhile. */
  readonly from: readonly string[]
  /** RFC 3339. */
  readonly since: string
}

export type HoldReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly problem: string; readonly fix: string }
  | { readonly kind: 'hold'; readonly hold: Hold }

const name = 'hold.json'
const maxBytes = 65_536

export async function readHold(folder: string): Promise<HoldReading> {
  const file = join(folder, name)
  const bytes = await readOwnFile(file, maxBytes)
  if (bytes === null) {
    const why = await whyUnread(file)
    return why === null ? { kind: 'none' } : unreadable(file, why)
  }
  try {
    const hold: unknown = JSON.parse(bytes.toString())
    return isHold(hold) ? { kind: 'hold', hold } : unreadable(file, 'it is damaged')
  } catch {
    return unreadable(file, 'it is damaged')
  }
}

/** null: there is no such file. */
async function whyUnread(file: string): Promise<string | null> {
  try {
    await lstat(file)
    return "it or its folder is not this user's alone"
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : describeThrown(thrown)
  }
}

function unreadable(file: string, why: string): HoldReading {
  const problem = `what is written of a rollback cannot be read, ${file}: ${why}`
  const fix =
    'give the file its owner and mode 600 back, or end it with `mcp-guard rollback --release`'
  return { kind: 'unreadable', problem, fix }
}

/** Throws where the folder cannot be written. */
export async function writeHold(folder: string, hold: Hold): Promise<void> {
  await makeOwnFolder(folder)
  await writeOwnFile(join(folder, name), [`${JSON.stringify(hold, null, 2)}\n`])
}

/** Only the very one: another that was written meanwhile stays. Throws. */
export async function removeHold(folder: string, id: string): Promise<void> {
  const found = await readHold(folder)
  if (found.kind === 'unreadable') throw new Error(found.problem)
  if (found.kind === 'hold' && found.hold.id === id) await removeAnyHold(folder)
}

/** Throws. */
export async function removeAnyHold(folder: string): Promise<void> {
  await rm(join(folder, name), { force: true })
}

/** Changes whenever the file does; cheap enough to be asked for several times a second. */
export async function holdState(folder: string): Promise<string> {
  const found = await lstat(join(folder, name)).catch(() => null)
  // The time of change is also that of another mode or owner.
  return found === null ? '' : `${found.ino}:${found.ctimeMs}:${found.size}`
}

function isHold(value: unknown): value is Hold {
  if (typeof value !== 'object' || value === null) return false
  const { id, to, from, since } = value as Record<string, unknown>
  const texts = [id, to, since, ...(Array.isArray(from) ? from : [null])]
  return texts.every((text) => typeof text === 'string')
}
