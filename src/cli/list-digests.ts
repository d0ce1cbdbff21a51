/** The digest of each definition in the lists of a live server, just as the gateway works it out. */
import type { LiveList } from './live-lists.js'
import { canBePinned, type PinnedKind, pinnedKinds, type ServerPins } from './pins.js'

export interface Unclear {
  readonly kind: PinnedKind
  readonly name: string
  /** What is wrong: there is no one definition, or no place for such a name in a file of pins. */
  readonly what: 'definition' | 'name'
}

export function digestsOf(lists: Readonly<Record<PinnedKind, LiveList>>): {
  readonly pins: ServerPins
  readonly unclear: readonly Unclear[]
} {
  const pins: Record<PinnedKind, ReadonlyMap<string, string>> = {
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
  }
  const unclear: Unclear[] = []
  for (const kind of pinnedKinds) {
    const digests = new Map<string, string>()
    for (const [name, definition] of lists[kind]) {
      if (!canBePinned(name)) unclear.push({ kind, name, what: 'name' })
      else if (definition === null) unclear.push({ kind, name, what: 'definition' })
      else digests.set(name, definition.digest)
    }
    pins[kind] = digests
  }
  return { pins, unclear }
}
