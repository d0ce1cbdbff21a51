/**
 * Carries out a batch (2025-03-26): every element passes the whole pipeline by itself, so that each is
 * judged, charged and recorded, and is sent on as a single message. Their answers come on one event
 * stream, each as an event of its own; where none is due the batch is accepted when all have passed.
 */
import type { Json, Message, RawHeaders } from '../domain.js'
import { expectsAnswer } from '../mcp/batch.js'
import { readMessage } from '../mcp/json-rpc.js'
import { corsHeaders } from './cors.js'
import { Channel } from './front/channel.js'
import { ChannelInbound } from './front/channel-inbound.js'
import { eventsOut } from './front/framings.js'
import type { Inbound } from './inbound.js'
import type { HttpAnswer } from './outcome.js'

/** Resolves when every element has its answer. */
export async function carryOutBatch(
  inbound: Inbound,
  elements: readonly Json[],
  handle: (element: Inbound) => Promise<void>,
): Promise<void> {
  const { sink, rawHeaders } = inbound
  const answers = elements.some(expectsAnswer)
  const channel = new Channel(eventsOut(sink, null))
  const exchanges = elements.map((element) => elementOf(inbound, element, channel))
  inbound.onGone((why) => {
    for (const { exchange } of exchanges) exchange.abort(why)
  })
  if (answers) void sink.head({ status: 200, framing: 'sse', headers: headersOf(rawHeaders) })
  for (const { exchange } of exchanges) {
    handle(exchange).catch(() => exchange.abort('client', 'internal error'))
  }
  await Promise.all(exchanges.map(({ exchange }) => exchange.ended))
  await channel.below(1)
  if (answers) return void sink.end()
  const refused = exchanges.map(({ refusal }) => refusal()).find((answer) => answer !== null)
  inbound.reply(refused ?? { status: 202, headers: corsHeaders(rawHeaders), body: null })
}

function elementOf(
  { transport, target, ip, connection, owner, rawHeaders }: Inbound,
  element: Json,
  channel: Channel,
): { readonly exchange: ChannelInbound; readonly refusal: () => HttpAnswer | null } {
  let refused: HttpAnswer | null = null
  const exchange = new ChannelInbound(
    {
      transport,
      verb: 'POST',
      target,
      ip,
      connection,
      owner,
      rawHeaders,
      body: Buffer.from(JSON.stringify(element)),
      asked: messageOf(element),
      // The events of a batch are many exchanges': none has an id to take it up from.
      resumes: false,
    },
    channel,
    {
      refused(answer) {
        if (answer.status >= 400) refused = answer
        return false
      },
    },
  )
  return { exchange, refusal: () => refused }
}

function messageOf(element: Json): Message | null {
  const read = readMessage(element)
  return read.ok ? read.message : null
}

function headersOf(rawHeaders: RawHeaders): Map<string, string> {
  const headers = new Map([['cache-control', 'no-store, no-transform']])
  const cors = corsHeaders(rawHeaders)
  for (let index = 0; index + 1 < cors.length; index += 2) {
    headers.set(cors[index] ?? '', cors[index + 1] ?? '')
  }
  return headers
}
