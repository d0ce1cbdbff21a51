/**
 * Servers behind the gateway, real ones on real sockets, whose behaviour a test scripts: each
 * request that arrives is kept and handed to the current script. `mcpServer` is an honest MCP server
 * of either era; the others answer as the test says, down to the bytes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'

export interface Seen {
  readonly verb: string
  readonly rawHeaders: readonly string[]
  /** Names in lower case, the last of a doubled header. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** The body as an object; `{}` when there is none. */
  readonly message: Received
  /** Resolves when the gateway closed the connection before the answer was complete. */
  readonly gone: Promise<void>
}

export interface Received {
  readonly jsonrpc?: string
  readonly id?: string | number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

export type Script = (seen: Seen, response: ServerResponse) => void | Promise<void>

export interface Upstream {
  readonly url: string
  readonly seen: Seen[]
  script: Script
  /** Waits for a request that satisfies the test; fails after 5 s. */
  arrives(wanted: (seen: Seen) => boolean): Promise<Seen>
  close(): Promise<void>
}

export async function startUpstream(script: Script = mcpServer()): Promise<Upstream> {
  const seen: Seen[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    receive(request, response)
      .then((one) => {
        seen.push(one)
        for (const look of [...waiting]) look()
        return upstream.script(one, response)
      })
      .catch(() => response.destroy())
  })
  const upstream: Upstream = {
    url: await listen(server),
    seen,
    script,
    arrives(wanted) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = seen.find(wanted)
          if (found === undefined) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        const timer = setTimeout(() => reject(new Error('the request did not arrive')), 5000)
        waiting.add(look)
        look()
      })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return upstream
}

export interface RawUpstream {
  readonly url: string
  readonly connections: readonly Socket[]
  close(): Promise<void>
}

/** A server that need not speak HTTP: `onData` gets the socket whenever bytes of a request came. */
export async function startRawUpstream(onData: (socket: Socket) => void): Promise<RawUpstream> {
  const connections: Socket[] = []
  const server = createTcpServer((socket) => {
    connections.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => onData(socket))
  })
  return {
    url: await listen(server),
    connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of connections) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** A port on which nothing listens. */
export async function closedPortUrl(): Promise<string> {
  const server = createTcpServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

export function json(response: ServerResponse, message: object | string, status = 200): void {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

/** Opens an event stream; each text is written as it is, so a test can frame it at will. */
export function events(response: ServerResponse, ...texts: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const text of texts) response.write(text)
}

export function event(message: object | string, fields = ''): string {
  return `${fields}data: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`
}

export function result(id: string | number | undefined, value: object): object {
  return { jsonrpc: '2.0', id, result: value }
}

export const upstreamSession = 'upstream-session-0001'

/** What `mcpServer` offers, in this order. */
export const offered = ['open-tool', 'hidden-tool', 'other-tool'] as const

/** An honest server of both eras; `sse` answers requests on event streams. */
export function mcpServer({ sse = false } = {}): Script {
  return (seen, response) => {
    const { id, method, params } = seen.message
    if (seen.verb === 'GET') return events(response, ': open\n\n')
    if (seen.verb === 'DELETE' || id === undefined || method === undefined) {
      response.writeHead(seen.verb === 'DELETE' ? 204 : 202).end()
      return
    }
    if (method === 'initialize') response.setHeader('mcp-session-id', upstreamSession)
    const answer = result(id, resultOf(method, params))
    if (!sse) return json(response, answer)
    events(response, event(answer, 'event: message\n'))
    response.end()
  }
}

function resultOf(method: string | undefined, params: Received['params']): object {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.['protocolVersion'],
        capabilities: { tools: {} },
        serverInfo: { name: 'upstream', version: '1.0.0' },
      }
    case 'server/discover':
      return { supportedVersions: ['2026-07-28'], capabilities: {} }
    case 'tools/list':
      return { tools: offered.map((name) => ({ name, inputSchema: { type: 'object' } })) }
    case 'tools/call':
      return { content: [{ type: 'text', text: JSON.stringify(params?.['arguments'] ?? {}) }] }
    default:
      return {}
  }
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<Seen> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  const headers = new Map<string, string>()
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.set((rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? '')
  }
  const gone = new Promise<void>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) resolve()
    })
  })
  const message: Received = body === '' ? {} : JSON.parse(body)
  return { verb: request.method ?? '', rawHeaders, headers, body, message, gone }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
    })
  })
}
