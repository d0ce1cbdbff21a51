/**
 * The lists of each scope, bounded in number and bytes: what was used longest ago goes first, and is
 * asked for again when it is needed.
 */
import type { Definitions, ListKind } from '../domain.js'
import { Asks } from './asks.js'
import { KnownList } from './list.js'
import type { Lists } from './view.js'

/** Sessions, or principals of servers without sessions, of which something is kept. */
export const maxScopes = 1000
export const maxStoreBytes = 64 * 1024 * 1024

export class Kept {
  readonly lists: Readonly<Record<ListKind, KnownList>>
  readonly asks: Readonly<Record<ListKind, Asks>>
  /** What was last known, and the view that it made. */
  view: { readonly lists: Lists; readonly made: Definitions | null } | null = null

  constructor(maxAgeMs: number) {
    this.lists = each(() => new KnownList(maxAgeMs))
    this.asks = each(() => new Asks(maxAgeMs))
  }

  get bytes(): number {
    const { tools, prompts, resources, resourceTemplates } = this.lists
    return tools.bytes + prompts.bytes + resources.bytes + resourceTemplates.bytes
  }
}

export interface Store {
  find(key: string | null): Kept | null
  findOrMake(key: string): Kept
  /** To be called when something of `kept` has grown. */
  grown(key: string, kept: Kept): void
  drop(key: string): void
}

export function createStore(
  maxAgeMs: number,
  most: { scopes: number; bytes: number } = { scopes: maxScopes, bytes: maxStoreBytes },
): Store {
  /** In the order of their last use. */
  const all = new Map<string, { readonly kept: Kept; counted: number }>()
  let bytes = 0
  let newest: string | null = null

  function find(key: string | null): Kept | null {
    const found = key === null ? undefined : all.get(key)
    if (key === null || found === undefined) return null
    if (key !== newest) {
      all.delete(key)
      all.set(key, found)
      newest = key
    }
    return found.kept
  }

  function findOrMake(key: string): Kept {
    const found = find(key)
    if (found !== null) return found
    const kept = new Kept(maxAgeMs)
    all.set(key, { kept, counted: 0 })
    newest = key
    makeRoom()
    return kept
  }

  function grown(key: string, kept: Kept): void {
    const found = all.get(key)
    if (found?.kept !== kept) return
    bytes += kept.bytes - found.counted
    found.counted = kept.bytes
    makeRoom()
  }

  function drop(key: string): void {
    bytes -= all.get(key)?.counted ?? 0
    all.delete(key)
  }

  function makeRoom(): void {
    for (const key of all.keys()) {
      // The last one is what is in use now.
      if (all.size === 1 || (all.size <= most.scopes && bytes <= most.bytes)) return
      drop(key)
    }
  }

  return { find, findOrMake, grown, drop }
}

function each<Value>(make: () => Value): Readonly<Record<ListKind, Value>> {
  return { tools: make(), prompts: make(), resources: make(), resourceTemplates: make() }
}
