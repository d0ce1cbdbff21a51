/**
 * Gateways on request: a POST of a server's URL is answered with the URL of a new gateway in front
 * of it, for clients that learn only when they run what they are to talk to.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import type { Served, Start } from './prove-same.js'

export interface Gateways {
  readonly url: string
  close(): Promise<void>
}

export async function serveGateways(startOne: Start = startGateway): Promise<Gateways> {
  const started: Served[] = []

  async function start(upstream: string): Promise<string> {
    const upstreams = { suite: upstream }
    const gateway = await startOne({ upstreams, anonymous: true, policy: allowAll })
    started.push(gateway)
    return `${gateway.url}/mcp/suite`
  }

  const server = createServer((request, response) => {
    text(request)
      .then(start)
      .then(
        (url) => response.end(url),
        (thrown) => response.writeHead(500).end(String(thrown)),
      )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.close()
      for (const gateway of started) await gateway.close()
    },
  }
}
