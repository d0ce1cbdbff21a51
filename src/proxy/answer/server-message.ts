/**
 * A server's own request or notification, read strictly enough to be judged: no member doubled at
 * any depth, no lone surrogate. Numbers keep their own text, since the bytes themselves go on; so
 * does an id that is a number no double holds, because the answer has to carry it.
 */
import type { Json, JsonObject, Message } from '../../domain.js'
import type { WrittenId } from '../../mcp/id-places.js'
import { parseStrict } from '../../mcp/json.js'
import { readMessage, withId } from '../../mcp/json-rpc.js'
import { maxAnswerDepth } from '../../mcp/scan.js'

const limits = { maxDepth: maxAnswerDepth, maxMembers: 1_000_000 }

/** `id`: as the envelope's reader found it. */
export function readServerMessage(bytes: Uint8Array, id: WrittenId | null): Message | null {
  const parsed = parseStrict(bytes, limits, { exactNumbers: false })
  if (!parsed.ok) return null
  const odd = id?.type === 'number' && id.text !== String(Number(id.text)) ? id : null
  if (odd !== null && !Number.isInteger(Number(odd.text))) return null
  const { value } = parsed
  const read = readMessage(odd !== null && isObject(value) ? { ...value, id: 0 } : value)
  if (!read.ok || read.message.kind === 'response') return null
  return odd === null ? read.message : withId(read.message, odd)
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
