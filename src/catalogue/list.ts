/**
 * What is known of one list of one server: its items, how old each is, and whether all of it has
 * been seen. Pure but for what it remembers; time is passed in.
 * A list is read from its first page on, cursor by cursor; a page that continues nothing still says
 * what its items are, and nothing of others. Of two different definitions of one name in one
 * reading neither is believed. An item is believed for `maxAgeMs` from when it was last said.
 */
import type { Definition } from '../domain.js'
import type { Page, Said } from './page.js'

export const maxPages = 100
export const maxItems = 10_000
/** Kept of one list: names, digests and annotations. */
export const maxBytes = 8 * 1024 * 1024

export type Known = ReadonlyMap<string, Definition>

interface Entry {
  definition: Definition | null
  size: number
  untilMs: number
  /** The reading in which it was last said; 0: none, its page continued nothing. */
  round: number
}

/** A list of one page is the same for whoever was sent that page, and kept once. */
const wholeLists = new WeakMap<readonly Said[], Map<string, Definition>>()

export class KnownList {
  readonly #maxAgeMs: number
  readonly #entries = new Map<string, Entry>()
  #known = new Map<string, Definition>()
  /** Somebody holds `#known`: it must not change any more. */
  #handedOut = false
  /** No entry is too old before. */
  #sweepMs = Number.POSITIVE_INFINITY
  /** No entry has this one: the first reading is the next. */
  #round = 1
  #pages = 0
  #isFull = false
  /** The cursor that continues the reading; null: nothing does. */
  #next: string | null = null
  /** The reading began so long ago that its end says nothing any more. */
  #endedUntilMs = 0
  #roundUntilMs = 0
  #bytes = 0
  /** The one page that everything known comes from; null: it is not one, or is forgotten. */
  #whole: readonly Said[] | null = null
  #changes = 0
  #isLearnt = false

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs
  }

  /** Of what is kept, estimated. */
  get bytes(): number {
    return this.#bytes
  }

  /** Something was learnt since the list was last forgotten, however long ago. */
  get isLearnt(): boolean {
    return this.#isLearnt
  }

  /** How often it was said that the list is another one now. */
  get changes(): number {
    return this.#changes
  }

  /** Whether asking for the list anew could say more about this name. */
  settles(name: string, nowMs: number): boolean {
    if (this.hasEnded(nowMs)) return true
    const entry = this.#entries.get(name)
    return entry !== undefined && nowMs < entry.untilMs
  }

  /** All of the list has been seen, or as much as is kept of one, and not too long ago. */
  hasEnded(nowMs: number): boolean {
    return nowMs < this.#endedUntilMs
  }

  /** Anything that is not too old is kept, if only that an item has no clear definition. */
  holdsAny(nowMs: number): boolean {
    if (nowMs >= this.#sweepMs) this.#sweep(nowMs)
    return this.#entries.size > 0 || this.hasEnded(nowMs)
  }

  /** The same object until something else is known; never changed afterwards. null: nothing is. */
  known(nowMs: number): Known | null {
    if (nowMs >= this.#sweepMs) this.#sweep(nowMs)
    if (this.#known.size === 0) return null
    this.#handedOut = true
    return this.#known
  }

  /** This is the page that the reading goes on with, or begins with. */
  continues(cursor: string | null): boolean {
    return cursor === null || cursor === this.#next
  }

  /** False: that would be more than is kept of a list, and nothing was learnt of this page. */
  learn({ said, cursor, next }: Page, nowMs: number): boolean {
    const isWhole = cursor === null && next === null
    if (isWhole && said === this.#whole) return this.#sayAgain(nowMs)
    this.#whole = null
    const inRound = this.continues(cursor)
    if (cursor === null) this.#begin(nowMs)
    if (inRound) {
      this.#pages += 1
      // A cursor that leads to its own page would lead there for ever.
      this.#next = next === cursor ? null : next
      if (this.#isFull || !this.#hasRoom(said)) return this.#overflow()
    } else if (!this.#hasRoomFor(said)) return false
    this.#isLearnt = true
    const untilMs = nowMs + this.#maxAgeMs
    const onThisPage = new Set<string>()
    for (const one of said) {
      this.#say(one, untilMs, inRound, onThisPage.has(one.name))
      onThisPage.add(one.name)
    }
    if (said.length > 0) this.#sweepMs = Math.min(this.#sweepMs, untilMs)
    if (!inRound) return true
    this.#isFull = this.#pages === maxPages
    if (this.#next === null || this.#isFull) this.#end()
    if (isWhole) this.#share(said)
    return true
  }

  /** The server says that the list is another one now. What is just being read may be the old one. */
  change(): void {
    this.#changes += 1
    this.#clear()
  }

  forget(): void {
    this.#isLearnt = false
    this.#clear()
  }

  #clear(): void {
    this.#whole = null
    this.#entries.clear()
    this.#known = new Map()
    this.#handedOut = false
    this.#sweepMs = Number.POSITIVE_INFINITY
    this.#next = null
    this.#endedUntilMs = 0
    this.#bytes = 0
  }

  #begin(nowMs: number): void {
    this.#round += 1
    this.#pages = 0
    this.#isFull = false
    this.#endedUntilMs = 0
    this.#roundUntilMs = nowMs + this.#maxAgeMs
  }

  /** Its further pages are followed, so that they are not taken for pages by themselves. */
  #overflow(): false {
    this.#isFull = true
    this.#end()
    return false
  }

  /** No more will be learnt in this reading. What it has not mentioned is not there any more. */
  #end(): void {
    this.#endedUntilMs = this.#roundUntilMs
    this.#forgetOtherRounds()
  }

  /** The very page that is all that is known: only time has passed. */
  #sayAgain(nowMs: number): true {
    const untilMs = nowMs + this.#maxAgeMs
    for (const entry of this.#entries.values()) entry.untilMs = untilMs
    this.#sweepMs = this.#entries.size === 0 ? this.#sweepMs : untilMs
    this.#endedUntilMs = untilMs
    return true
  }

  #share(page: readonly Said[]): void {
    this.#whole = page
    const whole = wholeLists.get(page)
    if (whole === undefined) wholeLists.set(page, this.#known)
    else this.#known = whole
    this.#handedOut = true
  }

  #say(said: Said, untilMs: number, inRound: boolean, onThisPage: boolean): void {
    const { name, definition } = said
    const entry = this.#entries.get(name)
    const again = onThisPage || entry?.round === this.#round
    const differs = again && entry?.definition?.digest !== definition?.digest
    const believed = differs ? null : definition
    const round = inRound ? this.#round : (entry?.round ?? 0)
    this.#bytes += said.size - (entry?.size ?? 0)
    this.#entries.set(name, { definition: believed, size: said.size, untilMs, round })
    if (this.#known.get(name)?.digest === believed?.digest) return
    if (believed === null) this.#own().delete(name)
    else this.#own().set(name, believed)
  }

  /** Makes room by forgetting what this reading has not mentioned. */
  #hasRoom(said: readonly Said[]): boolean {
    if (this.#hasRoomFor(said)) return true
    this.#forgetOtherRounds()
    return this.#hasRoomFor(said)
  }

  #hasRoomFor(said: readonly Said[]): boolean {
    let items = this.#entries.size
    let bytes = this.#bytes
    for (const { name, size } of said) {
      const entry = this.#entries.get(name)
      if (entry === undefined) items += 1
      bytes += size - (entry?.size ?? 0)
    }
    return items <= maxItems && bytes <= maxBytes
  }

  #forgetOtherRounds(): void {
    for (const [name, entry] of this.#entries) {
      if (entry.round !== this.#round) this.#remove(name, entry)
    }
  }

  #sweep(nowMs: number): void {
    this.#sweepMs = Number.POSITIVE_INFINITY
    for (const [name, entry] of this.#entries) {
      if (nowMs >= entry.untilMs) this.#remove(name, entry)
      else this.#sweepMs = Math.min(this.#sweepMs, entry.untilMs)
    }
  }

  #remove(name: string, entry: Entry): void {
    this.#whole = null
    this.#entries.delete(name)
    this.#bytes -= entry.size
    if (this.#known.has(name)) this.#own().delete(name)
  }

  #own(): Map<string, Definition> {
    if (this.#handedOut) this.#known = new Map(this.#known)
    this.#handedOut = false
    return this.#known
  }
}
