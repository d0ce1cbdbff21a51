/**
 * `$id` and `$ref` of a schema: which part of the given document a reference means. Nothing is ever
 * fetched, so what is not in the document is refused. References are resolved by RFC 3986 on their
 * text; differences that only spell an address otherwise are not smoothed out.
 */
import type { Steps } from '../bounds.js'
import { int64Of } from '../int64.js'
import { isArray, RegoObject, type Value } from '../rego-value.js'
import { SchemaRefused } from './schema.js'

interface Address {
  readonly scheme: string | undefined
  readonly authority: string | undefined
  readonly path: string
  readonly query: string | undefined
  readonly fragment: string
}

const form = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const plainKeywords: ReadonlySet<string> = new Set(['const', 'enum'])
/** Their members are schemas, they are none. */
const namedSchemas: ReadonlySet<string> = new Set([
  'properties',
  'dependencies',
  'patternProperties',
])

export class References {
  readonly #documents = new Map<string, Value>()
  /** The resolved `$ref` of an object. */
  readonly #resolved = new Map<RegoObject, string>()
  readonly #steps: Steps

  constructor(root: Value, steps: Steps) {
    this.#steps = steps
    this.#collect(root, '')
    this.#documents.set('', root)
  }

  /** Of an object that has a `$ref`. */
  of(object: RegoObject, reference: string): string {
    return this.#resolved.get(object) ?? reference
  }

  document(reference: string): Value {
    const known = this.#documents.get(reference)
    if (known !== undefined) return known
    const address = parse(reference)
    if (address === null) throw new SchemaRefused('no reference')
    const document = this.#documents.get(textOf({ ...address, fragment: '' }))
    if (document !== undefined) return at(document, unescaped(address.fragment))
    if (reference.startsWith('http://json-schema.org/draft-0')) {
      throw new Error('json.match_schema: a reference to a meta-schema')
    }
    throw new SchemaRefused('the document is not here')
  }

  #collect(value: Value, base: string): void {
    this.#steps.take()
    if (isArray(value)) {
      for (const item of value) this.#collect(item, base)
    }
    if (!(value instanceof RegoObject)) return
    const scope = this.#scopeOf(value, base)
    const reference = value.get('$ref')
    if (typeof reference === 'string') {
      this.#resolved.set(value, resolved(scope, reference) ?? reference)
    }
    for (const [key, member] of value) {
      if (plainKeywords.has(String(key))) continue
      if (!namedSchemas.has(String(key))) this.#collect(member, scope)
      else if (member instanceof RegoObject) {
        for (const [, schema] of member) this.#collect(schema, scope)
      }
    }
  }

  #scopeOf(object: RegoObject, base: string): string {
    const id = object.get('id') === undefined ? object.get('$id') : object.get('id')
    const scope = typeof id === 'string' ? resolved(base, id) : null
    if (scope === null) return base
    if (this.#documents.has(scope)) throw new SchemaRefused('the same $id twice')
    this.#documents.set(scope, object)
    return scope
  }
}

/** Whether the text can be a reference at all. */
export function isReference(text: string): boolean {
  return parse(text) !== null
}

/** Without an empty fragment. */
export function normalReference(text: string): string | null {
  const address = parse(text)
  return address === null ? null : textOf(address)
}

function at(document: Value, pointer: string): Value {
  // What does not begin like a pointer means the whole.
  if (!pointer.startsWith('/')) return document
  let value = document
  for (const token of pointer.slice(1).split('/')) value = memberOf(value, token)
  return value
}

function memberOf(value: Value, token: string): Value {
  const index = /^[+-]?\d+$/.test(token) ? int64Of(token) : null
  const member =
    value instanceof RegoObject
      ? value.get(token.replaceAll('~1', '/').replaceAll('~0', '~'))
      : isArray(value) && index !== null
        ? value[Number(index)]
        : undefined
  if (member === undefined) throw new SchemaRefused('the reference leads nowhere')
  return member
}

function parse(text: string): Address | null {
  const parts = form.exec(text)
  if (parts === null || hasControls(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) return null
  const [, scheme, authority, path = '', query, fragment = ''] = parts
  const [segment = ''] = path.split('/')
  if (scheme === undefined && authority === undefined && segment.includes(':')) return null
  if (authority !== undefined && /[\s<>"^`{}|\\]/.test(authority)) return null
  return { scheme: scheme?.toLowerCase(), authority, path, query, fragment }
}

function hasControls(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f')
}

function textOf({ scheme, authority, path, query, fragment }: Address): string {
  const before = scheme === undefined ? '' : `${scheme}:`
  const host = authority === undefined ? '' : `//${authority}`
  const behind = query === undefined ? '' : `?${query}`
  return `${before}${host}${path}${behind}${fragment === '' ? '' : `#${fragment}`}`
}

function resolved(base: string, reference: string): string | null {
  const parent = parse(base)
  const child = parse(reference)
  if (parent === null || child === null) return null
  if (child.scheme !== undefined) return textOf({ ...child, path: withoutDots(child.path) })
  if (child.authority !== undefined) {
    return textOf({ ...child, scheme: parent.scheme, path: withoutDots(child.path) })
  }
  const { scheme, authority } = parent
  const { query, fragment } = child
  if (child.path === '') {
    return textOf({ ...parent, query: query ?? parent.query, fragment })
  }
  const absolute = child.path.startsWith('/')
  const path = absolute ? child.path : parent.path.replace(/[^/]*$/, '') + child.path
  return textOf({ scheme, authority, path: withoutDots(path), query, fragment })
}

function withoutDots(path: string): string {
  if (!/(^|\/)\.\.?(\/|$)/.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return kept.join('/')
}

function unescaped(fragment: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}
