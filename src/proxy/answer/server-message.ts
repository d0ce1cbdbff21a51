/**
 * A server's own request or notification, read strictly enough to be judged: no member doubled at
 * any depth, no lone surrogate. Numbers keep their own text, since the bytes themselves go on.
 */
import type { Json, JsonObject, Message } from '../../domain.js'
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

/**
 * The requests inside a result that asks for input (2026-07-28: `inputRequests`, one method each by
 * a key of the server's choice). Null when they cannot be read.
 */
export function readInputRequests(bytes: Uint8Array): Message[] | null {
  const parsed = parseStrict(bytes, limits, { exactNumbers: false })
  const result = parsed.ok ? memberOf(parsed.value, 'result') : undefined
  const requests = memberOf(result, 'inputRequests')
  if (!isObject(requests)) return null
  const messages: Message[] = []
  for (const [id, request] of Object.entries(requests)) {
    const read = readMessage({ ...(isObject(request) ? request : {}), jsonrpc: '2.0', id })
    if (!read.ok || read.message.kind !== 'request') return null
    messages.push(read.message)
  }
  return messages
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
