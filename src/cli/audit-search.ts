/**
 * The audit line of one decision, searched from the end of an NDJSON file: what was decided a moment
 * ago stands in its last lines. Looks at the end of the file only and never at rotated files.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const maxTailBytes = 8 * 1024 * 1024

/** A request has several lines where its server sent messages of its own. */
export type AuditId = 'decision_id' | 'request_id'

/** The line as it was written; null when it is not among the last ones. Throws when unreadable. */
export function findAuditLine(
  path: string,
  id: string,
  member: AuditId = 'decision_id',
): string | null {
  const lines = readTail(path).split('\n').reverse()
  return lines.find((line) => line.includes(id) && isOf(line, id, member)) ?? null
}

function isOf(line: string, id: string, member: AuditId): boolean {
  try {
    return (JSON.parse(line) as { [name in AuditId]?: unknown } | null)?.[member] === id
  } catch {
    return false
  }
}

function readTail(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.alloc(Math.min(size, maxTailBytes))
    const length = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)
    return bytes.subarray(0, length).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
