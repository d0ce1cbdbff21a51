/**
 * As much of a server's message as it takes to know whom it is for: what it is, its id, and for
 * progress its token. Nothing is judged here; whoever it is passed to reads the bytes strictly. A
 * message that cannot be read without doubt is still told apart from noise, so that the request it
 * seems to answer fails at once instead of waiting for its time limit.
 */
import type { MessageId } from '../../domain.js'
import { EnvelopeReader } from '../../mcp/envelope.js'

export interface Incoming {
  readonly kind: 'request' | 'notification' | 'response'
  /** Of a request or a response: its id with its JSON type; null where it has none. */
  readonly id: string | null
  /** Of a notification: the token of the request that it tells the progress of. */
  readonly progressToken: string | null
  /** Of an error that can be read. */
  readonly errorCode: number | null
  readonly bytes: Uint8Array
}

/** Two ids are the same when type and text are: 1 and "1" are not. */
export function idKey(id: MessageId): string {
  return `${typeof id}:${id}`
}

/** null: not a JSON object, so no message at all. */
export function readIncoming(bytes: Uint8Array): Incoming | null {
  const reader = new EnvelopeReader()
  reader.push(bytes)
  if (!reader.finish()) return readDoubtful(bytes)
  const id = reader.id === null ? null : `${reader.id.type}:${reader.id.text}`
  if (reader.method === null) {
    const errorCode = reader.has('error') ? codeOf(parse(bytes)) : null
    return { kind: 'response', id, progressToken: null, errorCode, bytes }
  }
  if (reader.has('id')) return { kind: 'request', id, progressToken: null, errorCode: null, bytes }
  const progressToken = reader.method === 'notifications/progress' ? tokenOf(parse(bytes)) : null
  return { kind: 'notification', id: null, progressToken, errorCode: null, bytes }
}

function readDoubtful(bytes: Uint8Array): Incoming | null {
  const value = parse(bytes)
  if (value === null) return null
  const id = isId(value['id']) ? idKey(value['id']) : null
  const more = { id, progressToken: null, errorCode: null, bytes }
  if (value['method'] === undefined) return { kind: 'response', ...more }
  return { kind: value['id'] === undefined ? 'notification' : 'request', ...more }
}

type Members = Readonly<Record<string, unknown>>

function parse(bytes: Uint8Array): Members | null {
  try {
    return members(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    return null
  }
}

function members(value: unknown): Members | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Members) : null
}

function codeOf(message: Members | null): number | null {
  const code = members(message?.['error'])?.['code']
  return typeof code === 'number' ? code : null
}

function tokenOf(message: Members | null): string | null {
  const token = members(message?.['params'])?.['progressToken']
  return isId(token) ? idKey(token) : null
}

function isId(value: unknown): value is MessageId {
  return typeof value === 'string' || typeof value === 'number'
}
