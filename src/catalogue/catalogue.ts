/**
 * What upstreams said of their tools, prompts and resources: learnt from the lists that pass, asked
 * for where a message names an item that is not known, and believed for a limited time. In memory,
 * bounded in entries and bytes; what was used longest ago is forgotten first, and asked for again.
 * Decides nothing and speaks to nobody: whoever asks an upstream is passed in.
 */
import type { Definitions, ListKind } from '../domain.js'
import type { Clock } from '../lib/clock.js'
import { maxPages } from './list.js'
import { createItemReader, type Items } from './said.js'
import { ownKey, type Scope, sharedKey } from './scope.js'
import { createStore, type Kept } from './store.js'
import { agreed, createViews, type Lists, listKindOf, spoken } from './view.js'

export type { Item, Items } from './said.js'
export type { Scope } from './scope.js'

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

export interface NamedItem {
  readonly type: string
  readonly id: string
}

/** Asks the upstream for all pages of a list. What goes wrong is for whoever asks to tell. */
export type AskForList = (kind: ListKind, reading: Reading) => Promise<void>

export interface Catalogue {
  /** null: nothing is known of any item. The same object for the same state of knowledge. */
  view(scope: Scope): Definitions | null
  /** Resolves when asking could not tell more of these items; null: that is so already. */
  ensure(scope: Scope, items: readonly NamedItem[], ask: AskForList): Promise<void> | null
  /** To be called when a list is asked for: what changes from then on is not learnt. */
  reading(scope: Scope, kind: ListKind): Reading
  /** For a list that nobody asked for: what its items are to be judged by. Learns nothing. */
  unasked(scope: Scope, kind: ListKind, list: Items): Promise<Definitions | null>
  /** The server says that these lists have changed. */
  changed(scope: Scope, kinds: readonly ListKind[]): void
  /** The session is over. */
  drop(scope: Scope): void
}

export interface CatalogueOptions {
  readonly clock: Clock
  readonly maxAgeMs: number
}

/** A list may turn out to be kept elsewhere, or change while it is read. */
const maxTurns = 3

interface Keys {
  readonly scope: Scope
  readonly own: string
  readonly shared: string | null
}

export function createCatalogue({ clock, maxAgeMs }: CatalogueOptions): Catalogue {
  const store = createStore(maxAgeMs)
  const readItems = createItemReader()
  const viewOf = createViews()
  let last: Keys | null = null

  /** An exchange asks several times with the same object. */
  function keysOf(scope: Scope): Keys {
    if (last === null || last.scope !== scope) {
      last = { scope, own: ownKey(scope), shared: sharedKey(scope) }
    }
    return last
  }

  function view(scope: Scope): Definitions | null {
    const keys = keysOf(scope)
    const own = store.find(keys.own)
    const shared = store.find(keys.shared)
    const kept = own ?? shared
    if (kept === null) return null
    const nowMs = clock.monotonicMs()
    const known = (kind: ListKind) => listIn(own, shared, kind, nowMs)?.known(nowMs) ?? null
    const lists: Lists = {
      tools: known('tools'),
      prompts: known('prompts'),
      resources: known('resources'),
      resourceTemplates: known('resourceTemplates'),
    }
    if (kept.view === null || !areSame(kept.view.lists, lists)) {
      kept.view = { lists, made: viewOf(lists) }
    }
    return kept.view.made
  }

  function unsettled(scope: Scope, items: readonly NamedItem[]): ReadonlySet<ListKind> {
    const keys = keysOf(scope)
    const own = store.find(keys.own)
    const shared = store.find(keys.shared)
    const nowMs = clock.monotonicMs()
    const kinds = new Set<ListKind>()
    for (const { type, id } of items) {
      const kind = listKindOf(type)
      if (kind === null || listIn(own, shared, kind, nowMs)?.settles(id, nowMs)) continue
      kinds.add(kind)
    }
    return kinds
  }

  /** null: there is nothing to ask for, or it is too early to ask again. */
  function askOnce(
    scope: Scope,
    items: readonly NamedItem[],
    ask: AskForList,
  ): Promise<unknown> | null {
    const running: Promise<void>[] = []
    for (const kind of unsettled(scope, items)) {
      const own = store.findOrMake(keysOf(scope).own)
      const shared = store.find(keysOf(scope).shared)
      // What was everybody's the last time is asked for once for everybody.
      const asks = shared?.lists[kind].isLearnt ? shared.asks[kind] : own.asks[kind]
      const changes = own.lists[kind].changes + (shared?.lists[kind].changes ?? 0)
      const asked = asks.ask(changes, clock.monotonicMs(), () => ask(kind, reading(scope, kind)))
      if (asked !== null) running.push(asked)
    }
    return running.length === 0 ? null : Promise.all(running)
  }

  function ensure(
    scope: Scope,
    items: readonly NamedItem[],
    ask: AskForList,
  ): Promise<void> | null {
    const first = askOnce(scope, items, ask)
    if (first === null) return null
    return (async () => {
      let running: Promise<unknown> | null = first
      for (let turn = 0; running !== null && turn < maxTurns; turn += 1) {
        await running
        running = askOnce(scope, items, ask)
      }
    })()
  }

  function reading(scope: Scope, kind: ListKind): Reading {
    const own = target(keysOf(scope).own, kind)
    const key = keysOf(scope).shared
    const shared = key === null ? null : target(key, kind)
    let pages = 0
    let following: string | null = null

    return {
      get next() {
        return following
      },
      async page({ items, bytes, cursor, next, shared: isShared }) {
        pages += 1
        following = null
        const said = await readItems(kind, { items, bytes })
        // A caller chooses its cursor: what everybody believes is read from the first page on.
        const isPublic = isShared && shared?.list.continues(cursor) === true
        const [into, other] = isPublic ? [shared, own] : [own, shared]
        if (!into.isCurrent()) return spoken(kind, said)
        if (cursor === null || isPublic) other?.list.forget()
        const isLearnt = into.list.learn({ said, cursor, next }, clock.monotonicMs())
        into.grown()
        if (isLearnt && pages < maxPages && next !== cursor) following = next
        return agreed(view(scope), kind, said)
      },
    }
  }

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

  return {
    view,
    ensure,
    reading,
    async unasked(scope, kind, list) {
      const said = await readItems(kind, list)
      return agreed(view(scope), kind, said)
    },
    changed(scope, kinds) {
      const keys = keysOf(scope)
      for (const kept of [store.find(keys.own), store.find(keys.shared)]) {
        for (const kind of kinds) kept?.lists[kind].change()
      }
    },
    drop(scope) {
      store.drop(keysOf(scope).own)
    },
  }
}

/** A principal's own list, while there is one, says more than everybody's. */
function listIn(own: Kept | null, shared: Kept | null, kind: ListKind, nowMs: number) {
  const list = own?.lists[kind]
  return list?.holdsAny(nowMs) ? list : (shared?.lists[kind] ?? list)
}

function areSame(one: Lists, other: Lists): boolean {
  return (
    one.tools === other.tools &&
    one.prompts === other.prompts &&
    one.resources === other.resources &&
    one.resourceTemplates === other.resourceTemplates
  )
}
