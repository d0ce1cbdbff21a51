/** A legacy request whose client went: over HTTP a lost connection is no cancellation. */
import type { Exchange } from './back/back.js'

/** How long it may go on upstream, unless its place is needed. */
const orphanMs = 60_000

/**
 * What it goes on for keeps the exchange, with all that its client sent. When that is answered, the
 * rest of this time must not: clients that ask and go would fill the memory.
 */
export function orphan(exchange: Exchange | null): void {
  if (exchange === null) return
  exchange.orphan?.()
  const held = new WeakRef(exchange)
  setTimeout(() => held.deref()?.abort(), orphanMs).unref()
}
