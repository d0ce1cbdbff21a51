/**
 * Compiled policies on disk, by the digest of everything that went into them. A cache entry is never
 * trusted: it must be a plain file of ours that nobody else can write, and carry its own digest over
 * key and content. Whatever is wrong with it, the answer is a miss; whatever is wrong with the
 * folder, there is no cache. Nothing here throws: the policy is then compiled.
 */
import { createHash, webcrypto } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { makeOwnFolder, readOwnFile, sweepOwnFolder, writeOwnFile } from '../lib/own-files.js'

const maxEntries = 32
const maxEntryBytes = 256 * 1024 * 1024
const ending = '.policy'

/** `$XDG_CACHE_HOME/mcp-guard`, or `~/.cache/mcp-guard`; the variable is the caller's to read. */
export function defaultCacheDir(xdgCacheHome: string | undefined): string {
  const set = xdgCacheHome !== undefined && isAbsolute(xdgCacheHome)
  return join(set ? xdgCacheHome : join(homedir(), '.cache'), 'mcp-guard')
}

/** The bytes stored under `key` (hex), or null. */
export async function readCache(dir: string, key: string): Promise<Uint8Array | null> {
  const file = join(dir, key + ending)
  const bytes = await readOwnFile(file, maxEntryBytes)
  if (bytes === null) return null
  const split = bytes.indexOf('\n')
  const content = bytes.subarray(split + 1)
  if (bytes.toString('latin1', 0, Math.max(0, split)) !== (await seal(key, content))) return null
  const now = new Date()
  await utimes(file, now, now).catch(() => {})
  return content
}

/** Stores the bytes; whether that worked is nobody's concern. */
export async function writeCache(dir: string, key: string, content: Uint8Array): Promise<void> {
  try {
    await makeOwnFolder(dir)
    await writeOwnFile(join(dir, key + ending), [`${await seal(key, content)}\n`, content])
    await prune(dir)
  } catch {
    // The policy is then compiled again.
  }
}

/** The digest of the content is worked out beside the event loop: the content may be large. */
async function seal(key: string, content: Uint8Array): Promise<string> {
  const digest = await webcrypto.subtle.digest('SHA-256', content)
  return createHash('sha256').update(`${key}\n`).update(Buffer.from(digest)).digest('hex')
}

/** Keeps the entries used last, and sweeps up what a killed process left half-written. */
async function prune(dir: string): Promise<void> {
  const entries: { file: string; usedMs: number }[] = []
  for (const name of await readdir(dir)) {
    if (!name.endsWith(ending)) continue
    const file = join(dir, name)
    entries.push({ file, usedMs: (await stat(file)).mtimeMs })
  }
  entries.sort((a, b) => b.usedMs - a.usedMs)
  for (const { file } of entries.slice(maxEntries)) await rm(file, { force: true })
  await sweepOwnFolder(dir)
}
