/**
 * What each caller was last shown of a server's lists, so that an activation that changes nothing for
 * a caller is not announced to it. Bounded: what is not remembered counts as changed, since to
 * announce too much is harmless and to announce too little is not.
 */
import type { ListKind, Question } from '../domain.js'
import { listOf } from '../mcp/methods.js'
import type { Asked } from './outcome.js'
import type { Session } from './session.js'

export interface SeenKey {
  /** `Identity.binding`. */
  readonly principal: string
  /** Fingerprint of the legacy session, whose lists may be its own; null where there is none. */
  readonly session: string | null
  readonly server: string
  readonly kind: ListKind
}

export interface LastSeen {
  /** A page that was shown: `first` begins the list anew. Names and verdicts in the same order. */
  page(key: SeenKey, first: boolean, names: readonly string[], shown: readonly boolean[]): void
  /** null: not known, or not wholly. */
  of(key: SeenKey): ReadonlyMap<string, boolean> | null
}

/** Characters of names remembered, of all callers and of one list. */
const maxCharacters = 8 * 1024 * 1024
const maxListCharacters = 256 * 1024

interface Entry {
  readonly items: Map<string, boolean>
  characters: number
}

export function createLastSeen(): LastSeen {
  /** Oldest first. */
  const entries = new Map<string, Entry>()
  let characters = 0

  function forget(text: string): void {
    characters -= entries.get(text)?.characters ?? 0
    entries.delete(text)
  }

  return {
    page(key, first, names, shown) {
      const text = textOf(key)
      if (first) {
        forget(text)
        entries.set(text, { items: new Map(), characters: text.length })
        characters += text.length
      }
      const entry = entries.get(text)
      // Without its first page a list is not known, and so it is not begun in the middle.
      if (entry === undefined) return
      let added = 0
      for (const [index, name] of names.entries()) {
        if (!entry.items.has(name)) added += name.length + 1
        entry.items.set(name, shown[index] === true)
      }
      entry.characters += added
      characters += added
      if (entry.characters > maxListCharacters) forget(text)
      for (const oldest of entries.keys()) {
        if (characters <= maxCharacters) break
        forget(oldest)
      }
    },
    of: (key) => entries.get(textOf(key))?.items ?? null,
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
  names: readonly string[],
  shown: readonly boolean[],
): void {
  const { trail, question, steps } = exchange
  const { asked, session } = trail
  const isTold = asked.era === 'modern' || (session !== null && session.announced !== 0)
  if (!isTold || listOf(asked.method ?? '') !== kind) return
  const { identity, server, circumstances } = question
  const principal = identity.binding
  const key = { principal, session: circumstances.session, server: server.name, kind }
  steps.lastSeen.page(key, question.params?.['cursor'] === undefined, names, shown)
}

function textOf({ principal, session, server, kind }: SeenKey): string {
  return `${principal} ${session ?? ''} ${kind} ${server}`
}
