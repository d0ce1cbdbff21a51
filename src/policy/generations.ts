/**
 * Remembers values under a group and a key (a text, or a number) within a fixed number of bytes. Two generations: when
 * the younger holds half of the bytes the older is forgotten, so that a look-up never costs more
 * and no clock is asked. What was used since the last change of generations is still there.
 */

export interface Generations<Key extends string | number, Value> {
  get(group: string, key: Key): Value | undefined
  set(group: string, key: Key, value: Value): void
  /** By its own count, which is on the high side. */
  bytes(): number
}

type Generation<Key, Value> = Map<string, Map<Key, Value>>

/** A slot in a map, and a string's head; a map of its own for each group. */
const entryBytes = 120
const groupBytes = 480

/** `maxBytes` 0: keeps nothing. `sizeOf`: what a value takes; keys and bookkeeping are added. */
export function createGenerations<Key extends string | number, Value>(
  maxBytes: number,
  sizeOf: (value: Value) => number,
): Generations<Key, Value> {
  const halfBytes = maxBytes / 2
  let young: Generation<Key, Value> = new Map()
  let old: Generation<Key, Value> = new Map()
  let youngBytes = 0
  let oldBytes = 0

  function set(group: string, key: Key, value: Value): void {
    const bytes = entryBytes + (typeof key === 'string' ? 2 * key.length : 0) + sizeOf(value)
    const newGroupBytes = groupBytes + 2 * group.length
    // Larger than a whole generation: not worth forgetting everything for.
    if (bytes + newGroupBytes > halfBytes) return
    const values = young.get(group)
    const added = bytes + (values === undefined ? newGroupBytes : 0)
    if (youngBytes + added > halfBytes) {
      old = young
      oldBytes = youngBytes
      young = new Map([[group, new Map([[key, value]])]])
      youngBytes = bytes + newGroupBytes
      return
    }
    youngBytes += added
    if (values === undefined) young.set(group, new Map([[key, value]]))
    else values.set(key, value)
  }

  return {
    get(group, key) {
      const value = young.get(group)?.get(key)
      if (value !== undefined) return value
      const older = old.get(group)?.get(key)
      if (older !== undefined) set(group, key, older)
      return older
    },
    set,
    bytes: () => youngBytes + oldBytes,
  }
}
