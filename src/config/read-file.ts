/**
 * The only file access of this room: bounded, regular files only, strict UTF-8, and the mode taken
 * from the descriptor that is read, so that it is the mode of the very bytes returned. Does not
 * look at owners, ACLs or the folders above.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

export type FileText =
  | { readonly ok: true; readonly text: string; readonly exposedMode: string | null }
  | { readonly ok: false; readonly problem: string }

/** `exposedMode`: the octal mode when group or others have any right to the file (POSIX only). */
export function readFileText(path: string, maxBytes: number): FileText {
  let descriptor: number
  try {
    // Without O_NONBLOCK (absent on Windows) a named pipe would hold the start up for ever.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (thrown) {
    return { ok: false, problem: openProblem(thrown) }
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return { ok: false, problem: 'is not a regular file' }
    const bytes = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    if (length > maxBytes) return { ok: false, problem: `is larger than ${maxBytes} bytes` }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
    const exposed = process.platform !== 'win32' && (stats.mode & 0o077) !== 0
    const exposedMode = exposed ? (stats.mode & 0o777).toString(8).padStart(4, '0') : null
    return { ok: true, text, exposedMode }
  } catch (thrown) {
    const encoding = thrown instanceof TypeError
    return { ok: false, problem: encoding ? 'is not valid UTF-8' : openProblem(thrown) }
  } finally {
    closeSync(descriptor)
  }
}

function openProblem(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  return `cannot be read (${typeof code === 'string' ? code : 'unknown error'})`
}
