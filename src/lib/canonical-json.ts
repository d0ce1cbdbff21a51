/**
 * One spelling for each JSON value: no white space, members sorted by the UTF-16 code units of
 * their names (the order of RFC 8785), strings with the fewest escapes. A number keeps the text it
 * was written with, so that 1 and 1.0 differ: readers disagree about which numbers are equal.
 * What two readers could take for different values has no canonical form: a member twice in one
 * object, half of a surrogate pair, anything that RFC 8259 does not allow.
 */

export interface Canonical {
  readonly text: string
  /** Of an outermost object: each member's name, and its value's canonical text; sorted. */
  readonly members: ReadonlyMap<string, string>
}

/** Containers inside each other; deeper ones have no canonical form. */
const maxDepth = 512
// ignoreBOM keeps a byte order mark in the text, where no value may begin with it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** null: the bytes are not one JSON value that every reader reads alike. */
export function canonicalJson(bytes: Uint8Array): Canonical | null {
  try {
    return new Reader(decoder.decode(bytes)).document()
  } catch {
    return null
  }
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const literals = ['true', 'false', 'null'] as const
const noMembers: ReadonlyMap<string, string> = new Map()

class NotCanonical extends Error {}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Canonical {
    this.#space()
    const isObject = this.#isAt(0x7b)
    const members = isObject ? this.#members(1) : noMembers
    const text = isObject ? written(members) : this.#value(0)
    this.#space()
    if (this.#at !== this.#text.length) throw new NotCanonical()
    return { text, members }
  }

  #value(depth: number): string {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return written(this.#members(depth + 1))
      case 0x5b:
        return this.#array(depth + 1)
      case 0x22:
        return this.#string()
      default:
        return this.#plain()
    }
  }

  #members(depth: number): ReadonlyMap<string, string> {
    const read = new Map<string, string>()
    let last = ''
    let sorted = true
    this.#open(depth)
    while (!this.#ends(0x7d, read.size === 0)) {
      const name = this.#name()
      if (read.has(name)) throw new NotCanonical()
      if (read.size > 0 && name < last) sorted = false
      last = name
      this.#space()
      this.#take(0x3a)
      this.#space()
      read.set(name, this.#value(depth))
      this.#space()
    }
    return sorted ? read : new Map([...read].sort(byName))
  }

  #array(depth: number): string {
    let text = '['
    this.#open(depth)
    while (!this.#ends(0x5d, text.length === 1)) {
      if (text.length > 1) text += ','
      text += this.#value(depth)
      this.#space()
    }
    return `${text}]`
  }

  #open(depth: number): void {
    if (depth > maxDepth) throw new NotCanonical()
    this.#at += 1
    this.#space()
  }

  /** Whether the container ends here; if not, its next element begins here. */
  #ends(end: number, isFirst: boolean): boolean {
    if (this.#isAt(end)) {
      this.#at += 1
      return true
    }
    if (isFirst) return false
    this.#take(0x2c)
    this.#space()
    return false
  }

  #name(): string {
    if (!this.#isAt(0x22)) throw new NotCanonical()
    const text = this.#string()
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1)
  }

  #string(): string {
    const text = this.#text
    const start = this.#at
    let escaped = false
    let at = start + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === 0x22) break
      // Also the end of the text, whose code is not a number.
      if (!(code >= 0x20)) throw new NotCanonical()
      if (code === 0x5c) escaped = true
      at += code === 0x5c ? 2 : 1
    }
    this.#at = at + 1
    const raw = text.slice(start, this.#at)
    if (!escaped) return raw
    const value = JSON.parse(raw) as string
    if (!value.isWellFormed()) throw new NotCanonical()
    return JSON.stringify(value)
  }

  #plain(): string {
    for (const literal of literals) {
      if (!this.#text.startsWith(literal, this.#at)) continue
      this.#at += literal.length
      return literal
    }
    number.lastIndex = this.#at
    const match = number.exec(this.#text)
    if (match === null) throw new NotCanonical()
    this.#at = number.lastIndex
    return match[0]
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at += 1
    }
  }

  #take(code: number): void {
    if (!this.#isAt(code)) throw new NotCanonical()
    this.#at += 1
  }

  #isAt(code: number): boolean {
    return this.#text.charCodeAt(this.#at) === code
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

function written(members: ReadonlyMap<string, string>): string {
  let text = '{'
  for (const [name, value] of members) {
    if (text.length > 1) text += ','
    text += `${JSON.stringify(name)}:${value}`
  }
  return `${text}}`
}
