/**
 * Compiled policies on disk, by the digest of everything that went into them. A cache entry is never
 * trusted: it must be a plain file of ours that nobody else can write, and carry its own digest over
 * key and content. Whatever is wrong with it, the answer is a miss; whatever is wrong with the
 * folder, there is no cache. Nothing here throws: the policy is then compiled.
 */
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const maxEntries = 32
const maxEntryBytes = 256 * 1024 * 1024
const ending = '.policy'
const staleTempMs = 3_600_000

/** `$XDG_CACHE_HOME/mcp-guard`, or `~/.cache/mcp-guard`; the variable is the caller's to read. */
export function defaultCacheDir(xdgCacheHome: string | undefined): string {
  const set = xdgCacheHome !== undefined && isAbsolute(xdgCacheHome)
  return join(set ? xdgCacheHome : join(homedir(), '.cache'), 'mcp-guard')
}

/** The bytes stored under `key` (hex), or null. */
export async function readCache(dir: string, key: string): Promise<Uint8Array | null> {
  const file = join(dir, key + ending)
  try {
    if (!(await isOurFolder(dir))) return null
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const found = await handle.stat()
      if (!found.isFile() || !isOurs(found) || found.size > maxEntryBytes) return null
      const bytes = await handle.readFile()
      const split = bytes.indexOf('\n')
      const content = bytes.subarray(split + 1)
      if (bytes.toString('latin1', 0, Math.max(0, split)) !== (await seal(key, content)))
        return null
      const now = new Date()
      await utimes(file, now, now).catch(() => {})
      return content
    } finally {
      await handle.close()
    }
  } catch {
    return null
  }
}

/** Stores the bytes; whether that worked is nobody's concern. */
export async function writeCache(dir: string, key: string, content: Uint8Array): Promise<void> {
  const temp = join(dir, `.${key}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    if (!(await isOurFolder(dir))) return
    const handle = await open(temp, 'wx', 0o600)
    try {
      await handle.writeFile(`${await seal(key, content)}\n`)
      await handle.writeFile(content)
    } finally {
      await handle.close()
    }
    await rename(temp, join(dir, key + ending))
    await prune(dir)
  } catch {
    await rm(temp, { force: true }).catch(() => {})
  }
}

/** The digest of the content is worked out beside the event loop: the content may be large. */
async function seal(key: string, content: Uint8Array): Promise<string> {
  const digest = await webcrypto.subtle.digest('SHA-256', content)
  return createHash('sha256').update(`${key}\n`).update(Buffer.from(digest)).digest('hex')
}

/** A folder of ours that others can read or write is closed first; another's is not used. */
async function isOurFolder(dir: string): Promise<boolean> {
  const found = await lstat(dir)
  if (!found.isDirectory() || !isOwner(found.uid)) return false
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) await chmod(dir, 0o700)
  return true
}

function isOurs(found: { uid: number; mode: number }): boolean {
  return isOwner(found.uid) && (process.platform === 'win32' || (found.mode & 0o022) === 0)
}

function isOwner(uid: number): boolean {
  return process.getuid === undefined || process.getuid() === uid
}

/** Keeps the entries used last, and sweeps up what a killed process left half-written. */
async function prune(dir: string): Promise<void> {
  const entries: { file: string; usedMs: number }[] = []
  for (const name of await readdir(dir)) {
    const file = join(dir, name)
    if (name.endsWith(ending)) entries.push({ file, usedMs: (await stat(file)).mtimeMs })
    else if (name.endsWith('.tmp') && Date.now() - (await stat(file)).mtimeMs > staleTempMs) {
      await rm(file, { force: true })
    }
  }
  entries.sort((a, b) => b.usedMs - a.usedMs)
  for (const { file } of entries.slice(maxEntries)) await rm(file, { force: true })
}
