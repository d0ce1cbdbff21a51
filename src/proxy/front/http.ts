/**
 * Streamable HTTP on the client's side: sockets, size and time limits, one Inbound per request.
 * Knows nothing of MCP, identity or policy. The body is not read before the pipeline asks for it.
 * Requests that Node's parser refuses, or whose headers are too slow or too large, are answered
 * here with constant texts and reported, because no Inbound can be made of them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Inbound } from '../inbound.js'
import { HttpInbound } from './http-inbound.js'

export interface HttpFrontOptions {
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  readonly maxConnections: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
}

export interface HttpFrontEvents {
  handle(inbound: Inbound): Promise<void>
  /** True when the request was answered as a health probe. */
  probe(request: IncomingMessage, response: ServerResponse): boolean
  /** A request that never became one; `code` is stable. */
  unreadable(code: string, status: number, ip: string): void
}

export interface HttpFront {
  listen(): Promise<{ host: string; port: number }>
  /** Takes no new work, lets calls finish until the deadline, then closes what is left. */
  drain(deadlineMs: number): Promise<void>
}

/** What a connection gets whose bytes are no request. Keys are Node's error codes. */
const unreadable: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'headers-too-slow'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'headers-too-large'],
}
const malformed = [400, 'Bad Request', 'http-malformed'] as const

export function createHttpFront(options: HttpFrontOptions, events: HttpFrontEvents): HttpFront {
  const open = new Set<HttpInbound>()
  let draining = false

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (events.probe(request, response)) return
    const inbound = new HttpInbound(request, response, options)
    open.add(inbound)
    response.once('close', () => open.delete(inbound))
    if (draining) response.setHeader('connection', 'close')
    events.handle(inbound).catch(() => response.destroy())
  }

  const server = createServer({
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, options.headersTimeoutMs),
    keepAliveTimeout: 65_000,
    noDelay: true,
    // A request without Host is refused by the pipeline, which records it.
    requireHostHeader: false,
  })
  // One more than allowed is read, so that a request with too many is seen and refused, not cut.
  server.maxHeadersCount = options.maxHeaders + 1
  server.maxConnections = options.maxConnections
  server.on('request', onRequest)
  // Node would invite the body before anybody has looked at the headers.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    events.unreadable('verb-refused', 405, request.socket.remoteAddress ?? '')
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const [status, reason, code] = unreadable[error.code ?? ''] ?? malformed
    events.unreadable(code, status, socket.remoteAddress ?? '')
    socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  })

  return {
    listen: () => listen(server, options),
    async drain(deadlineMs) {
      draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const inbound of open) inbound.endStream()
      const late = setTimeout(() => server.closeAllConnections(), deadlineMs)
      const sweep = setInterval(() => server.closeIdleConnections(), 50)
      await closed
      clearTimeout(late)
      clearInterval(sweep)
    },
  }
}

function listen(
  server: Server,
  { host, port }: HttpFrontOptions,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve({ host, port: (server.address() as AddressInfo).port })
    })
  })
}
