/** Answers that a back gives in the place of a server that does not speak HTTP. */
import type { Message } from '../../domain.js'
import type { Delivery } from './delivery.js'

/** JSON-RPC's code for a message that is not valid here. */
const invalidRequest = -32600
const noHeaders: ReadonlyMap<string, string> = new Map()

/** 400 with an error that says why; the id is null where the message has none. */
export function refuseMessage(delivery: Delivery, message: Message | null, text: string): void {
  const id = message?.kind === 'request' ? message.id : null
  const answer = { jsonrpc: '2.0', id, error: { code: invalidRequest, message: text } }
  delivery.head({ status: 400, framing: 'json', headers: noHeaders })
  delivery.message(Buffer.from(JSON.stringify(answer)))
  delivery.end()
}

/**
 * The status that a Streamable HTTP server gives an error of 2026-07-28 that was found before
 * anything was carried out; in the older era every answer is a 200.
 */
export function modernStatus(errorCode: number | null): number {
  if (errorCode === null) return 200
  if (errorCode === -32601) return 404
  const isRefusal = errorCode === -32700 || errorCode === invalidRequest
  return isRefusal || (errorCode <= -32020 && errorCode >= -32022) ? 400 : 200
}
