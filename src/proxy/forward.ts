/**
 * Which of a client's headers an upstream sees: those of MCP and of trace context, nothing else.
 * Credentials, cookies, addresses and hop-by-hop fields cannot pass because they are not listed.
 */
import { headerValues } from '../lib/headers.js'
import type { Session } from './session.js'

const tracing = ['traceparent', 'tracestate', 'baggage'] as const
const modern = ['mcp-method', 'mcp-name'] as const
const anyAnswer = 'application/json, text/event-stream'

export interface Forwarded {
  readonly verb: 'POST' | 'GET' | 'DELETE'
  readonly rawHeaders: readonly string[]
  readonly era: 'legacy' | 'modern'
  readonly session: Session | null
}

export function upstreamHeaders(forwarded: Forwarded): string[] {
  const { rawHeaders, verb, session } = forwarded
  const headers: string[] = []
  const pass = (name: string, otherwise?: string) => {
    const value = headerValues(rawHeaders, name).join(', ') || otherwise
    if (value !== undefined) headers.push(name, value)
  }
  pass('accept', verb === 'GET' ? 'text/event-stream' : anyAnswer)
  if (verb === 'POST') headers.push('content-type', 'application/json')
  pass('mcp-protocol-version')
  for (const name of tracing) pass(name)
  if (forwarded.era === 'modern') {
    for (const name of modern) pass(name)
    passParameters(rawHeaders, headers)
    return headers
  }
  if (session !== null) headers.push('mcp-session-id', session.upstreamId)
  if (verb === 'GET') pass('last-event-id')
  return headers
}

function passParameters(rawHeaders: readonly string[], headers: string[]): void {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (name.startsWith('mcp-param-')) headers.push(name, rawHeaders[index + 1] ?? '')
  }
}
