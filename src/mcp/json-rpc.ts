/**
 * JSON value → Message, and Message → bytes. Strict where JSON-RPC 2.0 and MCP are: exact version,
 * no unknown envelope member, ids that are strings or safe integers, parameters by name, and exactly
 * one of request, notification and response. Whether the method exists, and what the message may
 * do, is not asked here. Texts are constant: nothing of the message goes into them.
 */
import type { Json, JsonObject, Message, MessageId, Spelling } from '../domain.js'
import { GuardError } from '../errors.js'
import {
  envelopeNames,
  filterNames,
  foldedCollision,
  metaNames,
  paramsNames,
  referenceNames,
} from './fold.js'
import type { WrittenId } from './id-places.js'
import type { JsonProblem } from './json.js'
import { hostMethods, isHostMethod } from './methods.js'

export interface MessageRefusal {
  readonly ok: false
  readonly code: -32600
  readonly text: string
  /** The id the refusal can be addressed to; null when there is no valid one. */
  readonly id: MessageId | null
}

export type MessageResult = { readonly ok: true; readonly message: Message } | MessageRefusal

export const maxIdLength = 1024
/** What a response answers may be an id that a gateway has sealed. */
const maxAnsweredIdLength = 4096
export const maxMethodLength = 256

/** What the strict parse refuses, as JSON-RPC tells "not JSON" from "JSON that is no message". */
export const parseErrorCodes: Readonly<Record<JsonProblem, -32700 | -32600>> = {
  encoding: -32700,
  syntax: -32700,
  depth: -32600,
  members: -32600,
  duplicate: -32600,
  number: -32600,
  surrogate: -32600,
}

/**
 * `argumentsText`: what the strict parse kept of the member `arguments`. In a request only `params`
 * can have such a member at its depth, because every other member of the envelope is a scalar.
 */
export function readMessage(value: Json, argumentsText: string | null = null): MessageResult {
  if (!isObject(value)) return refuse('the message is not an object', null)
  const id = idOf(value)
  const problem = envelopeProblem(value) ?? paramsProblem(value['params'])
  if (problem !== null) return refuse(problem, id)

  const method = value['method']
  if (typeof method !== 'string') {
    return { ok: true, message: message('response', id, hostMethods.response, value, null) }
  }
  const kind = value['id'] === undefined ? 'notification' : 'request'
  return { ok: true, message: message(kind, id, method, value, argumentsText) }
}

/** A message of the gateway's own making. Throws when `raw` is none, which is a bug of its maker. */
export function ownMessage(raw: JsonObject): Message {
  const read = readMessage(raw)
  if (!read.ok) throw new GuardError('GUARD_INTERNAL', `not a message: ${read.text}`)
  return read.message
}

/** The same message under another id, which is sent as its owner wrote it. */
export function withId(message: Message, { type, text }: WrittenId): Message {
  const { idText: _, ...rest } = message
  const id = type === 'string' ? text : Number(text)
  const renamed = { ...rest, id, raw: { ...message.raw, id } }
  return type === 'string' || String(id) === text ? renamed : { ...renamed, idText: text }
}

/** The only way out: what is sent is made of the very object that was judged. */
export function serialise({ raw, idText }: Message): Uint8Array {
  if (idText === undefined) return Buffer.from(JSON.stringify(raw))
  const { id: _, ...rest } = raw
  return Buffer.from(`{"id":${idText},${JSON.stringify(rest).slice(1)}`)
}

function envelopeProblem(envelope: JsonObject): string | null {
  for (const name of Object.keys(envelope)) {
    if (!envelopeNames.exact.has(name)) return 'the message has an unknown member'
  }
  if (envelope['jsonrpc'] !== '2.0') return 'jsonrpc is not "2.0"'
  const { id, method } = envelope
  if (id !== undefined && idOf(envelope) === null) {
    return `id is not a string of up to ${maxIdLength} characters or an integer`
  }
  if (method === undefined) return responseProblem(envelope)
  if (envelope['result'] !== undefined || envelope['error'] !== undefined) {
    return 'the message is both a request and a response'
  }
  if (typeof method !== 'string' || method === '' || method.length > maxMethodLength) {
    return `method is not a string of 1 to ${maxMethodLength} characters`
  }
  return isHostMethod(method) ? 'the method is reserved' : null
}

function responseProblem(envelope: JsonObject): string | null {
  const { id, params, result, error } = envelope
  if (result === undefined && error === undefined) return 'method is missing'
  if (id === undefined) return 'the response has no id'
  if (params !== undefined) return 'the response has params'
  if (result !== undefined && error !== undefined) return 'the response has both result and error'
  if (result !== undefined) return isObject(result) ? null : 'result is not an object'
  return isErrorObject(error) ? null : 'error is not an object with an integer code and a message'
}

/** A member that lax parsers take for a known one, in the objects whose names decide something. */
function paramsProblem(params: Json | undefined): string | null {
  if (params === undefined) return null
  if (!isObject(params)) return 'params is not an object'
  if (foldedCollision(params, paramsNames) !== null) return folded('params')
  const { _meta: meta, ref, notifications } = params
  if (meta !== undefined && !isObject(meta)) return '_meta is not an object'
  if (isObject(meta) && foldedCollision(meta, metaNames) !== null) return folded('_meta')
  if (isObject(ref) && foldedCollision(ref, referenceNames) !== null) return folded('ref')
  return isObject(notifications) && foldedCollision(notifications, filterNames) !== null
    ? folded('notifications')
    : null
}

function folded(where: string): string {
  return `a member of ${where} differs from a known one only in its spelling`
}

function message(
  kind: Message['kind'],
  id: MessageId | null,
  method: string,
  raw: JsonObject,
  argumentsText: string | null,
): Message {
  const given = raw['params']
  const params = isObject(given) ? given : undefined
  const spelling = spellingOf(params?.['arguments'], argumentsText)
  return { kind, id, method, params, raw, spelling }
}

function spellingOf(value: Json | undefined, text: string | null): Spelling | null {
  return text !== null && isObject(value) ? { of: value, text } : null
}

function idOf({ id, method }: JsonObject): MessageId | null {
  const maxLength = method === undefined ? maxAnsweredIdLength : maxIdLength
  if (typeof id === 'string') return id.length <= maxLength ? id : null
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null
}

function isErrorObject(value: Json | undefined): boolean {
  return (
    isObject(value) &&
    Number.isSafeInteger(value['code']) &&
    typeof value['message'] === 'string' &&
    Object.keys(value).every((name) => name === 'code' || name === 'message' || name === 'data')
  )
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(text: string, id: MessageId | null): MessageRefusal {
  return { ok: false, code: -32600, text, id }
}
