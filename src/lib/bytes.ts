/** Byte arrays: joining pieces, reading text, and a buffer that pieces of any size are appended to. */
import { Buffer, isUtf8 } from 'node:buffer'

export { isUtf8 }

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of bytes that are known to be UTF-8. */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  // What a socket hands over is a Buffer, which needs no new view for a part of it.
  return Buffer.isBuffer(bytes)
    ? bytes.toString('utf8', from, to)
    : decoder.decode(bytes.subarray(from, to))
}

/** One piece is returned as it is, not copied. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const empty = new Uint8Array()

/**
 * Collects bytes in twice their size at most, however small the pieces are. A list of pieces would
 * cost some hundred bytes for each, which a sender of single bytes could choose.
 */
export class ByteBuffer {
  #bytes: Uint8Array = empty
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Uint8Array): void {
    if (this.#length === 0 && this.#bytes.length === 0) {
      // Most messages come in one piece: it is kept as it is until there is a second.
      this.#bytes = piece
      this.#length = piece.length
      return
    }
    const needed = this.#length + piece.length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#length * 2, 1024))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(piece, this.#length)
    this.#length = needed
  }

  /** What was collected; the buffer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = empty
    this.#length = 0
    return taken
  }
}
