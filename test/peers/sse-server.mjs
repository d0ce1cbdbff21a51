/**
 * The reference server that shows every feature, over HTTP+SSE of 2024-11-05, on 127.0.0.1 and a free
 * port. Prints its URL as the first line of standard output.
 */
import { createServer as createHttpServer } from 'node:http'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { createServer as createMcpServer } from '../../node_modules/@modelcontextprotocol/server-everything/dist/server/index.js'

const sessions = new Map()

const http = createHttpServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
})

async function handle(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
  if (request.method === 'GET' && pathname === '/sse') {
    const transport = new SSEServerTransport('/message', response)
    const { server, cleanup } = createMcpServer()
    sessions.set(transport.sessionId, transport)
    server.server.onclose = () => {
      sessions.delete(transport.sessionId)
      cleanup(transport.sessionId)
    }
    return server.connect(transport)
  }
  const transport = sessions.get(searchParams.get('sessionId'))
  if (request.method !== 'POST' || transport === undefined) {
    response.writeHead(request.method === 'POST' ? 404 : 405).end()
    return
  }
  return transport.handlePostMessage(request, response)
}

process.once('SIGTERM', () => process.exit(0))
http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}/sse`))
