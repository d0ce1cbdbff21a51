/**
 * A small modern MCP server (2026-07-28) that also serves the older era without sessions: several
 * of everything, two pages to a list, progress on an event stream, a request for input, a mirrored
 * argument, cache hints, change events. On 127.0.0.1 and a free port; prints its URL.
 */
import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { createOffer } from './modern-offer.mjs'

const handler = createMcpHandler((context) => createOffer(context, () => handler.notify))
const handle = toNodeHandler(handler)

const http = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))
http.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}/mcp`)
})
