/**
 * Reads a JSON Schema as OPA does: drafts 4, 6 and 7 by `$schema`, otherwise a mixture of them. What
 * has the wrong type or contradicts itself refuses the whole schema. Members are read in sorted
 * order, where OPA has none, so that errors come out in one order too.
 */
import type { Steps } from '../bounds.js'
import { compareNumbers, sortedMembers } from '../compare.js'
import { int64Of } from '../int64.js'
import { numberParts } from '../number-parts.js'
import { compiledPattern } from '../regex.js'
import {
  isArray,
  isNumber,
  numberText,
  type RegoNumber,
  RegoObject,
  type Value,
} from '../rego-value.js'
import { comparedText } from './native.js'
import { isReference, normalReference, References } from './references.js'
import { emptySchema, type Schema, SchemaRefused, type SizeKeyword } from './schema.js'

type Draft = 4 | 6 | 7 | 'mixed'

const drafts: ReadonlyMap<string, Draft> = new Map([
  ['http://json-schema.org/draft-04/schema', 4],
  ['http://json-schema.org/draft-06/schema', 6],
  ['http://json-schema.org/draft-07/schema', 7],
])
const typeNames = new Set(['array', 'boolean', 'integer', 'number', 'null', 'object', 'string'])
/** Go's wording of a bound with more digits is that of a binary number; see `boundOf`. */
const maxBoundDigits = 19

export function parseSchema(root: Value, steps: Steps): Schema {
  return new Parser(root, steps).schema(root, '(Root)')
}

class Parser {
  readonly #draft: Draft
  readonly #references: References
  /** By reference; in it before it is read, so that a schema may refer to itself. */
  readonly #referred = new Map<string, Schema>()
  readonly #steps: Steps

  constructor(root: Value, steps: Steps) {
    this.#draft = draftOf(root)
    this.#references = new References(root, steps)
    this.#steps = steps
  }

  schema(value: Value | undefined, property: string): Schema {
    this.#steps.take()
    const schema = emptySchema(property)
    this.#read(value, schema)
    return schema
  }

