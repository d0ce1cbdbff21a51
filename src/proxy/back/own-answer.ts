/** Answers that a back gives in the place of a server that does not speak HTTP, or of its client. */
import type { Message } from '../../domain.js'
import { ownMessage, withId } from '../../mcp/json-rpc.js'
import type { Incoming } from '../exchange/incoming.js'
import type { Delivery } from './delivery.js'

/** JSON-RPC's code for a message that is not valid here. */
const invalidRequest = -32600
/** JSON-RPC's code for a method that nobody carries out. */
const methodNotFound = -32601
const noHeaders: ReadonlyMap<string, string> = new Map()

/** 400 with an error that says why; the id is null where the message has none. */
export function refuseMessage(delivery: Delivery, message: Message | null, text: string): void {
  const id = message?.kind === 'request' ? message.id : null
  const answer = { jsonrpc: '2.0', id, error: { code: invalidRequest, message: text } }
  delivery.head({ status: 400, framing: 'json', headers: noHeaders })
  delivery.message(Buffer.from(JSON.stringify(answer)))
  delivery.end()
}

/** To a server's request that reaches no client; null: its id cannot be read. */
export function declined({ id }: Incoming): Message | null {
  const [, type, text] = /^(string|number):(.*)$/s.exec(id ?? '') ?? []
  if (text === undefined || (type !== 'string' && type !== 'number')) return null
  const error = { code: methodNotFound, message: 'no client takes this request' }
  return withId(ownMessage({ jsonrpc: '2.0', id: 0, error }), { type, text })
}

/**
 * The status that a Streamable HTTP server gives an error of 2026-07-28 that was found before
 * anything was carried out; in the older era every answer is a 200.
 */
export function modernStatus(errorCode: number | null): number {
  if (errorCode === null) return 200
  if (errorCode === methodNotFound) return 404
  const isRefusal = errorCode === -32700 || errorCode === invalidRequest
  return isRefusal || (errorCode <= -32020 && errorCode >= -32022) ? 400 : 200
}
