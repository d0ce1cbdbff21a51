/**
 * What an upstream's message is, read while its bytes pass: a response (and to which id), a request
 * or notification of the server, and whether its result is a list, with the byte range of every
 * item. Anything two parsers could read differently is a `problem`: members doubled or differing
 * only by case or folding where names are found, members unknown to JSON-RPC 2.0, a result beside
 * an error. Does not decide; does not look inside results that are no lists.
 */
import type { ListKind } from '../domain.js'
import { fold } from './fold.js'
import { type IdPlace, IdPlaces, type WrittenId } from './id-places.js'
import { listItems } from './methods.js'
import { JsonScanner, type ScanVisitor, type ValueType } from './scan.js'

/** One element of a list: its bytes are `start` up to, not including, `end`. */
export interface ListItem {
  readonly start: number
  readonly end: number
  /** Null: no unambiguous name could be read; no client may see this item. */
  readonly name: string | null
}

export interface List {
  readonly kind: ListKind
  /** Range of the array with its brackets. */
  readonly start: number
  readonly end: number
  readonly items: readonly ListItem[]
}

/** Most items in one list answer. */
export const maxListItems = 10_000

/**
 * Most ids in one message that is held, or in one piece of a result that streams. Each costs its
 * replacement some 20 µs, in one go.
 */
export const maxIds = 4096

const envelopeMembers: ReadonlySet<string> = new Set([
  'jsonrpc',
  'id',
  'method',
  'params',
  'result',
  'error',
])
const listKinds = Object.keys(listItems) as readonly ListKind[]
/** Members of a result that the gateway reads or rewrites, by what they fold to. */
const readMembers: ReadonlyMap<string, string> = new Map(
  [...listKinds, 'cacheScope', 'inputRequests'].map((name) => [fold(name), name]),
)
const nameMembers: ReadonlyMap<string, string> = new Map(
  listKinds.map((kind) => [fold(listItems[kind].nameMember), listItems[kind].nameMember]),
)

interface OpenList {
  readonly kind: ListKind
  readonly start: number
  end: number
  readonly items: ListItem[]
}

