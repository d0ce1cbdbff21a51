/**
 * Health by path, never by header. Strangers learn nothing but the status; why something is not
 * ready, and which policy is active, is said on the admin listener only.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Readiness {
  readonly ready: boolean
  readonly reason: string | null
}

export interface Health {
  readiness(): Promise<Readiness>
}

const paths = new Set(['/health', '/live', '/ready'])

/** True when the request was one of the three probes; its answer follows. */
export function answerProbe(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
): boolean {
  const path = request.url ?? ''
  if ((request.method !== 'GET' && request.method !== 'HEAD') || !paths.has(path)) return false
  if (path === '/health') sendJson(response, 200, { status: 'healthy' })
  else if (path === '/live') sendJson(response, 200, { status: 'alive' })
  else {
    health
      .readiness()
      .then(({ ready }) => sendJson(response, ready ? 200 : 503, { ready }))
      .catch(() => sendJson(response, 503, { ready: false }))
  }
  return true
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(text)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ])
  response.end(text)
}
