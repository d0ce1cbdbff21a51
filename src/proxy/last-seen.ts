/**
 * What each caller was last shown of a server's lists, so that an activation that changes nothing for
 * a caller is not announced to it. Bounded: what is not remembered counts as changed, since to
 * announce too much is harmless and to announce too little is not.
 */
import { createHash } from 'node:crypto'
import type { ListKind, Question } from '../domain.js'
import { listOf } from '../mcp/methods.js'
import type { Asked } from './outcome.js'
import type { Session } from './session.js'

/** What is shown last, by name. */
export interface Shown {
  readonly items: ReadonlyMap<string, boolean>
  /** Of the policy that it was shown under. */
  readonly revision: string
}

export interface Page {
  readonly revision: string
  /** Begins the list anew. */
  readonly first: boolean
  readonly names: readonly string[]
  /** Verdicts, in the order of the names. */
  readonly shown: readonly boolean[]
}

export interface LastSeen {
  page(key: string, page: Page): void
  /** null: not known, or not wholly. */
  of(key: string): Shown | null
}

/** Bytes or so that are remembered, of all callers and of one list. */
const maxCost = 16 * 1024 * 1024
const maxListCost = 1024 * 1024
/** What an item and a list take beside their text. */
const itemCost = 64
const listCost = 256

interface Entry {
  readonly items: Map<string, boolean>
  revision: string
  cost: number
}

export function createLastSeen(): LastSeen {
  /** Oldest first. */
  const entries = new Map<string, Entry>()
  let cost = 0

  function forget(key: string): void {
    cost -= entries.get(key)?.cost ?? 0
    entries.delete(key)
  }

  return {
    page(key, { revision, first, names, shown }) {
      if (first) {
        forget(key)
        entries.set(key, { items: new Map(), revision, cost: listCost })
        cost += listCost
      }
      const entry = entries.get(key)
      // Without its first page a list is not known, and so it is not begun in the middle.
      if (entry === undefined) return
      entry.revision = revision
      let added = 0
      for (const [index, name] of names.entries()) {
        if (!entry.items.has(name)) added += name.length + itemCost
        entry.items.set(name, shown[index] === true)
      }
      entry.cost += added
      cost += added
      if (entry.cost > maxListCost) forget(key)
      for (const oldest of entries.keys()) {
        if (cost <= maxCost) break
        forget(oldest)
      }
    },
    of: (key) => entries.get(key) ?? null,
  }
}

/** Where other processes serve the same callers: what one was shown last may have been shown there. */
export const notRemembered: LastSeen = { page: () => undefined, of: () => null }

/** Only for callers that can be told later that they see something else. */
export function rememberShown(
  exchange: {
    readonly trail: { readonly asked: Asked; readonly session: Session | null }
    readonly question: Question
    readonly steps: { readonly lastSeen: LastSeen }
  },
  kind: ListKind,
  verdicts: Pick<Page, 'revision' | 'names' | 'shown'>,
): void {
  const { trail, question, steps } = exchange
  const { asked, session } = trail
  const isTold = asked.era === 'modern' || (session !== null && session.announced !== 0)
  if (!isTold || listOf(asked.method ?? '') !== kind) return
  const first = question.params?.['cursor'] === undefined
  steps.lastSeen.page(seenKey(question, kind), { ...verdicts, first })
}

/**
 * By all that a policy can tell callers apart by, and by the session, whose lists may be its own: two
 * clients of one principal that see different things must not pass for each other.
 */
export function seenKey({ identity, server, circumstances }: Question, kind: ListKind): string {
  const { ip, transport, era, protocolVersion, client, session } = circumstances
  const { binding, subject } = identity
  // A session has one client; its requests need not all name the version.
  const facts = session === null ? [era, protocolVersion, client] : [session]
  const all = [binding, subject, server.name, kind, ip, transport, ...facts]
  return createHash('sha256').update(JSON.stringify(all)).digest('base64')
}