export class EnvelopeReader implements ScanVisitor {
  readonly #scanner = new JsonScanner(this)
  readonly #seen = new Set<string>()
  readonly #resultSeen = new Set<string>()
  #problem: string | null = null
  /** Member of the envelope being read. */
  #member: string | null = null
  /** Member of the result being read. */
  #resultMember: string | null = null
  #resultIsObject = false
  #list: OpenList | null = null
  #itemStart = 0
  #itemIsObject = false
  #itemName: string | null = null
  #itemNames = 0
  #itemAmbiguous = false
  #itemMember: string | null = null
  readonly #ids = new IdPlaces()
  isArray = false
  id: WrittenId | null = null
  /** Byte range of the id, quotes included. */
  readonly idRange = { start: 0, end: 0 }
  method: string | null = null
  readonly lists: List[] = []
  /** Byte range and value of the result's `cacheScope`, quotes included. */
  cacheScope: { readonly start: number; end: number } | null = null
  /** The same of `nextCursor`; null where there is none, or two, or it is no string. */
  nextCursor: { readonly start: number; end: number } | null = null

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk)
  }

  /** True when the whole message was read and nothing in it was ambiguous. */
  finish(): boolean {
    if (this.#scanner.finish() && this.#problem === null) this.#checkWhole()
    return this.problem === null
  }

  get problem(): string | null {
    return this.#scanner.problem ?? this.#problem
  }

  /** The value is complete; what may follow is white space. */
  get complete(): boolean {
    return this.#scanner.complete
  }

  has(member: 'jsonrpc' | 'id' | 'method' | 'params' | 'result' | 'error'): boolean {
    return this.#seen.has(member)
  }

  /** A list member has begun: the message has to be held back whole. */
  get hasList(): boolean {
    return this.lists.length > 0 || this.#list !== null
  }

  /** The result asks the client for something (2026-07-28, multi round-trip requests). */
  get asksForInput(): boolean {
    return this.#resultSeen.has('inputRequests')
  }

  /** Ids of tasks and requests inside the message, found since the last call. */
  takeIds(): readonly IdPlace[] {
    return this.#ids.take()
  }

  /** Where such an id begins whose end is not read yet. */
  get idOpenAt(): number | null {
    return this.#ids.openAt
  }

  /** The bytes being read belong to a result: the only part of a message that may be streamed. */
  get inResult(): boolean {
    return this.#member === 'result'
  }

  key(depth: number, name: string | null): void {
    this.#ids.key(depth, name)
    if (depth === 1) this.#envelopeKey(name)
    else if (depth === 2 && this.#resultIsObject) this.#resultKey(name)
    else if (depth === 4 && this.#list !== null) this.#itemKey(name)
  }

  start(depth: number, type: ValueType, offset: number): boolean {
    if (depth === 0) {
      this.isArray = type === 'array'
      if (type !== 'object') this.#fail('not a JSON-RPC object')
      return false
    }
    if (depth === 1) return this.#envelopeValue(type, offset)
    const isId = this.#ids.start(depth, type, offset)
    if (!this.#resultIsObject || this.#member !== 'result') return isId
    if (depth === 2) this.#resultValue(type, offset)
    else if (depth === 3 && this.#list !== null) this.#beginItem(type, offset)
    else if (depth === 4 && this.#list !== null) {
      if (this.#itemMember === null) return isId
      if (type === 'string') return true
      this.#itemAmbiguous = true
    }
    return isId
  }

  end(depth: number, type: ValueType, offset: number, text: string | null): void {
    this.#ids.end(depth, type, offset, text)
    if (this.#ids.found > maxIds) return this.#fail('too many ids in a message')
    if (depth === 1) this.#endEnvelopeValue(type, offset, text)
    else if (depth === 2 && this.#resultIsObject) this.#endResultValue(offset)
    else if (depth === 3 && this.#list !== null) this.#endItem(offset)
    else if (depth === 4 && this.#list !== null && this.#itemMember !== null) {
      this.#itemName = text
      this.#itemMember = null
    }
  }

  #fail(problem: string): void {
    if (this.#problem === null) this.#problem = problem
  }

  #envelopeKey(name: string | null): void {
    if (name === null || !envelopeMembers.has(name))
      return this.#fail('unknown member in a message')
    if (this.#seen.has(name)) return this.#fail(`member \`${name}\` twice in a message`)
    this.#seen.add(name)
    this.#member = name
  }

  #envelopeValue(type: ValueType, offset: number): boolean {
    switch (this.#member) {
      case 'id':
        this.idRange.start = offset
        if (type === 'string' || type === 'number') return true
        if (type !== 'literal') this.#fail('malformed id')
        return false
      case 'jsonrpc':
      case 'method':
        if (type !== 'string') this.#fail(`malformed ${this.#member}`)
        return true
      case 'result':
        this.#resultIsObject = type === 'object'
        return false
      default:
        return false
    }
  }

  #endEnvelopeValue(type: ValueType, offset: number, text: string | null): void {
    if (this.#member === 'id' && (type === 'string' || type === 'number')) {
      if (text === null) this.#fail('malformed id')
      else this.id = { type, text }
      this.idRange.end = offset
    } else if (this.#member === 'jsonrpc' && text !== '2.0') this.#fail('not JSON-RPC 2.0')
    else if (this.#member === 'method') {
      if (text === null) this.#fail('malformed method')
      this.method = text
    }
    this.#member = null
    this.#resultIsObject = false
  }

  #resultKey(name: string | null): void {
    this.#resultMember = null
    // Too long or no text: some reader may end it early and take it for another.
    if (name === null) return this.#fail('an unreadable member name in a result')
    if (name === 'nextCursor') return this.#cursorKey()
    const read = readMembers.get(fold(name))
    if (read === undefined) return
    if (read !== name) return this.#fail(`a member of the result looks like \`${read}\``)
    if (this.#resultSeen.has(name)) return this.#fail(`member \`${name}\` twice in a result`)
    this.#resultSeen.add(name)
    this.#resultMember = name
  }

  /** Nothing is decided by a cursor, so two of them are no problem: neither is read. */
  #cursorKey(): void {
    this.nextCursor = null
    if (!this.#resultSeen.has('nextCursor')) this.#resultMember = 'nextCursor'
    this.#resultSeen.add('nextCursor')
  }

  #resultValue(type: ValueType, offset: number): void {
    const member = this.#resultMember
    if (member === null) return
    if (member === 'nextCursor') {
      if (type === 'string') this.nextCursor = { start: offset, end: offset }
      return
    }
    if (member === 'cacheScope') {
      if (type !== 'string') return this.#fail('malformed cacheScope')
      this.cacheScope = { start: offset, end: offset }
      return
    }
    if (member === 'inputRequests') {
      if (type !== 'object') this.#fail('inputRequests in a result is not an object')
      return
    }
    if (type !== 'array') return this.#fail(`\`${member}\` in a result is not an array`)
    this.#list = { kind: member as ListKind, start: offset, end: offset, items: [] }
  }

  #endResultValue(offset: number): void {
    if (this.#list !== null) {
      this.#list.end = offset
      this.lists.push(this.#list)
      this.#list = null
    } else if (this.#resultMember === 'cacheScope' && this.cacheScope !== null) {
      this.cacheScope.end = offset
    } else if (this.#resultMember === 'nextCursor' && this.nextCursor !== null) {
      this.nextCursor.end = offset
    }
    this.#resultMember = null
  }

  #beginItem(type: ValueType, offset: number): void {
    this.#itemStart = offset
    this.#itemIsObject = type === 'object'
    this.#itemName = null
    this.#itemNames = 0
    this.#itemAmbiguous = false
    this.#itemMember = null
  }

  #itemKey(name: string | null): void {
    this.#itemMember = null
    if (this.#list === null) return
    if (name === null) {
      this.#itemAmbiguous = true
      return
    }
    const wanted = listItems[this.#list.kind].nameMember
    const read = nameMembers.get(fold(name))
    if (read !== wanted) return
    this.#itemNames++
    if (name !== wanted) this.#itemAmbiguous = true
    else this.#itemMember = name
  }

  #endItem(offset: number): void {
    if (this.#list === null) return
    if (this.#list.items.length === maxListItems) return this.#fail('too many items in a list')
    const readable = this.#itemIsObject && this.#itemNames === 1 && !this.#itemAmbiguous
    this.#list.items.push({
      start: this.#itemStart,
      end: offset,
      name: readable && this.#itemName !== '' ? this.#itemName : null,
    })
  }

  #checkWhole(): void {
    if (!this.has('jsonrpc')) return this.#fail('not JSON-RPC 2.0')
    const answers = Number(this.has('result')) + Number(this.has('error'))
    const isCall = this.has('method')
    if (isCall ? answers > 0 : answers !== 1) this.#fail('neither a request nor a response')
    if (!isCall && this.has('params')) this.#fail('params in a response')
  }
}
