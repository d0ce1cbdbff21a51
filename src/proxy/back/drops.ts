/** What a server said that is for nobody: counted, and told to the operator at most once a second. */
import type { Observer } from '../../domain.js'
import type { Clock } from '../../lib/clock.js'
import type { DropReason } from '../exchange/connection-state.js'

export interface DropsOptions {
  readonly clock: Clock
  readonly observer: Observer
  readonly server: string
}

export type Dropped = DropReason | 'noise'

const texts: Readonly<Record<Dropped, string>> = {
  noise: 'a server said what is no message',
  'unknown-id': 'a server answered what nobody asked, or asked twice',
  'nobody-listens': 'nobody was there to hear a server',
}
const quietMs = 1000

export class Drops {
  readonly #options: DropsOptions
  readonly #counts = new Map<Dropped, number>()
  readonly #toldMs = new Map<Dropped, number>()

  constructor(options: DropsOptions) {
    this.#options = options
  }

  dropped(reason: Dropped): void {
    const { clock, observer, server } = this.#options
    const count = (this.#counts.get(reason) ?? 0) + 1
    this.#counts.set(reason, count)
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#toldMs.get(reason) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    this.#toldMs.set(reason, nowMs)
    observer.log?.('warn', texts[reason], { server, count })
  }
}
