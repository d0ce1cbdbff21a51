/**
 * A `fetch` that keeps what went over the wire, before any SDK has interpreted it: the method asked
 * for, the status, and each message of the answer as its own text. Streams are kept as they come.
 */
import { createParser } from 'eventsource-parser'

export function recording() {
  const exchanges = []
  const reading = []

  async function recordingFetch(url, init = {}) {
    const exchange = { asked: askedOf(init), status: 0, type: null, messages: [] }
    exchanges.push(exchange)
    const response = await fetch(url, init)
    exchange.status = response.status
    exchange.type = response.headers.get('content-type')
    const kept = response.clone()
    // A stream that was cut off has delivered what it delivered.
    const read = readAll(kept, exchange).catch(() => undefined)
    if (exchange.asked !== 'GET') reading.push(read)
    return response
  }

  return { fetch: recordingFetch, exchanges, settled: () => Promise.all(reading) }
}

function askedOf({ method = 'GET', body }) {
  if (method !== 'POST') return method
  const message = JSON.parse(body)
  return message.method ?? 'response'
}

async function readAll(response, { messages }) {
  if (response.body === null) return
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const text = await response.text()
    if (text !== '') messages.push(text)
    return
  }
  const parser = createParser({ onEvent: ({ data }) => data !== '' && messages.push(data) })
  const decoder = new TextDecoder()
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }))
}
