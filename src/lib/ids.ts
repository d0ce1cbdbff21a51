/**
 * Ids of requests and decisions: a random prefix per source and a counter. Unique over replicas and
 * restarts, cheap, in order within a process. They name records; they are never a capability.
 */
import { randomBytes } from 'node:crypto'

/** A source of ids: 96 random bits as base64url, `-`, a counter in base 36. */
export function createIdSource(): () => string {
  const prefix = randomBytes(12).toString('base64url')
  let count = 0
  return function nextId(): string {
    count += 1
    return `${prefix}-${count.toString(36)}`
  }
}
