/**
 * How clients read messages out of what they get, with the code that they have: two parsers of
 * server-sent events, both SDKs' clients for Streamable HTTP, and readers of lines. None is the
 * gateway's own.
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { Readable, type Transform } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { Json, JsonObject } from '../../src/domain.js'

/** Texts that a client takes for messages. */
export type Reader = (chunks: readonly Uint8Array[]) => string[] | Promise<string[]>

const peers = createRequire(new URL('../../../test/peers/package.json', import.meta.url))
const own = createRequire(import.meta.url)
const load = (name: string) => import(pathToFileURL(peers.resolve(name)).href)

interface ParsedEvent {
  readonly event?: string
  readonly data: string
}
interface EventParser {
  createParser(callbacks: { onEvent: (event: ParsedEvent) => void }): { feed(text: string): void }
}
const { createParser }: EventParser = await load('eventsource-parser')

const isMessage = (type: string | undefined) =>
  type === undefined || type === '' || type === 'message'

function byEventParser(chunks: readonly Uint8Array[]): string[] {
  const found: string[] = []
  const decoder = new TextDecoder()
  const onEvent = ({ event, data }: ParsedEvent) => {
    if (isMessage(event)) found.push(data)
  }
  const parser = createParser({ onEvent })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
  return found
}

interface StreamEvent {
  readonly type: string
  readonly options: { readonly data: string }
}
type EventStream = new (options: object) => Transform
const { EventSourceStream }: { EventSourceStream: EventStream } = own(
  'undici/lib/web/eventsource/eventsource-stream.js',
)

async function byUndici(chunks: readonly Uint8Array[]): Promise<string[]> {
  const found: string[] = []
  const push = ({ type, options }: StreamEvent) => {
    if (type === 'message') found.push(options.data)
  }
  const stream = new EventSourceStream({ eventSourceSettings: {}, push })
  for (const chunk of chunks) stream.write(Buffer.from(chunk))
  stream.destroy()
  return found
}

interface ClientTransport {
  onmessage?: (message: Json) => void
  start(): Promise<void>
  send(message: JsonObject): Promise<void>
  close(): Promise<void>
}
interface ClientSdk {
  StreamableHTTPClientTransport: new (url: URL, options: object) => ClientTransport
}
const sdk1: ClientSdk = await load('@modelcontextprotocol/sdk/client/streamableHttp.js')
const sdk2: ClientSdk = await load('@modelcontextprotocol/client')

/** The SDK's own client, handed the bytes as the answer to its request. */
function bySdk({ StreamableHTTPClientTransport }: ClientSdk, type: string): Reader {
  return async (chunks) => {
    const found: string[] = []
    let ended: () => void = () => undefined
    const end = new Promise<void>((resolve) => {
      ended = resolve
    })
    const fetch = async () =>
      new Response(bodyOf(chunks, ended), { headers: { 'content-type': type } })
    const transport = new StreamableHTTPClientTransport(new URL('http://127.0.0.1:1/mcp'), {
      fetch,
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        reconnectionDelayGrowFactor: 1,
      },
    })
    transport.onmessage = (message) => found.push(JSON.stringify(message))
    await transport.start()
    // What is no answer at all is an error to the caller, not a message.
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' }).catch(() => undefined)
    await end
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    await transport.close()
    return found
  }
}

function bodyOf(chunks: readonly Uint8Array[], ended: () => void): ReadableStream<Uint8Array> {
  const rest = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift()
      if (next !== undefined) return controller.enqueue(Uint8Array.from(next))
      controller.close()
      ended()
    },
    cancel: ended,
  })
}

interface LineBuffer {
  append(chunk: Buffer): void
  readMessage(): Json
}
interface LineSdk {
  ReadBuffer: new () => LineBuffer
}
const lines1: LineSdk = await load('@modelcontextprotocol/sdk/shared/stdio.js')
const lines2: LineSdk = sdk2 as unknown as LineSdk

/** The SDKs' reader of a server's standard output: what it cannot read it reports and skips. */
function byReadBuffer({ ReadBuffer }: LineSdk): Reader {
  return (chunks) => {
    const found: string[] = []
    const buffer = new ReadBuffer()
    for (const chunk of chunks) buffer.append(Buffer.from(chunk))
    for (;;) {
      try {
        const message = buffer.readMessage()
        if (message === null) return found
        found.push(JSON.stringify(message))
      } catch {
        // As the transports do.
      }
    }
  }
}

/** Node's reader of lines, which also ends them at CR, U+2028 and U+2029. */
async function byReadline(chunks: readonly Uint8Array[]): Promise<string[]> {
  const found: string[] = []
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    found.push(line)
  }
  return found
}

const byJson: Reader = (chunks) => [new TextDecoder().decode(Buffer.concat(chunks))]

export interface Readers {
  /** Cheap enough for every case. */
  readonly always: Readonly<Record<string, Reader>>
  readonly sometimes: Readonly<Record<string, Reader>>
}

export const readers: Readonly<Record<'events' | 'lines' | 'json', Readers>> = {
  events: {
    always: { 'eventsource-parser': byEventParser, undici: byUndici },
    sometimes: {
      'SDK v1': bySdk(sdk1, 'text/event-stream'),
      'SDK v2': bySdk(sdk2, 'text/event-stream'),
    },
  },
  lines: {
    always: { 'SDK v1': byReadBuffer(lines1), 'SDK v2': byReadBuffer(lines2) },
    sometimes: { readline: byReadline },
  },
  json: {
    always: { 'JSON.parse': byJson },
    sometimes: {
      'SDK v1': bySdk(sdk1, 'application/json'),
      'SDK v2': bySdk(sdk2, 'application/json'),
    },
  },
}
