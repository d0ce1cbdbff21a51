/**
 * Runs what a server of any transport says through everything between its bytes and those that a
 * client of any transport gets: framing, whom it is for, the filter, framing again. Stubs at the
 * seams only: no sockets, no processes, and a policy that is a set of names.
 */

import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import type { GuardError } from '../../src/errors.js'
import { ownMessage } from '../../src/mcp/json-rpc.js'
import { type AnswerContext, AnswerFilter, type Expected } from '../../src/proxy/answer/filter.js'
import type { Exchange, UpstreamRequest } from '../../src/proxy/back/back.js'
import { Connection } from '../../src/proxy/back/connection.js'
import { EventBody } from '../../src/proxy/back/decode.js'
import { LineReader } from '../../src/proxy/back/lines.js'
import type { Link, LinkListener } from '../../src/proxy/back/link.js'
import type { Pools } from '../../src/proxy/back/pools.js'
import { openSseLink } from '../../src/proxy/back/sse-link.js'
import type { FrameSink } from '../../src/proxy/frames.js'
import { Channel } from '../../src/proxy/front/channel.js'
import { ChannelInbound } from '../../src/proxy/front/channel-inbound.js'
import { eventsOut, linesOut } from '../../src/proxy/front/framings.js'
import { HttpSink } from '../../src/proxy/front/http-sink.js'
import { Places } from '../../src/proxy/places.js'
import { ResponseStub } from './answer-rig.js'

/** `stream`: the stream of a GET, on which nothing is answered; `resumed`: one that is taken up. */
export type From = 'http' | 'stream' | 'resumed' | 'sse' | 'stdio'
export type To = 'http' | 'sse' | 'stdio'

export interface Way {
  readonly from: From
  readonly to: To
  readonly chunks: readonly Uint8Array[]
  readonly isAllowed: (name: string) => boolean
}

/** The bodies that a client reads, each by itself. */
export interface Read {
  readonly form: 'json' | 'events' | 'lines'
  readonly bytes: Buffer
}

