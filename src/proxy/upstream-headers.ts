/**
 * Which of a client's headers an upstream sees: those of MCP and of trace context, nothing else.
 * Credentials, cookies, addresses and hop-by-hop fields cannot pass because they are not listed.
 */
import type { Era, RawHeaders } from '../domain.js'
import { headerValues } from '../lib/headers.js'
import type { Session } from './session.js'

const always = ['mcp-protocol-version', 'traceparent', 'tracestate', 'baggage'] as const
const modern = ['mcp-method', 'mcp-name'] as const
const anyAnswer = 'application/json, text/event-stream'

/** Name and value alternate. A modern request has no session and resumes nothing. */
export function upstreamHeaders(
  verb: 'POST' | 'GET' | 'DELETE',
  rawHeaders: RawHeaders,
  era: Era,
  session: Session | null,
): string[] {
  const accept = headerValues(rawHeaders, 'accept').join(', ')
  const headers = ['accept', accept || (verb === 'GET' ? 'text/event-stream' : anyAnswer)]
  if (verb === 'POST') headers.push('content-type', 'application/json')
  pass(rawHeaders, headers, always)
  if (era === 'modern') {
    pass(rawHeaders, headers, modern)
    passParameters(rawHeaders, headers)
    return headers
  }
  if (session !== null) headers.push('mcp-session-id', session.upstreamId)
  if (verb === 'GET') pass(rawHeaders, headers, ['last-event-id'])
  return headers
}

/**
 * For the gateway's own answer to a server's request. What the client accepts says nothing about it:
 * the request may have come on a GET, which accepts a stream alone and would be refused with 406.
 */
export function replyHeaders(rawHeaders: RawHeaders, session: Session | null): string[] {
  const headers = ['accept', anyAnswer, 'content-type', 'application/json']
  pass(rawHeaders, headers, always)
  if (session !== null) headers.push('mcp-session-id', session.upstreamId)
  return headers
}

function pass(rawHeaders: RawHeaders, headers: string[], names: readonly string[]): void {
  for (const name of names) {
    const values = headerValues(rawHeaders, name)
    if (values.length > 0) headers.push(name, values.join(', '))
  }
}

function passParameters(rawHeaders: RawHeaders, headers: string[]): void {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (name.startsWith('mcp-param-')) headers.push(name, rawHeaders[index + 1] ?? '')
  }
}
