/** One request over TLS on a connection of its own, from an address of the loopback net. */
import { type RequestOptions, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.js'

export interface TlsCall {
  readonly url: string
  readonly ca: string
  readonly as?: Certificate | null
  /** Name and value alternate. */
  readonly headers?: readonly string[]
  readonly body?: object
  readonly localAddress?: string
  readonly session?: Buffer | undefined
  readonly version?: 'TLSv1.2' | 'TLSv1.3'
}

export interface TlsAnswer {
  /** null: the connection ended without an answer. */
  readonly status: number | null
  readonly body: string
  readonly problem: string | null
  readonly resumed: boolean
  /** To be resumed; undefined: the server gave none. */
  readonly session: Buffer | undefined
}

export function tlsCall(call: TlsCall): Promise<TlsAnswer> {
  const { url, ca, as = null, headers = [], body, session, version } = call
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const { hostname, port, pathname, host } = new URL(url)
  const options: RequestOptions = {
    host: hostname,
    port,
    path: pathname,
    method: 'POST',
    ca,
    servername: 'localhost',
    agent: false,
    localAddress: call.localAddress ?? '127.0.0.1',
    ...(as === null ? {} : { cert: as.cert, key: as.key }),
    ...(session === undefined ? {} : { session }),
    ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
  }
  return new Promise((resolve) => {
    let given: Buffer | undefined
    let resumed = false
    const asked = request(options, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('close', () => {
        const text = Buffer.concat(pieces).toString()
        const status = response.statusCode ?? null
        resolve({ status, body: text, problem: null, resumed, session: given })
      })
    })
    asked.on('socket', (socket) => {
      socket.on('session', (ticket: Buffer) => {
        given = ticket
      })
      socket.on('secureConnect', () => {
        resumed = (socket as TLSSocket).isSessionReused()
      })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code ?? error.message
      resolve({ status: null, body: '', problem, resumed, session: given })
    })
    asked.setTimeout(5000, () => asked.destroy(new Error('no answer for five seconds')))
    const usual = ['host', host, 'accept', 'application/json, text/event-stream']
    const length = ['content-type', 'application/json', 'content-length', String(bytes.length)]
    for (const [name, values] of grouped([...usual, ...length, ...headers])) {
      asked.setHeader(name, values.length === 1 ? (values[0] ?? '') : values)
    }
    asked.end(bytes)
  })
}

function grouped(headers: readonly string[]): Map<string, string[]> {
  const byName = new Map<string, string[]>()
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? ''
    byName.set(name, [...(byName.get(name) ?? []), headers[index + 1] ?? ''])
  }
  return byName
}
