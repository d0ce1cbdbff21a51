/**
 * The MCP server behind the gateway, on raw sockets so that it costs next to nothing: legacy
 * sessions it checks, JSON answers, one tool `echo` that returns its message. A process of its own;
 * says its port to whoever forked it and ends with it.
 */
import { randomUUID } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type HttpMessage, HttpMessages } from './http-messages.js'

interface Asked {
  readonly id?: number | string
  readonly method: string
  readonly params?: {
    readonly protocolVersion?: string
    readonly arguments?: { readonly message?: string }
  }
}

const echo = { name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }
const sessions = new Set<string>()
const sessionHeader = /\r\nmcp-session-id: *([^\r]*)/i

function answer({ head, body }: HttpMessage): string {
  const session = sessionHeader.exec(head)?.[1] ?? ''
  if (head.startsWith('DELETE ')) {
    return http(sessions.delete(session) ? '204 No Content' : '404 Not Found')
  }
  if (!head.startsWith('POST ')) return http('405 Method Not Allowed')
  const { id, method, params } = JSON.parse(body) as Asked
  if (method === 'initialize') {
    const opened = randomUUID()
    sessions.add(opened)
    const protocolVersion = params?.protocolVersion ?? '2025-11-25'
    const result = {
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'bench', version: '1.0.0' },
    }
    return json(id, result, `mcp-session-id: ${opened}\r\n`)
  }
  if (!sessions.has(session)) return http('404 Not Found')
  if (id === undefined) return http('202 Accepted')
  if (method === 'tools/list') return json(id, { tools: [echo] }, '')
  if (method !== 'tools/call') return http('400 Bad Request')
  const text = params?.arguments?.message ?? ''
  return json(id, { content: [{ type: 'text', text }], isError: false }, '')
}

function json(id: Asked['id'], result: object, headers: string): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id, result })
  return http('200 OK', `${headers}content-type: application/json\r\n`, body)
}

function http(status: string, headers = '', body = ''): string {
  return `HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`
}

function serve(socket: Socket): void {
  const messages = new HttpMessages()
  socket.setNoDelay(true)
  socket.on('data', (bytes) => {
    for (const message of messages.push(bytes)) socket.write(answer(message), 'latin1')
  })
  socket.on('error', () => socket.destroy())
}

const server = createServer(serve)
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
