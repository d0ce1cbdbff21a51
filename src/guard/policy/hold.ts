/**
 * The operator's word that an earlier revision is to be active: one small file that the command
 * writes and the gateways look at. It holds until the source offers something that was not rolled
 * back from, or the file is gone.
 */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
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

const name = 'hold.json'
const maxBytes = 65_536

export async function readHold(folder: string): Promise<Hold | null> {
  const bytes = await readOwnFile(join(folder, name), maxBytes)
  if (bytes === null) return null
  try {
    const hold: unknown = JSON.parse(bytes.toString())
    return isHold(hold) ? hold : null
  } catch {
    return null
  }
}

/** Throws where the folder cannot be written. */
export async function writeHold(folder: string, hold: Hold): Promise<void> {
  await makeOwnFolder(folder)
  await writeOwnFile(join(folder, name), [`${JSON.stringify(hold, null, 2)}\n`])
}

/** Only the very one: another that was written meanwhile stays. Throws. */
export async function removeHold(folder: string, id: string): Promise<void> {
  if ((await readHold(folder))?.id === id) await rm(join(folder, name), { force: true })
}

/** Changes whenever the file does; cheap enough to be asked for several times a second. */
export async function holdState(folder: string): Promise<string> {
  const found = await stat(join(folder, name)).catch(() => null)
  return found === null ? '' : `${found.ino}:${found.mtimeMs}:${found.size}`
}

function isHold(value: unknown): value is Hold {
  if (typeof value !== 'object' || value === null) return false
  const { id, to, from, since } = value as Record<string, unknown>
  const texts = [id, to, since, ...(Array.isArray(from) ? from : [null])]
  return texts.every((text) => typeof text === 'string')
}
