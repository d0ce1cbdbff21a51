/** From the bytes of a body to one classified message, or the refusal that says what is wrong. */
import type { Message } from '../domain.js'
import { type Classified, classifyBatch, classifyInbound } from '../mcp/classify.js'
import { type JsonLimits, parseStrict } from '../mcp/json.js'
import { parseErrorCodes, readMessage } from '../mcp/json-rpc.js'
import type { BodyResult } from './inbound.js'
import { type Asked, type Rejected, rejected } from './outcome.js'

export type ReadResult =
  | { readonly ok: true; readonly message: Message; readonly classified: Classified }
  | { readonly ok: false; readonly refusal: Rejected }

/** Fills in `asked` as far as the body allows, so that a refusal can be addressed. */
export function readBody(
  body: BodyResult,
  rawHeaders: readonly string[],
  limits: JsonLimits,
  asked: Asked,
): ReadResult {
  if (!body.ok) return { ok: false, refusal: bodyRefusals[body.problem] }
  const parsed = parseStrict(body.bytes, limits)
  if (!parsed.ok) {
    const code = parseErrorCodes[parsed.problem]
    return refuse(rejected(400, code, `json-${parsed.problem}`, parsed.text))
  }
  if (Array.isArray(parsed.value)) {
    const { status, code, auditCode, text } = classifyBatch(null)
    return refuse(rejected(status, code, auditCode, text))
  }
  const read = readMessage(parsed.value)
  if (!read.ok) {
    asked.id = read.id
    return refuse(rejected(400, read.code, 'message-invalid', read.text))
  }
  const { message } = read
  asked.kind = message.kind
  asked.id = message.kind === 'request' ? message.id : null
  asked.method = message.method
  asked.task = message.params?.['task'] !== undefined
  const classified = classifyInbound({ message, headers: rawHeaders })
  if (!classified.ok) {
    const { status, code, auditCode, text, data } = classified
    return refuse(rejected(status, code, auditCode, text, data === null ? {} : { data }))
  }
  asked.era = classified.era
  return { ok: true, message, classified }
}

const bodyRefusals = {
  'too-large': rejected(413, -32600, 'body-too-large', 'the body is too large', { close: true }),
  'too-slow': rejected(408, -32600, 'body-too-slow', 'the body took too long', { close: true }),
  aborted: rejected(400, -32600, 'body-aborted', 'the body ended early', { close: true }),
} as const

function refuse(refusal: Rejected): ReadResult {
  return { ok: false, refusal }
}
