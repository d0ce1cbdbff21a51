/**
 * What a server said that is for nobody. The first of a kind is told at once, what follows within a
 * second together at its end: nothing goes uncounted, and a server that floods cannot flood the
 * record.
 */
import type { DropReason } from '../exchange/connection-state.js'

/** As the audit has them. */
export type DropCode =
  | 'not-a-message'
  | 'a-response-to-no-request'
  | 'a-request-of-a-server'
  | 'nobody-listens'

/** `count`: how many since this was last told. */
export type TellDropped = (code: DropCode, count: number) => void

const codes: Readonly<Record<DropReason | 'noise', DropCode>> = {
  noise: 'not-a-message',
  'unknown-id': 'a-response-to-no-request',
  'may-not-ask': 'a-request-of-a-server',
  'nobody-listens': 'nobody-listens',
}
const quietMs = 1000

export class Drops {
  readonly #tell: TellDropped
  /** Since when last told; present while it is quiet about them. */
  readonly #counts = new Map<DropCode, number>()

  constructor(tell: TellDropped) {
    this.#tell = tell
  }

  dropped(reason: DropReason | 'noise'): void {
    const code = codes[reason]
    const count = this.#counts.get(code)
    if (count !== undefined) {
      this.#counts.set(code, count + 1)
      return
    }
    this.#tell(code, 1)
    this.#beQuiet(code)
  }

  #beQuiet(code: DropCode): void {
    this.#counts.set(code, 0)
    setTimeout(() => {
      const count = this.#counts.get(code) ?? 0
      this.#counts.delete(code)
      if (count === 0) return
      this.#tell(code, count)
      this.#beQuiet(code)
    }, quietMs).unref()
  }
}
