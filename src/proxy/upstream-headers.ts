/**
 * Which of a client's headers an upstream sees: those of MCP and of trace context, nothing else.
 * Credentials, cookies, addresses and hop-by-hop fields cannot pass because they are not listed.
 */
import type { Era, RawHeaders } from '../domain.js'
import { headerPicker } from '../lib/headers.js'
import type { Session } from './session.js'

const always = ['mcp-protocol-version', 'traceparent', 'tracestate', 'baggage']
const pickAccept = headerPicker(['accept'])
const passAlways = passing(always)
const passModern = passing([...always, 'mcp-method', 'mcp-name'])
const passStream = passing([...always, 'last-event-id'])
const anyAnswer = 'application/json, text/event-stream'

/** Name and value alternate. A modern request has no session and resumes nothing. */
export function upstreamHeaders(
  verb: 'POST' | 'GET' | 'DELETE',
  rawHeaders: RawHeaders,
  era: Era,
  session: Session | null,
): string[] {
  const [accept] = pickAccept(rawHeaders).values
  const headers = ['accept', accept || (verb === 'GET' ? 'text/event-stream' : anyAnswer)]
  if (verb === 'POST') headers.push('content-type', 'application/json')
  if (era === 'modern') {
    passModern(rawHeaders, headers)
    passParameters(rawHeaders, headers)
    return headers
  }
  const pass = verb === 'GET' ? passStream : passAlways
  pass(rawHeaders, headers)
  if (session !== null) headers.push('mcp-session-id', session.upstreamId)
  return headers
}

/**
 * For the gateway's own answer to a server's request. What the client accepts says nothing about it:
 * the request may have come on a GET, which accepts a stream alone and would be refused with 406.
 */
export function replyHeaders(
  rawHeaders: RawHeaders,
  session: Pick<Session, 'upstreamId'> | null,
): string[] {
  const headers = ['accept', anyAnswer, 'content-type', 'application/json']
  passAlways(rawHeaders, headers)
  if (session !== null) headers.push('mcp-session-id', session.upstreamId)
  return headers
}

/** Puts what is there of the named headers behind others. */
function passing(names: readonly string[]): (raw: RawHeaders, headers: string[]) => void {
  const pick = headerPicker(names)
  return function pass(raw, headers) {
    const { values } = pick(raw)
    for (let place = 0; place < names.length; place += 1) {
      const value = values[place] ?? null
      if (value !== null) headers.push(names[place] ?? '', value)
    }
  }
}

function passParameters(rawHeaders: RawHeaders, headers: string[]): void {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (name.startsWith('mcp-param-')) headers.push(name, rawHeaders[index + 1] ?? '')
  }
}
