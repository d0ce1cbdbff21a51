/**
 * Files that are this process's own business: in a folder of ours that nobody else can write or
 * read, regular, ours, and written as a whole or not at all. What is not like that is not read.
 * What stands in a file is still for the reader to check.
 */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const staleTempMs = 3_600_000

/** A folder of ours that others can read or write is closed first; another's is not ours. */
export async function isOwnFolder(folder: string): Promise<boolean> {
  const found = await lstat(folder)
  if (!found.isDirectory() || !isOwner(found.uid)) return false
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) await chmod(folder, 0o700)
  return true
}

/** Throws where it cannot be made or is somebody else's. */
export async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!(await isOwnFolder(folder))) throw new Error(`${folder} belongs to somebody else`)
}

/** null: there is no such file that may be read. */
export async function readOwnFile(file: string, maxBytes: number): Promise<Buffer | null> {
  return readOwn(file, async (handle) => {
    return (await handle.stat()).size > maxBytes ? null : handle.readFile()
  })
}

/** The first so many bytes, however large it is; null: as above. */
export async function readOwnStart(file: string, bytes: number): Promise<Buffer | null> {
  return readOwn(file, async (handle) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  })
}

async function readOwn(
  file: string,
  read: (handle: FileHandle) => Promise<Buffer | null>,
): Promise<Buffer | null> {
  try {
    if (!(await isOwnFolder(dirname(file)))) return null
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const found = await handle.stat()
      return found.isFile() && isOurs(found) ? await read(handle) : null
    } finally {
      await handle.close()
    }
  } catch {
    return null
  }
}

/**
 * Into a folder that there is. Other readers see the file before or the file after, and so does who
 * reads after a power cut. Throws.
 */
export async function writeOwnFile(
  file: string,
  pieces: readonly (string | Uint8Array)[],
): Promise<void> {
  const temp = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const handle = await open(temp, 'wx', 0o600)
    try {
      for (const piece of pieces) await handle.writeFile(piece)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temp, file)
    await syncFolder(dirname(file))
  } catch (thrown) {
    await rm(temp, { force: true }).catch(() => undefined)
    throw thrown
  }
}

/** So that the name lasts too, on file systems where a folder can be opened for it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/** Sweeps up what a killed process left half-written. Throws. */
export async function sweepOwnFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.tmp')) continue
    const file = join(folder, name)
    if (Date.now() - (await lstat(file)).mtimeMs > staleTempMs) await rm(file, { force: true })
  }
}

function isOurs(found: Stats): boolean {
  return isOwner(found.uid) && (process.platform === 'win32' || (found.mode & 0o022) === 0)
}

function isOwner(uid: number): boolean {
  return process.getuid === undefined || process.getuid() === uid
}
