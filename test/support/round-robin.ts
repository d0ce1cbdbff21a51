/** One address for several gateways: each request goes to the next of them, on any connection. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RoundRobin {
  readonly url: string
  /** How many requests each of them got. */
  readonly served: readonly number[]
  close(): Promise<void>
}

export async function startRoundRobin(urls: readonly string[]): Promise<RoundRobin> {
  const served = urls.map(() => 0)
  let turn = 0
  const server = createServer((request, response) => {
    const index = turn++ % urls.length
    served[index] = (served[index] ?? 0) + 1
    const { method = 'GET', url, rawHeaders: headers } = request
    const target = new URL(url ?? '/', urls[index])
    const onward = httpRequest(target, { method, headers: pairs(headers), agent: false })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      response.flushHeaders()
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  // Longer than clients keep a connection: Node's 5 s ends one that a busy client is about to use.
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    served,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function pairs(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers[(raw[index] ?? '').toLowerCase()] = raw[index + 1] ?? ''
  }
  return headers
}
