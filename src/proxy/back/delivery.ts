/**
 * What one exchange gets, in order and at its reader's pace. While its sink asks to wait, what comes
 * is kept here, so that one slow reader does not hold the others up; the bytes kept are told to the
 * connection, which stops reading when they are many.
 */
import { asGuardError, type GuardError } from '../../errors.js'
import type { AnswerHead, Flow, FrameSink } from '../frames.js'

/** A message is handed on in pieces of this size, as a socket would. */
const pieceBytes = 64 * 1024
const noHeaders: ReadonlyMap<string, string> = new Map()

export class Delivery {
  readonly #sink: FrameSink
  readonly #kept: (change: number) => void
  #tail: Promise<void> | null = null
  #over = false

  /** `kept`: told how many bytes more, or fewer, wait for this reader. */
  constructor(sink: FrameSink, kept: (change: number) => void) {
    this.#sink = sink
    this.#kept = kept
  }

  /** The sink works on something, or its reader is slow. */
  get busy(): boolean {
    return this.#tail !== null
  }

  head(head: AnswerHead): void {
    this.#run(0, () => this.#sink.head(head))
  }

  message(bytes: Uint8Array): void {
    let at = 0
    for (; bytes.length - at > pieceBytes; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes)
      this.#run(piece.length, () => this.#sink.part(piece))
    }
    const last = bytes.subarray(at)
    this.#run(last.length, () => this.#sink.message(last, {}))
  }

  end(): void {
    this.#run(0, () => {
      this.#over = true
      return this.#sink.end()
    })
  }

  fail(error: GuardError): void {
    this.#run(0, () => {
      this.#over = true
      this.#sink.fail(error)
      return undefined
    })
  }

  /** A whole answer without a body. */
  status(status: number): void {
    this.head({ status, framing: 'none', headers: noHeaders })
    this.end()
  }

  /** The sink hears nothing more. */
  stop(): void {
    this.#over = true
  }

  #run(size: number, work: () => Flow): void {
    const guarded = () => (this.#over ? undefined : work())
    try {
      const flow = this.#tail === null ? guarded() : this.#tail.then(() => guarded() ?? undefined)
      if (flow !== undefined) this.#follow(flow, size)
    } catch (thrown) {
      this.#broken(thrown)
    }
  }

  #follow(flow: Promise<void>, size: number): void {
    this.#kept(size)
    const tail = flow
      .catch((thrown: unknown) => this.#broken(thrown))
      .then(() => {
        if (this.#tail === tail) this.#tail = null
        this.#kept(-size)
      })
    this.#tail = tail
  }

  #broken(thrown: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#sink.fail(asGuardError(thrown, 'GUARD_INTERNAL', 'the answer could not be passed on'))
  }
}
