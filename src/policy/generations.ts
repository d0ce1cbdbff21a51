/**
 * Remembers values under a group and a key within a fixed number of bytes. Two generations: when
 * the younger holds half of the bytes the older is forgotten, so that a look-up never costs more
 * and no clock is asked. What was used since the last change of generations is still there.
 */

export interface Generations<Value> {
  get(group: string, key: string): Value | undefined
  /** `bytes`: what the value itself takes; keys and bookkeeping are added. */
  set(group: string, key: string, value: Value, bytes: number): void
  /** By its own count, which is on the high side. */
  bytes(): number
}

interface Entry<Value> {
  readonly value: Value
  readonly bytes: number
}

type Generation<Value> = Map<string, Map<string, Entry<Value>>>

/** A map's slot and an entry; a map of its own for each group. */
const entryBytes = 160
const groupBytes = 480

/** 0: keeps nothing. */
export function createGenerations<Value>(maxBytes: number): Generations<Value> {
  const halfBytes = maxBytes / 2
  let young: Generation<Value> = new Map()
  let old: Generation<Value> = new Map()
  let youngBytes = 0
  let oldBytes = 0

  function put(group: string, key: string, entry: Entry<Value>): void {
    const known = young.get(group)
    const added = entry.bytes + (known === undefined ? groupBytes + 2 * group.length : 0)
    if (youngBytes + added > halfBytes) {
      // Larger than a whole generation: not worth forgetting everything for.
      if (entry.bytes + groupBytes + 2 * group.length > halfBytes) return
      old = young
      oldBytes = youngBytes
      young = new Map()
      youngBytes = 0
      put(group, key, entry)
      return
    }
    youngBytes += added
    if (known === undefined) young.set(group, new Map([[key, entry]]))
    else known.set(key, entry)
  }

  return {
    get(group, key) {
      const entry = young.get(group)?.get(key)
      if (entry !== undefined) return entry.value
      const older = old.get(group)?.get(key)
      if (older !== undefined) put(group, key, older)
      return older?.value
    },
    set(group, key, value, bytes) {
      put(group, key, { value, bytes: entryBytes + 2 * key.length + bytes })
    },
    bytes: () => youngBytes + oldBytes,
  }
}
