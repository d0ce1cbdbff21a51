/**
 * A list that was asked for, learnt as its pages come: whether it is everybody's or the asker's own,
 * and what its items are to be judged by. What was asked for before the server said that its list
 * changed, or before it was forgotten, is not learnt any more.
 */
import type { Definitions, ListKind } from '../domain.js'
import type { Clock } from '../lib/clock.js'
import { maxPages } from './list.js'
import type { Items, ReadItems } from './said.js'
import type { Scope } from './scope.js'
import type { Kept, Store } from './store.js'
import { agreed, spoken } from './view.js'

/** One page of a list answer. */
export interface PageRead extends Items {
  /** The cursor that was asked with; null: the first page. */
  readonly cursor: string | null
  /** The cursor of the next page; null: this is the last one. */
  readonly next: string | null
  /** The server calls the list the same for everybody (2026-07-28, `cacheScope`). */
  readonly shared: boolean
}

/** A list that was asked for; its pages are learnt as they come. */
export interface Reading {
  /** The cursor to go on with; null: this was the last page, or the last that is kept. */
  readonly next: string | null
  /** Learns a page. What comes back is what its items are to be judged by. */
  page(page: PageRead): Promise<Definitions | null>
}

/** Where what is known for a scope is kept. */
export interface Keys {
  readonly scope: Scope
  readonly own: string
  readonly shared: string | null
}

export interface ReadingParts {
  readonly store: Store
  readonly clock: Clock
  readonly readItems: ReadItems
  readonly viewOf: (keys: Keys) => Definitions | null
}

/** `forAll`: asked for with nothing of one caller, so that only what is everybody's is learnt. */
export type StartReading = (keys: Keys, kind: ListKind, forAll: boolean) => Reading

export function createReadings({ store, clock, readItems, viewOf }: ReadingParts): StartReading {
  /** Where a list that is asked for now is kept, as long as that is still so when it comes. */
  function target(key: string, kind: ListKind) {
    const kept: Kept = store.findOrMake(key)
    const list = kept.lists[kind]
    const { changes } = list
    return {
      list,
      isCurrent: () => store.find(key) === kept && list.changes === changes,
      grown: () => store.grown(key, kept),
    }
  }

  return (keys, kind, forAll) => {
    const own = target(keys.own, kind)
    const shared = keys.shared === null ? null : target(keys.shared, kind)
    let pages = 0
    let following: string | null = null
    let wasPublic = false

    /**
     * A caller chooses its cursor: what everybody believes is read from the first page on. Where the
     * server led to a page from a public one, another caller who begins anew meanwhile is no matter.
     */
    function publicTarget({ cursor, shared: isShared }: PageRead) {
      if (shared === null) return null
      if (forAll && !isShared) shared.list.forget()
      const isLed = wasPublic && cursor !== null && cursor === following
      return isShared && (isLed || shared.list.continues(cursor)) ? shared : null
    }

    return {
      get next() {
        return following
      },
      async page(page) {
        const { cursor, next } = page
        const said = await readItems(kind, page)
        const publicly = publicTarget(page)
        wasPublic = publicly !== null
        pages += 1
        following = null
        // Asked for with nothing of the caller, it says nothing of the caller's own list.
        if (forAll && publicly === null) return spoken(kind, said)
        const [into, other] = publicly === null ? [own, shared] : [publicly, own]
        if (!into.isCurrent()) return spoken(kind, said)
        if (cursor === null || publicly !== null) other?.list.forget()
        const isLearnt = into.list.learn({ said, cursor, next }, clock.monotonicMs())
        into.grown()
        if (isLearnt && pages < maxPages && next !== cursor) following = next
        return agreed(viewOf(keys), kind, said)
      },
    }
  }
}
