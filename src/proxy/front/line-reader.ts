/**
 * Bytes of any size → lines without their line feed, none longer than the limit. What is too long is
 * told once and skipped to its end. Blank lines are none.
 */
import { ByteBuffer } from '../../lib/bytes.js'

export interface LineEvents {
  line(bytes: Uint8Array): void
  tooLong(): void
}

export class LineReader {
  readonly #maxBytes: number
  readonly #events: LineEvents
  readonly #held = new ByteBuffer()
  #skipping = false

  constructor(maxBytes: number, events: LineEvents) {
    this.#maxBytes = maxBytes
    this.#events = events
  }

  push(chunk: Uint8Array): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(0x0a, start)
      this.#append(chunk.subarray(start, end === -1 ? chunk.length : end))
      if (end === -1) return
      this.#endLine()
      start = end + 1
    }
  }

  /** No more comes. True: something was left that is no line. */
  finish(): boolean {
    return !this.#skipping && !isBlank(this.#held.take())
  }

  #append(bytes: Uint8Array): void {
    if (this.#skipping || bytes.length === 0) return
    this.#held.append(bytes)
    if (this.#held.length <= this.#maxBytes) return
    this.#held.take()
    this.#skipping = true
    this.#events.tooLong()
  }

  #endLine(): void {
    const skipped = this.#skipping
    this.#skipping = false
    const line = this.#held.take()
    if (!skipped && !isBlank(line)) this.#events.line(line)
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}
