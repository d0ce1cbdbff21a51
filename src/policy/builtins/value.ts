/**
 * The text form of values between the policy module and its host: `opa_value_dump` writes what
 * `readValue` reads, `opa_value_parse` reads what `writeValue` writes. Text that is not of that form
 * is a fault of the engine and throws.
 */
import { boundedNumeral, charge } from './bounds.js'
import {
  Decimal,
  isArray,
  isNumber,
  numberText,
  RegoObject,
  RegoSet,
  type Value,
} from './rego-value.js'

export type { HostBuiltin, Value } from './rego-value.js'

export function readValue(text: string): Value {
  const reader = new Reader(text)
  const value = reader.value()
  reader.end()
  return value
}

/** Units for a value, however it is written. */
const valueUnits = 5

export function writeValue(value: Value): string {
  charge(valueUnits)
  if (typeof value === 'string') return JSON.stringify(value)
  if (isNumber(value)) return numberText(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${value.map(writeValue).join(',')}]`
  if (value instanceof RegoSet) {
    return value.size === 0 ? 'set()' : `{${Array.from(value, writeValue).join(',')}}`
  }
  const members = Array.from(value, ([key, member]) => `${writeValue(key)}:${writeValue(member)}`)
  return `{${members.join(',')}}`
}

/** The engine keeps `.5` as it was written. */
const numeral = /-?(?=\.?\d)\d*(\.\d*)?([eE][+-]?\d+)?/y
const words = [
  ['null', null],
  ['true', true],
  ['false', false],
] as const

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#malformed()
  }

  value(): Value {
    this.#space()
    charge(valueUnits)
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string()
      case '[':
        return this.#array()
      case '{':
        return this.#objectOrSet()
      case 's':
        return this.#emptySet()
      case 'n':
      case 't':
      case 'f':
        return this.#word()
      default:
        return this.#number()
    }
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++
  }

  #taken(token: string): boolean {
    this.#space()
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #expect(token: string): void {
    if (!this.#taken(token)) throw this.#malformed()
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at = pattern.lastIndex
    return found
  }

  #string(): string {
    const start = this.#at
    let end = this.#text.indexOf('"', start + 1)
    while (end >= 0 && this.#isEscaped(end)) {
      charge(1)
      end = this.#text.indexOf('"', end + 1)
    }
    if (end < 0) throw this.#malformed()
    this.#at = end + 1
    return JSON.parse(this.#text.slice(start, end + 1)) as string
  }

  /** After an odd number of backslashes. */
  #isEscaped(at: number): boolean {
    let before = at - 1
    while (this.#text[before] === '\\') before--
    return (at - before) % 2 === 0
  }

  #number(): Value {
    const found = this.#match(numeral)
    if (found === null) throw this.#malformed()
    const text = boundedNumeral(found[0])
    charge(text.length)
    if (found[1] !== undefined || found[2] !== undefined || text === '-0') return new Decimal(text)
    const value = Number(text)
    return Number.isSafeInteger(value) ? value : BigInt(text)
  }

  #word(): Value {
    for (const [word, value] of words) if (this.#taken(word)) return value
    throw this.#malformed()
  }

  #emptySet(): RegoSet {
    this.#expect('set()')
    return new RegoSet()
  }

  #array(): Value[] {
    this.#expect('[')
    const items: Value[] = []
    if (this.#taken(']')) return items
    do items.push(this.value())
    while (this.#taken(','))
    this.#expect(']')
    return items
  }

  #objectOrSet(): RegoObject | RegoSet {
    this.#expect('{')
    if (this.#taken('}')) return new RegoObject()
    const first = this.value()
    if (!this.#taken(':')) return this.#setAfter(first)
    const members: [Value, Value][] = [[first, this.value()]]
    while (this.#taken(',')) {
      const key = this.value()
      this.#expect(':')
      members.push([key, this.value()])
    }
    this.#expect('}')
    return new RegoObject(members)
  }

  #setAfter(first: Value): RegoSet {
    const members = [first]
    while (this.#taken(',')) members.push(this.value())
    this.#expect('}')
    return new RegoSet(members)
  }

  #malformed(): Error {
    return new Error(`the engine wrote no value: position ${this.#at}`)
  }
}

/** The engine writes spaces only; what a policy holds as JSON text may have the others. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
