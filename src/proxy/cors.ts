/**
 * Browsers (Fetch standard, CORS protocol). Only an Origin that `admit` accepted gets this far, so
 * it is echoed; without an Origin nothing is said. Credentials are headers here, never cookies.
 */
import { singleHeader } from '../lib/headers.js'
import type { HttpAnswer } from './outcome.js'

const exposed = 'Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After'
const allowed =
  'Authorization, X-API-Key, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, ' +
  'Mcp-Method, Mcp-Name, Last-Event-ID'

export function corsHeaders(rawHeaders: readonly string[]): string[] {
  const origin = singleHeader(rawHeaders, 'origin')
  if (!origin.ok || origin.value === null) return []
  return [
    'access-control-allow-origin',
    origin.value,
    'access-control-expose-headers',
    exposed,
    'vary',
    'Origin',
  ]
}

/** Answer to a preflight; asks for no credential, since a browser sends none with it. */
export function preflight(rawHeaders: readonly string[]): HttpAnswer {
  const headers = [
    ...corsHeaders(rawHeaders),
    'access-control-allow-methods',
    'POST, GET, DELETE',
    'access-control-allow-headers',
    allowed,
    'access-control-max-age',
    '3600',
  ]
  return { status: 204, headers, body: null }
}
