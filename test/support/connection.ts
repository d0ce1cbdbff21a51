/**
 * An HTTP/1.1 client of bytes: what is sent is exactly what the test wrote, what arrives is read
 * only when the test asks for it, so that slow, silent, pipelining and vanishing clients can be
 * played. Knows framing, nothing of MCP.
 */
import { connect, type Socket } from 'node:net'

export interface Head {
  readonly status: number
  /** Names in lower case; a header that came twice is one text with a comma. */
  readonly headers: ReadonlyMap<string, string>
}

export interface Answer extends Head {
  readonly body: string
}

type Framing = { type: 'none' } | { type: 'length'; left: number } | { type: 'chunked' | 'close' }

export class Connection {
  readonly #socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false
  #framing: Framing = { type: 'none' }
  /** Bytes of the chunk being read; 0: a chunk's head comes next. */
  #chunkLeft = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#ended = true
    })
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject)
    })
    return new Connection(socket)
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Reads one status line and its headers; null when the connection ended instead. */
  async head(): Promise<Head | null> {
    let end = this.#buffer.indexOf('\r\n\r\n')
    while (end < 0) {
      if (!(await this.#more())) return null
      end = this.#buffer.indexOf('\r\n\r\n')
    }
    const [first = '', ...lines] = this.#take(end + 4)
      .toString('latin1')
      .trimEnd()
      .split('\r\n')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      const before = headers.get(name)
      headers.set(name, before === undefined ? value : `${before}, ${value}`)
    }
    const status = Number(first.split(' ')[1])
    this.#framing = framingOf(status, headers)
    this.#chunkLeft = 0
    return { status, headers }
  }

  /** Some more bytes of the body; null at its end. Throws when it was broken off. */
  async piece(): Promise<Buffer | null> {
    const framing = this.#framing
    if (framing.type === 'none') return null
    if (framing.type === 'close') {
      if (this.#buffer.length === 0 && !(await this.#more())) return null
      return this.#take(this.#buffer.length)
    }
    if (framing.type === 'length') {
      if (framing.left === 0) return null
      const piece = await this.#upTo(framing.left)
      framing.left -= piece.length
      return piece
    }
    if (this.#chunkLeft === 0) {
      this.#chunkLeft = Number.parseInt(await this.#line(), 16)
      if (this.#chunkLeft === 0) {
        await this.#line()
        this.#framing = { type: 'none' }
        return null
      }
    }
    const piece = await this.#upTo(this.#chunkLeft)
    this.#chunkLeft -= piece.length
    if (this.#chunkLeft === 0) await this.#line()
    return piece
  }

  async body(): Promise<string> {
    const pieces: Buffer[] = []
    for (let piece = await this.piece(); piece !== null; piece = await this.piece()) {
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString()
  }

  async answer(): Promise<Answer> {
    const head = await this.head()
    if (head === null) throw new Error('the connection was closed without an answer')
    return { ...head, body: await this.body() }
  }

  /** Reads the body until it contains `text`; returns all of it that was read by this call. */
  async until(text: string): Promise<string> {
    let read = ''
    while (!read.includes(text)) {
      const piece = await this.piece()
      if (piece === null) throw new Error(`the body ended before ${JSON.stringify(text)}: ${read}`)
      read += piece.toString()
    }
    return read
  }

  /** Resolves when the other side has closed; what it sent before is thrown away. */
  async closed(): Promise<void> {
    while (await this.#more()) this.#buffer = Buffer.alloc(0)
  }

  close(): void {
    this.#socket.destroy()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #upTo(length: number): Promise<Buffer> {
    if (this.#buffer.length === 0 && !(await this.#more())) throw new Error('broken off')
    return this.#take(Math.min(length, this.#buffer.length))
  }

  async #line(): Promise<string> {
    let end = this.#buffer.indexOf('\r\n')
    while (end < 0) {
      if (!(await this.#more())) throw new Error('broken off')
      end = this.#buffer.indexOf('\r\n')
    }
    return this.#take(end + 2)
      .toString('latin1')
      .trimEnd()
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read()
      if (chunk !== null) {
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
        return true
      }
      if (this.#ended || this.#socket.readableEnded) return false
      await new Promise<void>((resolve) => {
        const settle = () => {
          for (const event of ['readable', 'end', 'close']) this.#socket.off(event, settle)
          resolve()
        }
        for (const event of ['readable', 'end', 'close']) this.#socket.on(event, settle)
      })
    }
  }
}

function framingOf(status: number, headers: ReadonlyMap<string, string>): Framing {
  if (status < 200 || status === 204) return { type: 'none' }
  if (headers.get('transfer-encoding') === 'chunked') return { type: 'chunked' }
  const length = headers.get('content-length')
  return length === undefined ? { type: 'close' } : { type: 'length', left: Number(length) }
}
