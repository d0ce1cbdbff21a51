/**
 * Where the values of a YAML text stand, so that one of them can be rewritten and the rest of the
 * file stay as it is. For texts that the reader has accepted: no anchors, tags or doubled keys.
 */
import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
} from 'js-yaml'
import { childPointer } from './problem.js'

export interface YamlPlace {
  /** Offsets of the value in the text; a quoted one with its quotes. */
  readonly start: number
  readonly end: number
  /** Offsets of its key; null: it has none. */
  readonly key: { readonly start: number; readonly end: number } | null
  /** Of a sequence in block style: its items, each on lines of its own. */
  readonly items: readonly YamlPlace[] | null
}

/** By JSON Pointer. */
export function yamlPlaces(text: string): ReadonlyMap<string, YamlPlace> {
  const walk = new Walk(text, parseEvents(text, {}))
  walk.node('', null)
  return walk.places
}

class Walk {
  readonly places = new Map<string, YamlPlace>()
  readonly #text: string
  readonly #events: readonly Event[]
  #next = 0

  constructor(text: string, events: readonly Event[]) {
    this.#text = text
    this.#events = events
    if (events[0]?.type === EVENT_ID.DOCUMENT) this.#next = 1
  }

  /** Answers with the place of the node. */
  node(pointer: string, key: YamlPlace['key']): YamlPlace {
    const event = this.#events[this.#next]
    this.#next += 1
    const place = this.#placeOf(event, pointer, key)
    this.places.set(pointer, place)
    return place
  }

  #placeOf(event: Event | undefined, pointer: string, key: YamlPlace['key']): YamlPlace {
    if (event?.type === EVENT_ID.SCALAR) return { ...this.#scalar(event, key), key, items: null }
    if (event?.type !== EVENT_ID.SEQUENCE && event?.type !== EVENT_ID.MAPPING) {
      throw new RangeError('a YAML text that the reader would not accept')
    }
    const { start, style } = event
    const below =
      event.type === EVENT_ID.SEQUENCE ? this.#sequence(pointer) : this.#mapping(pointer)
    const last = below.at(-1)?.end ?? start
    const isFlow = style === COLLECTION_STYLE.FLOW
    const end = isFlow ? this.#closing(Math.max(last, start + 1)) : last
    const items = event.type === EVENT_ID.SEQUENCE && !isFlow ? below : null
    return { start, end, key, items }
  }

  #sequence(pointer: string): YamlPlace[] {
    const items: YamlPlace[] = []
    while (!this.#isAtEnd()) items.push(this.node(childPointer(pointer, items.length), null))
    this.#next += 1
    return items
  }

  #mapping(pointer: string): YamlPlace[] {
    const values: YamlPlace[] = []
    while (!this.#isAtEnd()) {
      const event = this.#events[this.#next]
      this.#next += 1
      if (event?.type !== EVENT_ID.SCALAR) throw new RangeError('a key that is no text')
      const name = getScalarValue(this.#text, event)
      values.push(this.node(childPointer(pointer, name), quotedSpan(event)))
    }
    this.#next += 1
    return values
  }

  #isAtEnd(): boolean {
    const event = this.#events[this.#next]
    return event === undefined || event.type === EVENT_ID.POP
  }

  #scalar(event: ScalarEvent, key: YamlPlace['key']): { start: number; end: number } {
    const isBlock =
      event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
    if (!isBlock) return quotedSpan(event)
    // The indicator (`|`, `>-`) comes before the lines of the text and is part of the value.
    const from = key === null ? event.valueStart : this.#text.indexOf(':', key.end) + 1
    const start = from + (/^[ \t]*/.exec(this.#text.slice(from, from + 100))?.[0].length ?? 0)
    return { start, end: this.#text.slice(0, event.valueEnd).trimEnd().length }
  }

  /** Behind the bracket that closes the collection whose last part ends at `from`. */
  #closing(from: number): number {
    const rest = /(?:[\s,]|#[^\n]*)*[\]}]/y
    rest.lastIndex = from
    return rest.test(this.#text) ? rest.lastIndex : from
  }
}

function quotedSpan({ style, valueStart, valueEnd }: ScalarEvent): { start: number; end: number } {
  const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
  return isQuoted
    ? { start: valueStart - 1, end: valueEnd + 1 }
    : { start: valueStart, end: valueEnd }
}
