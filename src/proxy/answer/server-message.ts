/**
 * A server's own request or notification, read strictly enough to be judged: no member doubled at
 * any depth, no lone surrogate. Numbers keep their own text, since the bytes themselves go on.
 */
import type { Message } from '../../domain.js'
import { parseStrict } from '../../mcp/json.js'
import { readMessage } from '../../mcp/json-rpc.js'
import { maxAnswerDepth } from '../../mcp/scan.js'

const limits = { maxDepth: maxAnswerDepth, maxMembers: 1_000_000 }

export function readServerMessage(bytes: Uint8Array): Message | null {
  const parsed = parseStrict(bytes, limits, { exactNumbers: false })
  if (!parsed.ok) return null
  const read = readMessage(parsed.value)
  return read.ok && read.message.kind !== 'response' ? read.message : null
}
