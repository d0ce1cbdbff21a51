/** A legacy request whose client went: over HTTP a lost connection is no cancellation. */
import type { Exchange } from './back/back.js'

/** How long it may go on upstream, unless its place is needed. */
const orphanMs = 60_000

export function orphan(exchange: Exchange | null): void {
  if (exchange === null) return
  exchange.orphan?.()
  setTimeout(() => exchange.abort(), orphanMs).unref()
}
