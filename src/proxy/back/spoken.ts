/**
 * What a server writes to standard error, for the operator's log: printable lines of bounded length,
 * and no more of them than a log can bear. A server that floods is heard a little each second, and
 * how much was left out is said once a second.
 */
import type { Clock } from '../../lib/clock.js'
import { cutText, escapeUnprintable } from '../../lib/printable.js'

export interface SpokenOptions {
  readonly clock: Clock
  readonly write: (line: string) => void
}

const maxLineBytes = 4096
const maxLinesPerSecond = 50
const lineEnd = /\r\n|\n|\r/

/** One server's processes share it, and so its rate. */
export class SpokenLines {
  readonly #options: SpokenOptions
  #secondMs = Number.NEGATIVE_INFINITY
  #lines = 0
  #dropped = 0

  constructor(options: SpokenOptions) {
    this.#options = options
  }

  line(text: string): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#secondMs >= 1000) this.#newSecond(nowMs)
    this.#lines += 1
    if (this.#lines > maxLinesPerSecond) this.#dropped += 1
    else this.#options.write(escapeUnprintable(cutText(text, maxLineBytes)))
  }

  #newSecond(nowMs: number): void {
    if (this.#dropped > 0) this.#options.write(`${this.#dropped} lines were left out`)
    this.#secondMs = nowMs
    this.#lines = 0
    this.#dropped = 0
  }
}

/** Text of one process, cut into lines; the rest of a line that is too long is left out. */
export class TextLines {
  readonly #decoder = new TextDecoder()
  readonly #onLine: (text: string) => void
  #held = ''
  #cut = false

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Uint8Array): void {
    const pieces = this.#decoder.decode(chunk, { stream: true }).split(lineEnd)
    const last = pieces.pop() ?? ''
    for (const piece of pieces) {
      this.#add(piece)
      this.end()
      this.#cut = false
    }
    this.#add(last)
  }

  /** What was said last need not end its line. */
  end(): void {
    if (this.#held.trim() !== '') this.#onLine(this.#held)
    this.#held = ''
  }

  #add(piece: string): void {
    if (this.#cut) return
    this.#held += piece.slice(0, maxLineBytes - this.#held.length + 1)
    this.#cut = this.#held.length > maxLineBytes
  }
}
