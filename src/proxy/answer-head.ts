/** The head of a server's answer as the client gets it: sealed session id, no caching, CORS. */
import type { RawHeaders } from '../domain.js'
import { corsHeaders } from './cors.js'
import type { AnswerHead } from './frames.js'

/**
 * `seal`: for the answer that may begin a session, null for any other. Null: the id that the server
 * gave its session cannot be used.
 */
export function answerHead(
  head: AnswerHead,
  rawHeaders: RawHeaders,
  seal: ((upstreamId: string) => string | null) | null,
): AnswerHead | null {
  const headers = new Map(head.headers)
  const sessionId = headers.get('mcp-session-id')
  headers.delete('mcp-session-id')
  if (sessionId !== undefined && seal !== null) {
    const sealed = seal(sessionId)
    if (sealed === null) return null
    headers.set('mcp-session-id', sealed)
  }
  // What passes was cut to this caller, or might have been. No proxy may transform a stream.
  headers.set('cache-control', head.framing === 'sse' ? 'no-store, no-transform' : 'no-store')
  const cors = corsHeaders(rawHeaders)
  for (let index = 0; index + 1 < cors.length; index += 2) {
    headers.set(cors[index] ?? '', cors[index + 1] ?? '')
  }
  return { ...head, headers }
}
