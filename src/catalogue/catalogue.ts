/**
 * What upstreams said of their tools, prompts and resources: learnt from the lists that pass, asked
 * for where a message names an item that is not known, and believed for a limited time. In memory,
 * bounded in entries and bytes; what was used longest ago is forgotten first, and asked for again.
 * Decides nothing and speaks to nobody: whoever asks an upstream is passed in.
 */
import type { Definitions, ListKind } from '../domain.js'
import type { Clock } from '../lib/clock.js'
import { createBudget } from './budget.js'
import { createReadings, type Keys, type Reading } from './reading.js'
import { createItemReader, type Items } from './said.js'
import { askerKey, ownKey, type Scope, sharedKey } from './scope.js'
import { createStore, type Kept } from './store.js'
import { agreed, createViews, type Lists, listKindOf } from './view.js'

export type { PageRead, Reading } from './reading.js'
export type { Items } from './said.js'
export type { Scope } from './scope.js'

export interface NamedItem {
  readonly type: string
  readonly id: string
}

/**
 * Asks the upstream for all pages of a list. What goes wrong is for whoever asks to tell. A list
 * `forAll` is to be asked for with nothing of one caller: what comes of it is everybody's.
 */
export type AskForList = (kind: ListKind, reading: Reading, forAll: boolean) => Promise<void>

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

export function createCatalogue({ clock, maxAgeMs }: CatalogueOptions): Catalogue {
  const store = createStore(maxAgeMs)
  const readItems = createItemReader()
  const viewOf = createViews()
  const budget = createBudget()
  const learn = createReadings({ store, clock, readItems, viewOf: ({ scope }) => view(scope) })
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
      const changes = shared?.lists[kind].changes ?? 0
      const nowMs = clock.monotonicMs()
      const started = (forAll: boolean) => () => start(scope, kind, ask, forAll)
      // What was everybody's the last time is asked for once for everybody. Whom that did not help
      // asks for himself: what fails for one must not leave the others without.
      const asked =
        (shared?.lists[kind].isLearnt
          ? shared.asks[kind].ask(changes, nowMs, started(true))
          : null) ?? own.asks[kind].ask(own.lists[kind].changes + changes, nowMs, started(false))
      if (asked !== null) running.push(asked)
    }
    return running.length === 0 ? null : Promise.all(running)
  }

  /** null: the principal has made the gateway ask too much of late. */
  function start(
    scope: Scope,
    kind: ListKind,
    ask: AskForList,
    forAll: boolean,
  ): Promise<void> | null {
    const asker = askerKey(scope)
    if (!budget.start(asker, clock.monotonicMs())) return null
    const learning = learn(keysOf(scope), kind, forAll)
    let isOver = false
    const bounded: Reading = {
      get next() {
        return isOver ? null : learning.next
      },
      async page(page) {
        const judged = await learning.page(page)
        isOver ||= learning.next !== null && !budget.more(asker, clock.monotonicMs())
        return judged
      },
    }
    return ask(kind, bounded, forAll).finally(() => budget.done(asker))
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

  return {
    view,
    ensure,
    reading: (scope, kind) => learn(keysOf(scope), kind, false),
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
