/**
 * The transport of 2024-11-05 on the client's side: a stream that names a place to post to, and posts
 * that are told only that they were accepted, since their answers come on the stream. A stream's
 * place belongs to the principal that opened it; another's post finds nothing there. The stream's end
 * ends the session at the server. Streams live in this process: no other one knows their places.
 */
import { randomBytes } from 'node:crypto'
import type { RawHeaders } from '../../domain.js'
import { headerValues } from '../../lib/headers.js'
import type { JsonLimits } from '../../mcp/json.js'
import { corsHeaders } from '../cors.js'
import type { Inbound } from '../inbound.js'
import { Channel } from './channel.js'
import { eventsOut } from './framings.js'
import { Readdressed } from './readdressed.js'
import { type Poster, StreamableClient } from './streamable-client.js'
import { within } from './within.js'

/** What is asked of the gateway about a request. */
export interface SseGate {
  /** The pipeline. */
  handle(inbound: Inbound): Promise<void>
  /** Opens the stream if the policy allows it; refuses and records otherwise. */
  open(
    inbound: Inbound,
    onOpen: (downlink: { readonly owner: string; end(): void }) => () => void,
  ): Promise<void>
  /** Whether the body may be read; where not, the request has its answer. */
  mayPost(inbound: Inbound): Promise<boolean>
  /** A message that is handed to nobody. Must not throw. */
  unusable(code: string, inbound: Inbound): void
}

export interface SseFront {
  /** Null: the request is none of this transport's. */
  handlerOf(inbound: Inbound): ((inbound: Inbound) => Promise<void>) | null
  /** Lets pending answers finish until the deadline, then ends every stream. */
  drain(deadlineMs: number): Promise<void>
}

interface Stream {
  readonly path: string
  readonly owner: string
  readonly client: StreamableClient
  end(): void
}

const endpoint = /^(.+)\/messages\?session=([A-Za-z0-9_-]{22})$/
const stream = '/sse'
const acceptedHeaders = [
  'content-type',
  'text/plain',
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
]
/** How long servers may take to end their sessions when the gateway stops. */
const endSessionMs = 2000
/** What a post carries on to the request that is made of it. */
const carried = ['host', 'origin', 'authorization', 'x-api-key', 'content-type', 'traceparent']

export interface SseFrontOptions {
  readonly paths: ReadonlySet<string>
  readonly jsonLimits: JsonLimits
  /** In lower case: what a post carries on beside `carried`. */
  readonly credentialHeaders?: readonly string[]
}

export function createSseFront(
  { paths, jsonLimits, credentialHeaders = [] }: SseFrontOptions,
  gate: SseGate,
): SseFront {
  const streams = new Map<string, Stream>()
  const ending = new Set<Promise<void>>()
  const carriedNames = [...carried, ...credentialHeaders]
  const carriedOf = ({ rawHeaders }: Inbound) => headersOf(rawHeaders, carriedNames)
  let draining = false

  function handlerOf({ verb, target }: Inbound): ((inbound: Inbound) => Promise<void>) | null {
    const path = target.endsWith(stream) ? target.slice(0, -stream.length) : null
    if (path !== null && paths.has(path) && verb !== 'POST' && verb !== 'DELETE') {
      return (inbound) => openStream(inbound, path)
    }
    if (!target.includes('?')) return null
    const [, posted = '', id = ''] = endpoint.exec(target) ?? []
    if (!paths.has(posted) || (verb !== 'POST' && verb !== 'OPTIONS')) return null
    return (inbound) => handlePost(inbound, posted, id)
  }

  function openStream(inbound: Inbound, path: string): Promise<void> {
    const readdressed = new Readdressed(inbound, path)
    return gate.open(readdressed, ({ owner, end }) => {
      const id = randomBytes(16).toString('base64url')
      const channel = new Channel(eventsOut(inbound.sink, 'message'))
      const client = new StreamableClient(
        {
          transport: 'sse',
          target: path,
          jsonLimits,
          channel,
          handle: gate.handle,
          unusable: (code) => gate.unusable(code, readdressed),
        },
        {
          headers: carriedOf(inbound),
          ip: inbound.ip,
          connection: inbound.connection,
          owner,
        },
      )
      const uri = `${path}/messages?session=${id}`
      void inbound.sink.message(Buffer.from(uri), { event: 'endpoint' })
      function over(): void {
        if (!streams.delete(id)) return
        // Whoever still reads is told what becomes of its calls.
        if (draining) client.leave('stopping')
        channel.close()
        client.leave('client')
        const ended = client.endSession().finally(() => ending.delete(ended))
        ending.add(ended)
      }
      const endStream = () => {
        if (!streams.has(id)) return
        client.leave('stopping')
        end()
        over()
      }
      streams.set(id, { path, owner, client, end: endStream })
      return over
    })
  }

  async function handlePost(inbound: Inbound, path: string, id: string): Promise<void> {
    const found = streams.get(id)
    const known = found?.path === path ? found : null
    const readdressed = new Readdressed(inbound, path, known?.owner ?? null)
    if (inbound.verb === 'OPTIONS' || known === null) return gate.handle(readdressed)
    if (!(await gate.mayPost(readdressed))) return
    const body = await inbound.readBody()
    if (!body.ok) {
      readdressed.readBody = () => Promise.resolve(body)
      return gate.handle(readdressed)
    }
    await known.client.room()
    // It ended meanwhile: nobody would see the answer, nor end a session that this begins.
    if (streams.get(id) !== known) return gate.handle(new Readdressed(inbound, path, null))
    const { ip, connection } = inbound
    const origin = { headers: carriedOf(inbound), ip, connection, owner: known.owner }
    await known.client.post(body.bytes, posterOf(inbound), origin)
  }

  return {
    handlerOf,
    async drain(deadlineMs) {
      draining = true
      const all = [...streams.values()]
      await within(deadlineMs, Promise.all(all.map(({ client }) => client.answered())))
      for (const { end } of all) end()
      await within(endSessionMs, Promise.all(ending))
    },
  }
}

/** Policy speaks on the stream; what HTTP says by a status is said to the post. */
function posterOf(inbound: Inbound): Poster {
  let told = false
  const accept = () => {
    const headers = [...acceptedHeaders, ...corsHeaders(inbound.rawHeaders)]
    if (!told) inbound.reply({ status: 202, headers, body: 'Accepted' })
    told = true
  }
  return {
    accepted: accept,
    refused(answer) {
      if (told || answer.status < 300) {
        accept()
        return false
      }
      told = true
      inbound.reply(answer)
      return true
    },
  }
}

function headersOf(rawHeaders: RawHeaders, names: readonly string[]): string[] {
  return names.flatMap((name) => headerValues(rawHeaders, name).flatMap((value) => [name, value]))
}