  #since(draft: 6 | 7): boolean {
    return this.#draft === 'mixed' || this.#draft >= draft
  }

  #read(value: Value | undefined, schema: Schema): void {
    if (typeof value === 'boolean' && this.#since(6)) {
      schema.pass = value
      return
    }
    if (!(value instanceof RegoObject)) throw new SchemaRefused('no schema')
    this.#identity(value)
    for (const definition of membersOf(value, 'definitions')) this.schemaOrBoolean(definition[1])
    textOf(value, 'title')
    textOf(value, 'description')
    if (this.#reference(value, schema)) return
    this.#types(value, schema)
    this.#objects(value, schema)
    this.#arrays(value, schema)
    numbers(value, schema, this.#draft)
    strings(value, schema)
    this.#values(value, schema)
    this.#combinations(value, schema)
  }

  #identity(object: RegoObject): void {
    const old = this.#draft === 4 || (this.#draft === 'mixed' && object.get('id') !== undefined)
    const id = textOf(object, old ? 'id' : '$id')
    if (id !== undefined && !isReference(id)) throw new SchemaRefused('no $id')
  }

  /** Whether nothing else of the schema is read. */
  #reference(object: RegoObject, schema: Schema): boolean {
    const text = textOf(object, '$ref')
    if (text === undefined) return false
    if (!isReference(text)) throw new SchemaRefused('no $ref')
    const reference = this.#references.of(object, text)
    const known = this.#referred.get(reference)
    if (known !== undefined) {
      schema.reference = known
      return false
    }
    const referred = emptySchema('$ref')
    this.#referred.set(reference, referred)
    const document = this.#references.document(reference)
    if (!isSchema(document)) throw new SchemaRefused('the $ref leads to no schema')
    this.#steps.take()
    this.#read(document, referred)
    schema.reference = referred
    return true
  }

  schemaOrBoolean(value: Value, property = ''): Schema {
    if (!isSchema(value)) throw new SchemaRefused('no schema')
    return this.schema(value, property)
  }

  #types(object: RegoObject, schema: Schema): void {
    const given = object.get('type')
    if (given === undefined) return
    for (const type of isArray(given) ? given : [given]) {
      if (typeof type !== 'string' || !typeNames.has(type) || schema.types.includes(type)) {
        throw new SchemaRefused('no type')
      }
      schema.types.push(type)
    }
  }

  #objects(object: RegoObject, schema: Schema): void {
    for (const [name, value] of membersOf(object, 'properties')) {
      schema.properties.push(this.schema(value, name))
    }
    const additional = this.#booleanOrSchema(object, 'additionalProperties')
    if (additional !== undefined) schema.additionalProperties = additional
    for (const [name, value] of membersOf(object, 'patternProperties')) {
      const pattern = compiledPattern(name)
      if (pattern === null) throw new SchemaRefused('no pattern')
      schema.patternProperties.push({ pattern, schema: this.schema(value, name) })
    }
    const names = object.get('propertyNames')
    if (names !== undefined && this.#since(6)) schema.propertyNames = this.schemaOrBoolean(names)
    for (const [name, value] of membersOf(object, 'dependencies')) {
      if (!isArray(value)) schema.dependencies.set(name, this.schemaOrBoolean(value, name))
      else if (value.length > 0) schema.dependencies.set(name, textsOf(value))
    }
    sizes(object, schema, 'minProperties', 'maxProperties')
    const required = textsOf(listOf(object, 'required') ?? [])
    if (new Set(required).size < required.length) throw new SchemaRefused('required twice')
    schema.required.push(...required)
  }

  #arrays(object: RegoObject, schema: Schema): void {
    const items = object.get('items')
    if (isArray(items)) schema.items = items.map((item) => this.schemaOrBoolean(item))
    else if (items !== undefined) {
      schema.items = [this.schemaOrBoolean(items)]
      schema.everyItem = true
    }
    const additional = this.#booleanOrSchema(object, 'additionalItems')
    if (additional !== undefined) schema.additionalItems = additional
    sizes(object, schema, 'minItems', 'maxItems')
    const unique = object.get('uniqueItems') ?? false
    if (typeof unique !== 'boolean' || object.get('uniqueItems') === null) {
      throw new SchemaRefused('uniqueItems')
    }
    schema.uniqueItems = unique
    const contains = object.get('contains')
    if (contains !== undefined && this.#since(6)) schema.contains = this.schema(contains, '')
  }

  #booleanOrSchema(object: RegoObject, key: string): boolean | Schema | undefined {
    const value = object.get(key)
    if (value === undefined || typeof value === 'boolean') return value
    return this.schemaOrBoolean(value)
  }

  #values(object: RegoObject, schema: Schema): void {
    const constant = object.get('const')
    if (constant !== undefined && this.#since(6)) schema.constant = this.#compared(constant)
    const values = listOf(object, 'enum')?.map((value) => this.#compared(value))
    if (values === undefined) return
    if (new Set(values).size < values.length) throw new SchemaRefused('enum twice')
    schema.enumeration = values
  }

  #compared(value: Value): string {
    const text = comparedText(value)
    if (text === null) throw new SchemaRefused('no double')
    this.#steps.take(text.length)
    return text
  }

  #combinations(object: RegoObject, schema: Schema): void {
    const all = (key: string) => (listOf(object, key) ?? []).map((value) => this.schema(value, key))
    schema.oneOf = all('oneOf')
    schema.anyOf = all('anyOf')
    schema.allOf = all('allOf')
    const keys = this.#since(7) ? (['not', 'if', 'then', 'else'] as const) : (['not'] as const)
    for (const key of keys) {
      const value = object.get(key)
      if (value !== undefined) schema[key] = this.schemaOrBoolean(value)
    }
  }
}

function draftOf(root: Value): Draft {
  if (typeof root === 'boolean') return 'mixed'
  if (!(root instanceof RegoObject)) throw new SchemaRefused('no schema')
  const named = textOf(root, '$schema')
  if (named === undefined) return 'mixed'
  const reference = normalReference(named)
  if (reference === null) throw new SchemaRefused('no $schema')
  return drafts.get(reference) ?? 'mixed'
}

