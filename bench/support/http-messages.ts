/**
 * Cuts a connection's bytes into HTTP/1.1 messages: head and body, as text. For the two ends of a
 * benchmark, which have to be cheaper than what stands between them: bodies with a
 * `Content-Length` only, ASCII only. Anything else throws, so that it cannot be measured by mistake.
 */

export interface HttpMessage {
  /** Start line and headers, without the empty line. */
  readonly head: string
  readonly body: string
}

const headEnd = '\r\n\r\n'
const contentLength = /\r\ncontent-length: *([0-9]+)/i

export class HttpMessages {
  #rest = ''

  /** The messages that these bytes complete. */
  push(bytes: Buffer): HttpMessage[] {
    let text = this.#rest + bytes.toString('latin1')
    const messages: HttpMessage[] = []
    for (;;) {
      const end = text.indexOf(headEnd)
      if (end < 0) break
      const head = text.slice(0, end)
      const start = end + headEnd.length
      const length = bodyLength(head)
      if (text.length < start + length) break
      messages.push({ head, body: text.slice(start, start + length) })
      text = text.slice(start + length)
    }
    this.#rest = text
    return messages
  }
}

function bodyLength(head: string): number {
  const length = contentLength.exec(head)?.[1]
  if (length !== undefined) return Number(length)
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('a body without Content-Length')
  return 0
}
