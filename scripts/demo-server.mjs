/**
 * A real MCP server for `npm start`: the reference server that shows every feature, served over
 * Streamable HTTP. Its own command line listens on every address of the machine; here it listens on
 * 127.0.0.1 only, on a free port, under a path nobody can guess and for its own Host alone, so that
 * neither another user of the machine nor a web page gets past the gateway by talking to it
 * directly. Prints its URL as the first line of standard output.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createServer as createMcpServer } from '@modelcontextprotocol/server-everything/dist/server/index.js'

const path = `/${randomBytes(16).toString('hex')}/mcp`
const sessions = new Map()

const http = createHttpServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error)
    if (!response.headersSent) refuse(response, 500, -32603, 'Internal error')
  })
})

async function handle(request, response) {
  const host = `127.0.0.1:${http.address().port}`
  if (request.url !== path || request.headers.host !== host) return notFound(response)
  const id = request.headers['mcp-session-id']
  if (id !== undefined) {
    const transport = sessions.get(id)
    if (transport === undefined) return refuse(response, 404, -32001, 'Session not found')
    return transport.handleRequest(request, response)
  }
  if (request.method !== 'POST') return refuse(response, 400, -32000, 'Mcp-Session-Id is missing')
  const transport = await openTransport()
  await transport.handleRequest(request, response)
  // Anything but an initialize is refused by the transport and leaves no session.
  if (transport.sessionId === undefined) await transport.close()
}

async function openTransport() {
  const { server, cleanup } = createMcpServer()
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
    },
  })
  server.server.onclose = () => {
    sessions.delete(transport.sessionId)
    cleanup(transport.sessionId)
  }
  await server.connect(transport)
  return transport
}

function notFound(response) {
  response.writeHead(404).end()
}

function refuse(response, status, code, message) {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null })
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

async function stop() {
  await Promise.allSettled([...sessions.values()].map((transport) => transport.close()))
  process.exit(0)
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
http.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}${path}`)
})
