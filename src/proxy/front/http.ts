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
  /** Default 15 s. */
  readonly keepAliveMs?: number
}

/** A quiet event stream gets a comment after this time at the earliest, after twice at the latest. */
const defaultKeepAliveMs = 15_000

export interface HttpFrontEvents {
  handle(inbound: Inbound): Promise<void>
  /** True when the request was answered as a health probe. */
  probe(request: IncomingMessage, response: ServerResponse): boolean
  /** A connection without a request to handle; `status`: what it was told. Must not throw. */
  unreadable(code: string, status: number | null, ip: string): void
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

/** The newest request of a connection; `inbound` is null while there is none to answer. */
interface Connection {
  response: ServerResponse | null
  inbound: HttpInbound | null
}

export function createHttpFront(options: HttpFrontOptions, events: HttpFrontEvents): HttpFront {
  // One entry a connection: a set that changed with every request would leave its old tables, and
  // what they point at, to the slow part of garbage collection (measured: an eighth of all time).
  const connections = new Map<Socket, Connection>()
  let draining = false

  function onConnection(socket: Socket): void {
    const connection: Connection = { response: null, inbound: null }
    connections.set(socket, connection)
    socket.once('close', () => {
      connections.delete(socket)
      connection.inbound?.closed()
    })
  }

  /** True while an earlier answer is on its way: what is written now would end up inside it. */
  function isAnswering(socket: Socket): boolean {
    return connections.get(socket)?.response?.writableFinished === false
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const connection = connections.get(socket)
    // MCP clients do not pipeline, and a queued answer has no connection whose end could be seen.
    if (connection === undefined || isAnswering(socket)) {
      events.unreadable('http-pipelined', null, socket.remoteAddress ?? '')
      socket.destroy()
      return
    }
    connection.response = response
    if (events.probe(request, response)) return
    const inbound = new HttpInbound(request, response, options)
    connection.inbound = inbound
    response.on('close', onAnswered)
    if (draining) response.setHeader('connection', 'close')
    events.handle(inbound).catch(() => response.destroy())
  }

  function onAnswered(this: ServerResponse): void {
    const connection = connections.get(this.req.socket)
    if (connection?.response !== this) return
    connection.inbound?.closed()
    connection.inbound = null
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
  server.on('connection', onConnection)
  server.on('request', onRequest)
  // Node would invite the body before anybody has looked at the headers.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_: IncomingMessage, socket: Socket) => {
    events.unreadable('verb-refused', null, socket.remoteAddress ?? '')
    socket.destroy()
  })
  server.on('drop', (connection) => {
    events.unreadable('connections-exceeded', null, connection?.remoteAddress ?? '')
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const [status, reason, code] = unreadable[error.code ?? ''] ?? malformed
    const answering = isAnswering(socket)
    events.unreadable(code, answering ? null : status, socket.remoteAddress ?? '')
    if (answering) {
      socket.destroy()
      return
    }
    socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  })

  const keepAlive = setInterval(() => {
    for (const { inbound } of connections.values()) inbound?.keepAlive()
  }, options.keepAliveMs ?? defaultKeepAliveMs).unref()

  return {
    listen: () => listen(server, options),
    async drain(deadlineMs) {
      draining = true
      clearInterval(keepAlive)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const { inbound } of connections.values()) inbound?.endStream()
      const late = setTimeout(() => {
        for (const { inbound } of connections.values()) inbound?.cutShort()
        // What is said to them on a stream is written at the end of this turn.
        setImmediate(() => server.closeAllConnections())
      }, deadlineMs)
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
