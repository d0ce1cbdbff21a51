/**
 * Gives a text a short name of its own, for keys that would else repeat it. Equal texts get the same
 * name as long as they are remembered; a name is never given to a second text, so that whatever is
 * remembered under it stays right.
 */
import { createGenerations } from './generations.js'

export interface Interned {
  /** Of digits and lower-case letters. */
  readonly key: string
  readonly text: string
}

export interface Intern {
  shared(text: string): Interned
  /** For a text that nobody will bring a second time: a new name at once. */
  alone(text: string): Interned
}

export function createIntern(maxBytes: number): Intern {
  const known = createGenerations<string, Interned>(maxBytes, internedBytes)
  let count = 0

  function alone(text: string): Interned {
    count += 1
    return { key: count.toString(36), text }
  }

  return {
    shared(text) {
      const found = known.get('', text)
      if (found !== undefined) return found
      const interned = alone(text)
      known.set('', text, interned)
      return interned
    },
    alone,
  }
}

/**
 * The same text in one piece, for what is used often: V8 keeps what was put together as a tree of
 * its parts, walks it each time it is copied, and makes it one when a character is asked for.
 */
export function flat(text: string): string {
  text.charCodeAt(0)
  return text
}

/** The object, its name and its text. */
export function internedBytes({ text }: Interned): number {
  return 64 + 2 * text.length
}
