/**
 * What a client of Streamable HTTP takes from messages beside passing them on: the version that a
 * request names or an answer has negotiated, and that its session is no more where a server does not
 * say so by 404.
 */
import type { Json } from '../../domain.js'
import { parseStrict } from '../../mcp/json.js'

const versionKey = 'io.modelcontextprotocol/protocolVersion'

/** The version in `_meta` of a modern request; null: it is none. */
export function versionOf(meta: Json | undefined): string | null {
  const version = memberOf(meta, versionKey)
  return typeof version === 'string' ? version : null
}

/** The version in the answer to `initialize`; null: it was refused, or names none. */
export function negotiatedVersion(response: Uint8Array): string | null {
  const version = memberOf(memberOf(parsed(response), 'result'), 'protocolVersion')
  return typeof version === 'string' ? version : null
}

/**
 * Servers with a transport for each session answer an id that they do not know with 400, in words of
 * the TypeScript SDK's examples, and one that was started anew in those of the SDK. Their code says
 * the same of a version that is not supported.
 */
export function isAboutSession(response: Uint8Array): boolean {
  const error = memberOf(parsed(response), 'error')
  const message = memberOf(error, 'message')
  if (memberOf(error, 'code') !== -32000 || typeof message !== 'string') return false
  return /session id|session not found|server not initialized/i.test(message)
}

function parsed(response: Uint8Array): Json {
  const read = parseStrict(
    response,
    { maxDepth: 200, maxMembers: 100_000 },
    { exactNumbers: false },
  )
  return read.ok ? read.value : null
}

function memberOf(holder: Json | undefined, name: string): Json | undefined {
  const isObject = typeof holder === 'object' && holder !== null && !Array.isArray(holder)
  return isObject ? holder[name] : undefined
}
