/**
 * Lines out of a server's standard output, a line each message (stdio transport). An empty line is
 * none. Never holds more than the limit: a longer line is told once, and nothing is read after it,
 * since where the next message begins can no longer be known.
 */
import { ByteBuffer } from '../../lib/bytes.js'

const lineFeed = 0x0a
const carriageReturn = 0x0d

export class LineReader {
  readonly #maxBytes: number
  readonly #held = new ByteBuffer()
  #tooLong = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Calls `onLine` for each line that is complete; false: a line is over the limit. */
  push(chunk: Uint8Array, onLine: (line: Uint8Array) => void): boolean {
    let from = 0
    while (!this.#tooLong) {
      const end = chunk.indexOf(lineFeed, from)
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end)
      if (this.#held.length + piece.length > this.#maxBytes) {
        this.#held.take()
        this.#tooLong = true
        break
      }
      if (piece.length > 0) this.#held.append(piece)
      if (end < 0) return true
      from = end + 1
      const line = trimmed(this.#held.take())
      if (line.length > 0) onLine(line)
    }
    return false
  }
}

function trimmed(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === carriageReturn ? line.subarray(0, -1) : line
}
