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

export type Intern = (text: string) => Interned

export function createIntern(maxBytes: number): Intern {
  const known = createGenerations<Interned>(maxBytes)
  let count = 0
  return function intern(text) {
    const found = known.get('', text)
    if (found !== undefined) return found
    count += 1
    const interned = { key: count.toString(36), text }
    known.set('', text, interned, interned.key.length)
    return interned
  }
}
