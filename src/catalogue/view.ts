/**
 * What is known of a server's items at one moment, as the policy is told of it. Never changes; the
 * same lists give the same object, whichever session or principal they were learnt for.
 */
import type { Definition, Definitions, ListKind } from '../domain.js'
import type { Known } from './list.js'
import type { Said } from './page.js'

/** Items of these types are in lists; of others, such as tasks, nothing is ever known. */
const kinds: ReadonlyMap<string, ListKind> = new Map<string, ListKind>([
  ['tool', 'tools'],
  ['prompt', 'prompts'],
  ['resource', 'resources'],
  ['resource_template', 'resourceTemplates'],
])

/** The list that an item of this type is in. */
export function listKindOf(type: string): ListKind | null {
  return kinds.get(type) ?? null
}

export type Lists = { readonly [kind in ListKind]: Known | null }

const maxViews = 1000

/** null: nothing is known of any item. */
export type ViewOf = (lists: Lists) => Definitions | null

export function createViews(): ViewOf {
  /** A view is kept by whoever uses it; here it can only be found again. */
  let views = new Map<string, WeakRef<Definitions>>()
  const ids = new WeakMap<Known, number>()
  let lastId = 0

  function idOf(known: Known | null): number {
    if (known === null) return 0
    const id = ids.get(known) ?? ++lastId
    ids.set(known, id)
    return id
  }

  return function viewOf(lists) {
    const { tools, prompts, resources, resourceTemplates } = lists
    const key = [tools, prompts, resources, resourceTemplates].map(idOf).join()
    if (key === '0,0,0,0') return null
    const found = views.get(key)?.deref()
    if (found !== undefined) return found
    if (views.size === maxViews) views = new Map()
    const view = createView(lists)
    views.set(key, new WeakRef(view))
    return view
  }
}

function createView(lists: Lists): Definitions {
  return Object.freeze({
    of(type: string, id: string): Definition | null {
      const kind = kinds.get(type)
      return kind === undefined ? null : (lists[kind]?.get(id) ?? null)
    },
  })
}

/**
 * For judging a page: what is known of its items, as far as that is what the page itself says; of
 * an item that the page describes differently nothing is known.
 */
export function agreed(
  view: Definitions | null,
  kind: ListKind,
  said: readonly Said[],
): Definitions | null {
  const known = new Map<string, Definition>()
  let whole = true
  for (const [name, definition] of clearOnes(said)) {
    const believed = view === null ? null : view.of(typeOf[kind], name)
    if (believed?.digest !== definition?.digest) whole = false
    else if (believed !== null) known.set(name, believed)
  }
  return whole ? view : only(kind, known)
}

/** What a page says by itself. */
export function spoken(kind: ListKind, said: readonly Said[]): Definitions {
  const known = new Map<string, Definition>()
  for (const [name, definition] of clearOnes(said)) {
    if (definition !== null) known.set(name, definition)
  }
  return only(kind, known)
}

/** Of two different definitions of one name neither is believed. */
function clearOnes(said: readonly Said[]): ReadonlyMap<string, Definition | null> {
  const clear = new Map<string, Definition | null>()
  for (const { name, definition } of said) {
    const earlier = clear.get(name)
    const differs = earlier !== undefined && earlier?.digest !== definition?.digest
    clear.set(name, differs ? null : definition)
  }
  return clear
}

const typeOf: Readonly<Record<ListKind, string>> = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'resource_template',
}

const noLists: Lists = { tools: null, prompts: null, resources: null, resourceTemplates: null }

function only(kind: ListKind, known: Known): Definitions {
  return createView({ ...noLists, [kind]: known })
}
