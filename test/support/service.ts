/**
 * A service that the gateway asks itself (keys, metadata, tokens): a real HTTP server whose answer a
 * test changes at will, and which can go down and come back at the same address.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly verb: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Reply = (asked: Asked, response: ServerResponse) => void

export interface Service {
  /** Without a slash at its end. */
  readonly url: string
  readonly asked: readonly Asked[]
  reply: Reply
  down(): Promise<void>
  up(): Promise<void>
}

export async function startService(
  reply: Reply,
  tls: { readonly cert: string; readonly key: string } | null = null,
): Promise<Service> {
  const asked: Asked[] = []
  function listener(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method: verb = '', url: path = '', headers } = request
      const one = { verb, path, headers, body: Buffer.concat(chunks).toString() }
      asked.push(one)
      service.reply(one, response)
    })
  }
  const server = tls === null ? createServer(listener) : createTlsServer(tls, listener)
  let port = 0
  const up = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  await up()
  const service: Service = {
    url: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    reply,
    up,
    down: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return service
}

export function answer(value: unknown, type = 'application/json', status = 200): Reply {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return (_, response) => void response.writeHead(status, { 'content-type': type }).end(text)
}

export const silent: Reply = () => undefined
