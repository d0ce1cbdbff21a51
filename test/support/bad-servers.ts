/**
 * One server three times, on stdio, over HTTP+SSE and over Streamable HTTP: it does what the called
 * tool's name says, good and bad. The one on stdio is `test/peers/stdio-server.mjs`.
 */
import type { ServerResponse } from 'node:http'
import { type Received, result, type Seen, startUpstream, type Upstream } from './upstream.js'

const session = 'mcp-session-id'
const text = (value: unknown) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
})
const refusal = (id: Received['id'], message: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: { code: -32600, message } })

/** Ids and arguments of what it was told to cancel, newest last. */
export interface BadServer extends Upstream {
  readonly cancelled: unknown[]
}

type Say = (message: object | string) => void

function say(seen: Received, tell: Say, end: () => void): void {
  const { id, method, params } = seen
  if (id === undefined || method === undefined) return
  const args = Object(params?.['arguments'])
  const answer = (value: unknown) => tell(result(id, text(value)))
  switch (method === 'tools/call' ? params?.['name'] : method) {
    case 'initialize':
      tell(
        result(id, {
          protocolVersion: params?.['protocolVersion'],
          capabilities: { tools: {} },
          serverInfo: { name: 'bad', version: '1' },
        }),
      )
      return end()
    case 'slow':
      return void setTimeout(() => {
        answer(args)
        end()
      }, args.ms)
    case 'hang':
      return
    case 'twice':
      answer('first')
      answer('second')
      return end()
    case 'stranger':
      tell(result('nobody', text('for nobody')))
      tell(result(String(id), text('another type')))
      answer('mine')
      return end()
    case 'endless':
      return
    default:
      answer(args)
      return end()
  }
}

/** An endless line: pieces as long as somebody takes them. */
function pour(response: ServerResponse, first: string): void {
  response.write(first)
  const piece = 'x'.repeat(65_536)
  const more = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

/** `event`: how each message is written on a stream. */
const event = (message: object | string) => `event: message\ndata: ${JSON.stringify(message)}\n\n`

/** Streamable HTTP; wants a session in the older era. */
export async function startBadHttp(): Promise<BadServer> {
  const cancelled: unknown[] = []
  let last = 0
  const upstream = await startUpstream((seen, response) => {
    const { id, method, params } = seen.message
    if (method === 'notifications/cancelled') cancelled.push(params?.['requestId'])
    if (seen.verb === 'DELETE') return void response.writeHead(204).end()
    const modern = seen.headers.get('mcp-protocol-version') === '2026-07-28'
    if (!modern && !checkSession(seen, response)) return
    if (seen.verb === 'GET') return void open(response).write(': open\n\n')
    if (id === undefined || method === undefined) return void response.writeHead(202).end()
    if (method === 'initialize') {
      last += 1
      response.setHeader(session, `bad-session-${last}`)
    }
    if (method === 'tools/call' && params?.['name'] === 'endless') {
      return pour(open(response), 'data: ')
    }
    open(response)
    say(
      seen.message,
      (message) => response.write(event(message)),
      () => response.end(),
    )
  })
  return { ...upstream, cancelled }
}

function open(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

function checkSession(seen: Seen, response: ServerResponse): boolean {
  const { id, method } = seen.message
  const own = seen.headers.get(session)
  const begins = method === 'initialize'
  if (begins === (own === undefined)) return true
  const message = begins ? 'Server already initialized' : 'Session id is missing'
  const headers = { 'content-type': 'application/json' }
  response.writeHead(400, headers).end(refusal(id, message))
  return false
}

/** HTTP+SSE of 2024-11-05. */
export async function startBadSse(): Promise<BadServer> {
  const cancelled: unknown[] = []
  const streams = new Map<string, ServerResponse>()
  const upstream = await startUpstream((seen, response) => {
    if (seen.verb === 'GET') {
      const id = String(streams.size)
      streams.set(id, response)
      return void open(response).write(`event: endpoint\ndata: /messages?session=${id}\n\n`)
    }
    const { method, params } = seen.message
    if (method === 'notifications/cancelled') cancelled.push(params?.['requestId'])
    response.writeHead(202).end('Accepted')
    const url = new URL(response.req.url ?? '/', 'http://localhost')
    const stream = streams.get(url.searchParams.get('session') ?? '')
    if (stream === undefined) return
    if (params?.['name'] === 'endless') return pour(stream, 'data: ')
    say(
      seen.message,
      (message) => stream.write(event(message)),
      () => undefined,
    )
  })
  return { ...upstream, cancelled }
}
