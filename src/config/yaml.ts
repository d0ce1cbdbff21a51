/**
 * YAML text to a plain tree of null-prototype objects, arrays, texts, numbers and booleans, with
 * the line of every key and item. Built on the parser's events so that everything a configuration
 * has no use for is refused with its place, all at once: anchors and aliases (they expand without
 * bound), tags, merge keys, duplicate keys, keys that are not text, empty values, directives and
 * further documents. Scalars resolve by the YAML 1.2 core schema.
 */

import {
  CORE_SCHEMA,
  EVENT_ID,
  type Event,
  getScalarValue,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml'
import { type ConfigProblem, childPointer, quoted } from './problem.js'

export type YamlValue = string | number | boolean | null | YamlValue[] | YamlMap
export interface YamlMap {
  [key: string]: YamlValue
}

export interface ParsedYaml {
  readonly value: YamlValue
  /** 1-based line of each key and item, by JSON Pointer. */
  readonly lines: ReadonlyMap<string, number>
  readonly problems: readonly ConfigProblem[]
}

const maxDepth = 16

export interface YamlOptions {
  /** An explicit `null` is a value; one that is left empty is none either way. */
  readonly nulls?: boolean
}

export function parseYaml(source: string, { nulls = false }: YamlOptions = {}): ParsedYaml {
  let events: Event[]
  try {
    events = parseEvents(source, { maxDepth })
  } catch (thrown) {
    return { value: null, lines: new Map(), problems: [syntaxProblem(thrown)] }
  }
  return new Reader(source, events, nulls).read()
}

// The exception's message quotes the source, which may hold a secret; its reason does not.
function syntaxProblem(thrown: unknown): ConfigProblem {
  const known = thrown instanceof YAMLException
  const line = known && thrown.mark !== undefined ? { line: thrown.mark.line + 1 } : {}
  const reason = known ? thrown.reason : 'the parser failed'
  return { ...line, pointer: '', problem: `is not YAML: ${reason}`, fix: 'correct the syntax' }
}

class Reader {
  readonly #source: string
  readonly #events: readonly Event[]
  readonly #nulls: boolean
  readonly #lines = new Map<string, number>()
  readonly #problems: ConfigProblem[] = []
  #next = 0
  #line = 1
  #position = 0

  constructor(source: string, events: readonly Event[], nulls: boolean) {
    this.#source = source
    this.#events = events
    this.#nulls = nulls
  }

  read(): ParsedYaml {
    const first = this.#take()
    if (first?.type !== EVENT_ID.DOCUMENT || this.#peek()?.type === EVENT_ID.POP) {
      this.#refuse('', 'is empty', 'write at least the upstreams')
      return this.#result(null)
    }
    if (first.directives.length > 0) this.#refuse('', 'holds a YAML directive', 'remove it')
    const value = this.#node('')
    this.#take()
    if (this.#peek() !== undefined) {
      this.#refuse('', 'holds more than one YAML document', 'keep one and remove the `---`')
    }
    return this.#result(value)
  }

  #result(value: YamlValue): ParsedYaml {
    return { value, lines: this.#lines, problems: this.#problems }
  }

  #peek(): Event | undefined {
    return this.#events[this.#next]
  }

  #take(): Event | undefined {
    const event = this.#events[this.#next]
    this.#next += 1
    return event
  }

  #node(pointer: string): YamlValue {
    const event = this.#take()
    if (event === undefined) return null
    if ('anchorStart' in event && event.anchorStart >= 0) this.#refuseReuse(pointer, event.type)
    if ('tagStart' in event && event.tagStart >= 0) {
      this.#refuse(pointer, 'has a YAML tag', 'remove the tag and write the value plainly')
    }
    if (event.type === EVENT_ID.MAPPING) return this.#mapping(pointer)
    if (event.type === EVENT_ID.SEQUENCE) return this.#sequence(pointer)
    if (event.type !== EVENT_ID.SCALAR) return null
    const text = getScalarValue(this.#source, event)
    const value = resolveScalar(text, event)
    if (value === null && !(this.#nulls && text !== '')) {
      this.#refuse(pointer, 'has no value', 'give it a value or remove the key')
    }
    return value
  }

  #refuseReuse(pointer: string, type: Event['type']): void {
    const what = type === EVENT_ID.ALIAS ? 'is a YAML alias' : 'has a YAML anchor'
    this.#refuse(pointer, what, 'write the value out; anchors and aliases are not accepted')
  }

  #mapping(pointer: string): YamlMap {
    const map: YamlMap = Object.create(null)
    while (this.#peek() !== undefined && this.#peek()?.type !== EVENT_ID.POP) {
      const key = this.#key(pointer)
      const child = childPointer(pointer, key ?? '')
      const value = this.#node(child)
      if (key !== undefined) map[key] = value
    }
    this.#take()
    return map
  }

  /** Reads one key; undefined when it is refused and its value is only to be walked over. */
  #key(pointer: string): string | undefined {
    const event = this.#peek()
    if (event?.type !== EVENT_ID.SCALAR) {
      this.#node(pointer)
      this.#refuse(pointer, 'has a key that is not text', 'use a plain text as the key')
      return undefined
    }
    this.#next += 1
    const key = getScalarValue(this.#source, event)
    const child = childPointer(pointer, key)
    const earlier = this.#lines.get(child)
    this.#mark(child, event.valueStart)
    if (event.anchorStart >= 0) this.#refuseReuse(child, event.type)
    if (event.tagStart >= 0) this.#refuse(child, 'has a YAML tag on its key', 'remove the tag')
    if (typeof resolveScalar(key, event) !== 'string') {
      this.#refuse(child, 'is a key that is not text', 'put the key in quotes')
      return undefined
    }
    if (key === '<<' && event.style === SCALAR_STYLE.PLAIN) {
      this.#refuse(child, 'is a merge key', 'write the keys out; merging is not accepted')
      return undefined
    }
    if (earlier !== undefined) {
      const problem = `key ${quoted(key)} is there twice, first in line ${earlier}`
      this.#refuse(child, problem, 'keep one of them')
    }
    return key
  }

  #sequence(pointer: string): YamlValue[] {
    const items: YamlValue[] = []
    for (let next = this.#peek(); next !== undefined && next.type !== EVENT_ID.POP; ) {
      const child = childPointer(pointer, items.length)
      this.#mark(child, startOf(next))
      items.push(this.#node(child))
      next = this.#peek()
    }
    this.#take()
    return items
  }

  /** Events come in source order, so lines are counted once from front to back. */
  #mark(pointer: string, position: number): void {
    // An empty item has no place of its own; the line of the list is said instead.
    if (position < 0) return
    while (this.#position < position) {
      const lineFeed = this.#source.indexOf('\n', this.#position)
      if (lineFeed < 0 || lineFeed >= position) break
      this.#line += 1
      this.#position = lineFeed + 1
    }
    this.#lines.set(pointer, this.#line)
  }

  #refuse(pointer: string, problem: string, fix: string): void {
    const line = this.#lines.get(pointer)
    this.#problems.push({ ...(line === undefined ? {} : { line }), pointer, problem, fix })
  }
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart
  return 'start' in event ? event.start : -1
}

const implicitTags = CORE_SCHEMA.tags.filter((tag) => tag.nodeKind === 'scalar' && tag.implicit)

function resolveScalar(text: string, event: ScalarEvent): string | number | boolean | null {
  if (event.style !== SCALAR_STYLE.PLAIN) return text
  for (const tag of implicitTags) {
    if (tag.nodeKind !== 'scalar') continue
    const value: unknown = tag.resolve(text, false, tag.tagName)
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
    if (value !== NOT_RESOLVED) break
  }
  return text
}
