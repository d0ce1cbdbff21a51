/** From the bytes of a body to one classified message, or the refusal that says what is wrong. */
import type { Json, Message } from '../domain.js'
import { singleHeader } from '../lib/headers.js'
import { readBatch } from '../mcp/batch.js'
import { classifyInbound, eraOf } from '../mcp/classify.js'
import { type JsonLimits, parseStrict } from '../mcp/json.js'
import { parseErrorCodes, readMessage } from '../mcp/json-rpc.js'
import { hostMethods } from '../mcp/methods.js'
import type { Rejection } from '../mcp/mirror.js'
import type { Inbound } from './inbound.js'
import { type Rejected, rejected } from './outcome.js'
import type { Trail } from './trail.js'

/**
 * Reads and checks a posted message; fills in the trail as far as the body allows, so that a refusal
 * can be addressed. Null: the message is in order and in the trail.
 */
export async function readPosted(
  inbound: Inbound,
  trail: Trail,
  limits: JsonLimits,
): Promise<Rejected | null> {
  const body = await inbound.readBody()
  if (!body.ok) return bodyRefusals[body.problem]
  const parsed = parseStrict(body.bytes, limits, { textOf: 'arguments' })
  if (!parsed.ok) {
    return rejected(400, parseErrorCodes[parsed.problem], `json-${parsed.problem}`, parsed.text)
  }
  if (Array.isArray(parsed.value)) {
    trail.batch = parsed.value
    trail.asked.era = 'legacy'
    return null
  }
  const read = readMessage(parsed.value, parsed.memberText)
  const { asked } = trail
  if (!read.ok) {
    asked.id = read.id
    return rejected(400, read.code, 'message-invalid', read.text)
  }
  const { message } = read
  asked.kind = message.kind
  asked.id = message.kind === 'request' ? message.id : null
  asked.method = message.method
  asked.task = message.params?.['task'] !== undefined
  const classified = classifyInbound({ message, headers: inbound.rawHeaders })
  if (!classified.ok) return fromWire(classified)
  asked.era = classified.era
  if (classified.era === 'modern' && removedInModern.has(message.method)) {
    return rejected(404, -32601, 'method-removed', 'method not found')
  }
  if (classified.era === 'modern' && isPostedCancel(message, inbound)) {
    return rejected(202, -32600, 'cancel-ignored', 'a posted cancellation is ignored')
  }
  trail.message = message
  trail.classified = classified
  return null
}

/** Whether an array may be taken apart, once its session is known. */
export function checkBatch(
  elements: readonly Json[],
  inbound: Inbound,
  { session }: Trail,
): Rejected | null {
  const header = singleHeader(inbound.rawHeaders, 'mcp-protocol-version')
  const named = header.ok ? header.value : null
  const batch = readBatch(elements, named ?? session?.protocolVersion ?? null)
  return batch.ok ? null : fromWire(batch)
}

/**
 * Methods about items that 2026-07-28 has removed. What such a message names is not settled any
 * more, so it is answered here as a server of that revision has to answer it.
 */
const removedInModern: ReadonlySet<string> = new Set([
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/list',
  'tasks/result',
])

/**
 * 2026-07-28 over HTTP cancels a request by closing its answer. A posted cancellation has neither
 * session nor connection, so that the id in it could be taken for any caller's request; clients post
 * one nevertheless, and nothing is due to them.
 */
function isPostedCancel({ method }: Message, { transport }: Inbound): boolean {
  return transport === 'http' && method === 'notifications/cancelled'
}

/** A GET opens a stream, a DELETE closes a session: the legacy era's, both without a message. */
export function describeVerb(inbound: Inbound, { asked }: Trail): Rejected | null {
  const version = singleHeader(inbound.rawHeaders, 'mcp-protocol-version')
  const era = version.ok && version.value !== null ? eraOf(version.value) : 'legacy'
  if (era === null) {
    const text = 'MCP-Protocol-Version names an unknown version'
    return rejected(400, -32600, 'version-unknown', text)
  }
  if (era === 'modern') {
    const text = 'this protocol version has only POST'
    return rejected(405, -32600, 'verb-refused', text, { headers: ['allow', 'POST'] })
  }
  asked.method = inbound.verb === 'GET' ? hostMethods.streamOpen : hostMethods.sessionClose
  asked.era = era
  return null
}

const bodyRefusals = {
  'too-large': rejected(413, -32600, 'body-too-large', 'the body is too large'),
  'too-slow': rejected(408, -32600, 'body-too-slow', 'the body took too long'),
  aborted: rejected(400, -32600, 'body-aborted', 'the body ended early'),
} as const

function fromWire({ status, code, auditCode, text, data }: Rejection): Rejected {
  return rejected(status, code, auditCode, text, data === null ? {} : { data })
}
