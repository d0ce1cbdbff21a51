/**
 * The yardstick: the least a proxy of `node:http` and undici's `dispatch` can do. It reads the body,
 * sends it on, reads the answer, sends it back; it checks, decides and records nothing.
 * `bare.js ORIGIN`; says its port to whoever forked it and ends with it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher } from 'undici'

const origin = process.argv[2] ?? ''
const agent = new Agent({ connections: 128, pipelining: 1 })
/** Fields of one connection (RFC 9110, 7.6.1) and those that either side writes itself. */
const ownFields = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
])

// undici's older form of handler: it is what its connections call, the newer one is wrapped in it.
function passAnswer(response: ServerResponse): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = []
  const headers: string[] = []
  let status = 502
  return {
    onConnect() {},
    onHeaders(statusCode, fields) {
      status = statusCode
      for (let index = 0; index + 1 < fields.length; index += 2) {
        const name = String(fields[index])
        if (!ownFields.has(name.toLowerCase())) headers.push(name, String(fields[index + 1]))
      }
      return true
    },
    onData(chunk) {
      chunks.push(chunk)
      return true
    },
    onComplete() {
      const body = whole(chunks)
      headers.push('content-length', String(body.length))
      response.writeHead(status, headers)
      response.end(body)
    },
    onError() {
      response.writeHead(502).end()
    },
  }
}

function passRequest(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { rawHeaders } = request
    const headers: string[] = []
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? ''
      if (!ownFields.has(name.toLowerCase())) headers.push(name, rawHeaders[index + 1] ?? '')
    }
    const method = (request.method ?? 'POST') as Dispatcher.HttpMethod
    const body = chunks.length === 0 ? null : whole(chunks)
    agent.dispatch(
      { origin, path: request.url ?? '/', method, headers, body },
      passAnswer(response),
    )
  })
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}

const server = createServer(passRequest)
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
