/** A client over HTTP+SSE: posts to the place that its stream names, reads the stream's messages. */
import type { Gateway } from './gateway.js'

export interface SseRig {
  send(message: object): Promise<void>
  /** Where messages are posted. */
  readonly place: string
  /** The next message with this id; others before it are passed over. */
  receives(id: unknown): Promise<Record<string, unknown>>
  /** The next message, whatever it is. */
  next(): Promise<Record<string, unknown>>
  close(): void
}

export async function serveSse(gateway: Gateway, path = '/mcp/up'): Promise<SseRig> {
  const connection = await gateway.open({ verb: 'GET', path: `${path}/sse` })
  await connection.head()
  let rest = ''

  async function nextData(): Promise<string> {
    for (;;) {
      const end = rest.indexOf('\n\n')
      const text = rest.slice(0, Math.max(end, 0))
      if (end >= 0) rest = rest.slice(end + 2)
      const data = /^data: (.*)$/m.exec(text)?.[1]
      if (data !== undefined) return data
      if (end >= 0) continue
      const piece = await connection.piece()
      if (piece === null) throw new Error(`the stream ended after ${rest}`)
      rest += piece.toString()
    }
  }

  const place = await nextData()
  return {
    place,
    next: async () => JSON.parse(await nextData()),
    async send(message) {
      const { status, body } = await gateway.send({ path: place, body: message })
      if (status !== 202) throw new Error(`${status} ${body}`)
    },
    async receives(id) {
      for (;;) {
        const message = JSON.parse(await nextData())
        if (message.id === id) return message
      }
    },
    close: () => connection.close(),
  }
}
