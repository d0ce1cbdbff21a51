/**
 * Remembers what was worked out of a text, for as many texts as were used lately. Two generations:
 * when the younger is full the older is forgotten, so that the cost of a look-up never grows and no
 * clock is asked. What is remembered must depend on the text alone.
 */

export interface Recent<Value> {
  get(text: string): Value | undefined
  set(text: string, value: Value): void
}

/** Holds between `size` and twice as many values. */
export function createRecent<Value>(size: number): Recent<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function set(text: string, value: Value): void {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(text, value)
  }

  return {
    get(text) {
      const value = young.get(text)
      if (value !== undefined) return value
      const older = old.get(text)
      if (older !== undefined) set(text, older)
      return older
    },
    set,
  }
}
