/**
 * The operator's listener: metrics, and health with its reasons. Loopback by default; elsewhere only
 * with a token. Host and Origin are checked as on the public listener, because a browser on the
 * operator's machine reaches loopback too.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { singleHeader } from '../../lib/headers.js'
import { equalSecrets } from '../../lib/secrets.js'
import { hostAllowed } from '../admit.js'
import { type Readiness, sendJson } from './health.js'

export interface AdminOptions {
  readonly host: string
  readonly port: number
  readonly token: string | null
}

export interface AdminSource {
  metrics(): Promise<string>
  details(): Promise<object>
  readiness(): Promise<Readiness>
}

export interface AdminFront {
  listen(): Promise<{ host: string; port: number }>
  close(): Promise<void>
}

export function createAdminFront(options: AdminOptions, source: AdminSource): AdminFront {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]', options.host.toLowerCase()])

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = singleHeader(request.rawHeaders, 'host')
    const origin = singleHeader(request.rawHeaders, 'origin')
    const named = host.ok && hostAllowed(host.value, hosts)
    if (options.token === null && (!named || !origin.ok || origin.value !== null)) {
      return sendJson(response, 403, { error: 'this Host or Origin is not served here' })
    }
    if (options.token !== null && !holdsToken(request, options.token)) {
      response.setHeader('www-authenticate', 'Bearer realm="mcp-guard-admin"')
      return sendJson(response, 401, { error: 'the admin token is required' })
    }
    if (request.method !== 'GET') return sendJson(response, 405, { error: 'only GET' })
    switch (request.url) {
      case '/metrics': {
        const text = await source.metrics()
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        response.end(text)
        return
      }
      case '/health':
        return sendJson(response, 200, await source.details())
      case '/live':
        return sendJson(response, 200, { status: 'alive' })
      case '/ready': {
        const { ready, reason } = await source.readiness()
        return sendJson(
          response,
          ready ? 200 : 503,
          reason === null ? { ready } : { ready, reason },
        )
      }
      default:
        return sendJson(response, 404, { error: 'try /metrics, /health, /live or /ready' })
    }
  }

  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 })
  server.on('request', (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(options.port, options.host, () => {
          server.removeListener('error', reject)
          resolve({ host: options.host, port: (server.address() as AddressInfo).port })
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function holdsToken(request: IncomingMessage, token: string): boolean {
  const header = singleHeader(request.rawHeaders, 'authorization')
  const match = header.ok && header.value !== null ? /^Bearer +(\S+)$/i.exec(header.value) : null
  return match?.[1] !== undefined && equalSecrets(match[1], token)
}