const asked = ownMessage({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
const endpoint = Buffer.from('event: endpoint\ndata: /messages?session=1\n\n')
const minuteMs = 60_000

export async function passStream({ from, to, chunks, isAllowed }: Way): Promise<Read[]> {
  const client = clientOf(to)
  const filterOf = (expected: Expected) => {
    const sink = client.sink()
    return new AnswerFilter(contextOf(expected, isAllowed), sink)
  }
  if (from === 'http' || from === 'stream' || from === 'resumed') {
    const filter = filterOf(expectedOf(from))
    await filter.head({ status: 200, framing: 'sse', headers: new Map() })
    const body = new EventBody(filter)
    for (const chunk of chunks) await body.push(chunk)
    await body.end()
    return client.read()
  }
  const listen = from === 'sse' ? sseLink(chunks) : lineLink(chunks)
  const connection = new Connection(connectionOptions, listen.connect)
  const listening = connection.open(requestOf('GET'), filterOf({ type: 'none' }))
  const waiting = connection.open(requestOf('POST'), filterOf({ type: 'own', id: 1 }))
  await listen.play()
  await settled()
  finish(connection, [listening, waiting])
  await settled()
  return client.read()
}

function finish(connection: Connection, exchanges: readonly Exchange[]): void {
  for (const exchange of exchanges) exchange.abort()
  connection.close()
}

function expectedOf(from: From): Expected {
  if (from === 'http') return { type: 'own', id: 1 }
  return { type: from === 'stream' ? 'none' : 'any' }
}

function contextOf(expected: Expected, isAllowed: (name: string) => boolean): AnswerContext {
  return {
    expected,
    era: 'legacy',
    visible: async (_, names) => names.map(isAllowed),
    allows: () => true,
    allowsInput: () => true,
    deny: () => undefined,
    dropped: () => undefined,
    settle: () => undefined,
  }
}

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────

const connectionOptions = {
  era: 'legacy' as const,
  principal: 'alice',
  sessionId: 'session',
  timeoutMs: minuteMs,
  idleTimeoutMs: minuteMs,
  maxLifetimeMs: null,
  dropped: () => undefined,
  free: () => undefined,
  heard: () => undefined,
  asked: () => undefined,
  over: () => undefined,
}

function requestOf(verb: 'GET' | 'POST'): UpstreamRequest {
  const isPost = verb === 'POST'
  return {
    verb,
    era: 'legacy',
    message: isPost ? asked : null,
    sessionId: 'session',
    principal: 'alice',
    headers: [],
    longLived: !isPost,
  }
}

interface Played {
  readonly connect: (listener: LinkListener) => Link
  play(): Promise<void>
}

/** As `child.ts` reads the standard output of a process. */
function lineLink(chunks: readonly Uint8Array[]): Played {
  const lines = new LineReader(1024 * 1024)
  let listener: LinkListener | null = null
  return {
    connect(told) {
      listener = told
      const nothing = () => undefined
      return {
        backlog: 0,
        send: async () => undefined,
        pause: nothing,
        resume: nothing,
        close: nothing,
      }
    },
    async play() {
      for (const chunk of chunks) lines.push(chunk, (line) => listener?.received(line))
    },
  }
}

interface Handler {
  onConnect(abort: () => void): void
  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean
  onData(chunk: Uint8Array): boolean
}

/** The server's side of both of its connections. */
function sseLink(chunks: readonly Uint8Array[]): Played {
  let stream: Handler | null = null
  const accept = (handler: Handler) => {
    handler.onConnect(() => undefined)
    const type = [Buffer.from('content-type'), Buffer.from('text/event-stream')]
    handler.onHeaders(200, type, () => undefined)
  }
  const pools = {
    streams: {
      dispatch(_: unknown, handler: Handler) {
        stream = handler
        accept(handler)
      },
    },
    calls: { dispatch: (_: unknown, handler: Handler) => accept(handler) },
  }
  return {
    connect: (listener) =>
      openSseLink({
        url: 'http://127.0.0.1:1/sse',
        pools: pools as unknown as Pools,
        places: new Places(10, 10),
        principal: 'somebody',
        timeoutMs: minuteMs,
        maxLineBytes: 1024 * 1024,
        listener,
        credential: null,
        ready: () => undefined,
      }),
    async play() {
      await settled()
      for (const chunk of withEndpoint(chunks)) stream?.onData(chunk)
    },
  }
}

/** The first event names the address; a mark stays where it counts. */
function withEndpoint(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const mark = Buffer.from('\ufeff')
  const bytes = Buffer.concat(chunks)
  if (!bytes.subarray(0, 3).equals(mark)) return [endpoint, ...chunks]
  const rest = cutBehind(chunks, 3)
  return [mark.subarray(0, 1), mark.subarray(1), endpoint, ...rest]
}

function cutBehind(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  return chunks.flatMap((chunk) => {
    const skipped = Math.min(left, chunk.length)
    left -= skipped
    return skipped < chunk.length ? [chunk.subarray(skipped)] : []
  })
}

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

interface Client {
  /** Of one exchange. */
  sink(): FrameSink
  read(): Read[]
}

function clientOf(to: To): Client {
  if (to === 'http') return httpClient()
  if (to === 'sse') {
    const response = new ResponseStub()
    const sink = new HttpSink(response as unknown as ServerResponse)
    void sink.head({ status: 200, framing: 'sse', headers: new Map() })
    void sink.message(Buffer.from('/mcp/server/messages?session=1'), { event: 'endpoint' })
    const channel = new Channel(eventsOut(sink, 'message'))
    const read = (): Read[] => [{ form: 'events', bytes: Buffer.concat(response.pieces) }]
    return { sink: () => channelSink(channel, 'sse'), read }
  }
  const pieces: Buffer[] = []
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      pieces.push(chunk)
      done()
    },
  })
  const channel = new Channel(linesOut(output))
  const read = (): Read[] => [{ form: 'lines', bytes: Buffer.concat(pieces) }]
  return { sink: () => channelSink(channel, 'stdio'), read }
}

function channelSink(channel: Channel, transport: 'sse' | 'stdio'): FrameSink {
  const request = {
    transport,
    verb: 'POST' as const,
    target: '/mcp/server',
    ip: '',
    connection: { address: '', certificate: null },
    owner: undefined,
    rawHeaders: [],
    body: new Uint8Array(),
    asked,
  }
  return new ChannelInbound(request, channel).sink
}

function httpClient(): Client {
  const responses: ResponseStub[] = []
  return {
    sink() {
      const response = new ResponseStub()
      responses.push(response)
      const sink = new HttpSink(response as unknown as ServerResponse)
      const fail = (_: GuardError) => response.destroy()
      return {
        head: (head) => sink.head(head),
        part: (bytes) => sink.part(bytes),
        message: (bytes, fields) => sink.message(bytes, fields),
        idle: (fields) => sink.idle(fields),
        end: () => sink.end(),
        fail,
      }
    },
    read: () =>
      responses.map(({ headers, pieces }) => ({
        form: headers.get('content-type') === 'application/json' ? 'json' : 'events',
        bytes: Buffer.concat(pieces),
      })),
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