function isSchema(value: Value): boolean {
  return typeof value === 'boolean' || value instanceof RegoObject
}

function textOf(object: RegoObject, key: string): string | undefined {
  const value = object.get(key)
  if (value !== undefined && typeof value !== 'string') throw new SchemaRefused(`${key} is no text`)
  return value
}

function listOf(object: RegoObject, key: string): readonly Value[] | undefined {
  const value = object.get(key)
  if (value !== undefined && !isArray(value)) throw new SchemaRefused(`${key} is no list`)
  return value
}

function textsOf(values: readonly Value[]): string[] {
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length < values.length) throw new SchemaRefused('no text')
  return texts
}

function membersOf(object: RegoObject, key: string): [string, Value][] {
  const value = object.get(key)
  if (value === undefined) return []
  if (!(value instanceof RegoObject)) throw new SchemaRefused(`${key} is no object`)
  return sortedMembers(value).map(([name, member]) => [String(name), member])
}

function strings(object: RegoObject, schema: Schema): void {
  sizes(object, schema, 'minLength', 'maxLength')
  const text = textOf(object, 'pattern')
  if (text !== undefined) {
    const compiled = compiledPattern(text)
    if (compiled === null) throw new SchemaRefused('no pattern')
    schema.pattern = { text, compiled }
  }
  schema.format = textOf(object, 'format') ?? ''
}

function sizes(object: RegoObject, schema: Schema, least: SizeKeyword, most: SizeKeyword): void {
  for (const key of [least, most]) {
    const value = object.get(key)
    if (value === undefined) continue
    const text = isNumber(value) ? numberText(value) : ''
    const size = /^-?\d+$/.test(text) ? int64Of(text) : null
    if (size === null || size < 0n) throw new SchemaRefused(`${key} is no size`)
    schema.sizes[key] = Number(size)
  }
  // Only of the lists OPA lets the least be more than the most.
  const { [least]: low, [most]: high } = schema.sizes
  const checked = least !== 'minItems' && low !== undefined && high !== undefined
  if (checked && low > high) throw new SchemaRefused(`${least} is more than ${most}`)
}

function numbers(object: RegoObject, schema: Schema, draft: Draft): void {
  const multiple = boundOf(object, 'multipleOf')
  if (multiple !== undefined) {
    if (compareNumbers(multiple, 0) <= 0) throw new SchemaRefused('multipleOf')
    schema.multipleOf = multiple
  }
  limit(object, schema, draft, 'minimum', 'exclusiveMinimum')
  limit(object, schema, draft, 'maximum', 'exclusiveMaximum')
}

/** `exclusive…` is a number, or in draft 4 a word on the other bound; the mixture takes both. */
function limit(
  object: RegoObject,
  schema: Schema,
  draft: Draft,
  key: 'minimum' | 'maximum',
  exclusiveKey: 'exclusiveMinimum' | 'exclusiveMaximum',
): void {
  const bound = boundOf(object, key)
  if (bound !== undefined) schema[key] = bound
  const exclusive = object.get(exclusiveKey)
  if (exclusive === undefined) return
  if (typeof exclusive !== 'boolean') {
    const exclusiveBound = draft === 4 ? undefined : boundOf(object, exclusiveKey)
    if (exclusiveBound === undefined) throw new SchemaRefused(exclusiveKey)
    schema[exclusiveKey] = exclusiveBound
    return
  }
  if (draft === 6 || draft === 7 || bound === undefined) throw new SchemaRefused(exclusiveKey)
  if (!exclusive) return
  schema[exclusiveKey] = bound
  delete schema[key]
}

function boundOf(object: RegoObject, key: string): RegoNumber | undefined {
  const value = object.get(key)
  if (value === undefined) return undefined
  if (!isNumber(value)) throw new SchemaRefused(`${key} is no number`)
  if (numberParts(numberText(value)).digits.length > maxBoundDigits) {
    throw new Error('json.match_schema: a bound of more than 19 digits')
  }
  return value
}
