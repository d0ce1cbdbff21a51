/**
 * Streamable HTTP on the client's side: sockets, size and time limits, one Inbound per request.
 * Knows nothing of MCP, identity or policy. The body is not read before the pipeline asks for it.
 * Requests that Node's parser refuses, or whose headers are too slow or too large, are answered
 * here with constant texts and reported, because no Inbound can be made of them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Connection as Peer } from '../../domain.js'
import type { ClientAddresses } from '../client-address.js'
import type { Inbound } from '../inbound.js'
import { HttpInbound } from './http-inbound.js'
import { addressOf, readPeer, secureContext, type TlsMaterial, type TlsOptions } from './tls.js'

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
  /** Default: plain HTTP. */
  readonly tls?: TlsOptions | null
  /** Default: the other end of a connection is the client. */
  readonly clientAddresses?: ClientAddresses | null
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
  /** From the next connection on. Throws for what cannot be used; then nothing changes. */
  renew(material: TlsMaterial): void
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
  readonly peer: Peer
  /** Its other end is a proxy that is believed. */
  readonly isTrusted: boolean
}

export function createHttpFront(options: HttpFrontOptions, events: HttpFrontEvents): HttpFront {
  // One entry a connection: a set that changed with every request would leave its old tables, and
  // what they point at, to the slow part of garbage collection (measured: an eighth of all time).
  const connections = new Map<Socket, Connection>()
  const { tls = null, clientAddresses = null } = options
  /** What is below TLS, from before there is an HTTP connection that Node would close. */
  const handshakes = new Set<Socket>()
  let draining = false

  function onConnection(socket: Socket): void {
    begin(socket, { address: addressOf(socket), certificate: null })
  }

  function onHandshake(socket: Socket): void {
    handshakes.add(socket)
    socket.once('close', () => handshakes.delete(socket))
  }

  function onSecureConnection(socket: TLSSocket): void {
    if (tls === null) return
    const peer = readPeer(socket, tls)
    if (peer.ok) return begin(socket, peer.connection)
    events.unreadable(peer.code, null, addressOf(socket))
    socket.destroy()
  }

  function begin(socket: Socket, peer: Peer): void {
    // Reset before it was accepted: what it sent would be carried out, for somebody of no address.
    if (peer.address === '') return void socket.destroy()
    const isTrusted = clientAddresses?.isTrusted(peer.address) === true
    const connection: Connection = { response: null, inbound: null, peer, isTrusted }
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
    // Refused for its certificate, and on record; what came with the handshake is read all the same.
    if (connection === undefined && tls !== null) {
      socket.destroy()
      return
    }
    // MCP clients do not pipeline, and a queued answer has no connection whose end could be seen.
    if (connection === undefined || isAnswering(socket)) {
      events.unreadable('http-pipelined', null, addressOf(socket))
      socket.destroy()
      return
    }
    connection.response = response
    if (events.probe(request, response)) return
    const { peer } = connection
    const ip =
      clientAddresses !== null && connection.isTrusted
        ? clientAddresses.read(request.rawHeaders, peer.address)
        : peer.address
    if (ip === null) {
      events.unreadable('forwarded-malformed', 400, peer.address)
      response.writeHead(400, { connection: 'close', 'content-length': '0' }).end()
      return
    }
    const inbound = new HttpInbound(request, response, options, { connection: peer, ip })
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

  const httpOptions = {
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, options.headersTimeoutMs),
    keepAliveTimeout: 65_000,
    noDelay: true,
    // A request without Host is refused by the pipeline, which records it.
    requireHostHeader: false,
  }
  const server =
    tls === null
      ? createServer(httpOptions)
      : createTlsServer({
          ...httpOptions,
          ...secureContext(tls),
          handshakeTimeout: options.headersTimeoutMs,
          requestCert: tls.clientCa !== null,
          // Whether a certificate may be missing, and that it has to verify, is for readPeer to say.
          rejectUnauthorized: false,
        })
  // One more than allowed is read, so that a request with too many is seen and refused, not cut.
  server.maxHeadersCount = options.maxHeaders + 1
  server.maxConnections = options.maxConnections
  if (tls === null) server.on('connection', onConnection)
  else server.on('connection', onHandshake).on('secureConnection', onSecureConnection)
  server.on('request', onRequest)
  // Node would invite the body before anybody has looked at the headers.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_: IncomingMessage, socket: Socket) => {
    events.unreadable('verb-refused', null, addressOf(socket))
    socket.destroy()
  })
  server.on('drop', (connection) => {
    events.unreadable('connections-exceeded', null, addressOf(connection ?? {}))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const isHandshake = tls !== null && !connections.has(socket)
    if (isHandshake && error.code !== 'ECONNRESET') {
      events.unreadable('tls-failed', null, addressOf(socket))
    }
    if (isHandshake || error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const [status, reason, code] = unreadable[error.code ?? ''] ?? malformed
    const answering = isAnswering(socket)
    const isCutOff = error.code === 'HPE_INVALID_EOF_STATE' && answering
    if (isCutOff && connections.get(socket)?.inbound?.isReading) {
      // Its client left: that request's own record says so.
      socket.destroy()
      return
    }
    events.unreadable(code, answering ? null : status, addressOf(socket))
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
    renew(material) {
      if (server instanceof TlsServer) server.setSecureContext(secureContext(material))
    },
    async drain(deadlineMs) {
      draining = true
      clearInterval(keepAlive)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const { inbound } of connections.values()) inbound?.endStream()
      const late = setTimeout(() => {
        for (const { inbound } of connections.values()) inbound?.cutShort()
        // What is said to them on a stream is written at the end of this turn.
        setImmediate(() => {
          server.closeAllConnections()
          for (const socket of handshakes) socket.destroy()
        })
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
  { host, port, maxConnections }: HttpFrontOptions,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Node's own 511 lets the system drop connections of a burst that is well within the bound.
    server.listen({ port, host, backlog: maxConnections }, () => {
      server.removeListener('error', reject)
      resolve({ host, port: (server.address() as AddressInfo).port })
    })
  })
}
