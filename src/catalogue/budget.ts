/**
 * How much one principal may make the gateway ask one upstream for lists: pages at once and pages
 * over time. Sessions are cheap to open and forgotten again, so that what rests per session bounds
 * nobody; this is kept apart from what is known. Not for lists that clients ask for themselves:
 * those are messages like any other, with limits of their own.
 */

/** Lists that are asked for at the same time. */
export const maxAsking = 16
/** Pages that may be asked for at once after a rest, and within any further minute. */
export const pagesPerMinute = 600
/** A pair that was forgotten starts anew; within a minute it would have anyway. */
const maxPairs = 10_000

const perMs = pagesPerMinute / 60_000

interface Account {
  pages: number
  atMs: number
  asking: number
}

export interface Budget {
  /** The first page of one more list; false: not now. To be given back by `done`. */
  start(key: string, nowMs: number): boolean
  /** One more page of a list that was started. */
  more(key: string, nowMs: number): boolean
  done(key: string): void
}

export function createBudget(maxKeys = maxPairs): Budget {
  /** In the order of their last use. */
  const accounts = new Map<string, Account>()

  function account(key: string, nowMs: number): Account {
    const found = accounts.get(key) ?? { pages: pagesPerMinute, atMs: nowMs, asking: 0 }
    found.pages = Math.min(pagesPerMinute, found.pages + (nowMs - found.atMs) * perMs)
    found.atMs = nowMs
    accounts.delete(key)
    accounts.set(key, found)
    for (const oldest of accounts.keys()) {
      if (accounts.size <= maxKeys) break
      accounts.delete(oldest)
    }
    return found
  }

  function take(from: Account): boolean {
    if (from.pages < 1) return false
    from.pages -= 1
    return true
  }

  return {
    start(key, nowMs) {
      const from = account(key, nowMs)
      if (from.asking >= maxAsking || !take(from)) return false
      from.asking += 1
      return true
    },
    more: (key, nowMs) => take(account(key, nowMs)),
    done(key) {
      const from = accounts.get(key)
      if (from !== undefined && from.asking > 0) from.asking -= 1
    },
  }
}
