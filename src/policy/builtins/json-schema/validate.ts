/** Holds a document to a schema, check by check in OPA's order, members in sorted order. */
import { charge, type Steps } from '../bounds.js'
import { compareNumbers, sortedMembers } from '../compare.js'
import { numberParts } from '../number-parts.js'
import { patternMatches } from '../regex.js'
import {
  isArray,
  isNumber,
  numberText,
  type RegoNumber,
  RegoObject,
  type Value,
} from '../rego-value.js'
import { hasFormat } from './format.js'
import { comparedText } from './native.js'
import { isMultiple, shownNumber } from './numbers.js'
import { type Place, Result } from './result.js'
import type { Schema } from './schema.js'

/** Of schemas within schemas, those that refer to themselves included. */
const maxDepth = 500

export class Validator {
  readonly #steps: Steps
  #depth = 0

  constructor(steps: Steps) {
    this.#steps = steps
  }

  validate(schema: Schema, value: Value, place: Place): Result {
    const result = new Result(this.#steps)
    this.#node(schema, value, place, result)
    return result
  }

  #node(schema: Schema, value: Value, place: Place, result: Result): void {
    if (this.#depth === maxDepth) throw new Error('json.match_schema: nested too deeply')
    this.#depth++
    this.#check(schema, value, place, result)
    this.#depth--
  }

  #check(schema: Schema, value: Value, place: Place, result: Result): void {
    this.#steps.take()
    if (schema.pass !== undefined) {
      if (!schema.pass) result.add('false', place, 'False always fails validation')
      return
    }
    if (schema.reference !== undefined) return this.#node(schema.reference, value, place, result)
    const type = typeOf(value)
    if (!hasType(schema, type)) {
      const expected = schema.types.length > 1 ? `[${schema.types.join(',')}]` : schema.types[0]
      const text = `Invalid type. Expected: ${expected}, given: ${type}`
      result.add('invalid_type', place, text)
      return
    }
    this.#combined(schema, value, place, result)
    if (isArray(value)) this.#array(schema, value, place, result)
    if (value instanceof RegoObject) this.#object(schema, value, place, result)
    if (isNumber(value)) checkNumber(schema, value, place, result)
    this.#common(schema, value, place, result)
    if (typeof value === 'string') this.#text(schema, value, place, result)
    if (value instanceof RegoObject) this.#properties(schema, value, place, result)
    result.checked()
  }

  #properties(schema: Schema, object: RegoObject, place: Place, result: Result): void {
    for (const property of schema.properties) {
      const member = object.get(property.property)
      if (member === undefined) continue
      this.#node(property, member, below(place, property.property), result)
    }
  }

  #combined(schema: Schema, value: Value, place: Place, result: Result): void {
    this.#anyOf(schema, value, place, result)
    this.#oneOf(schema, value, place, result)
    const all = schema.allOf.map((each) => this.validate(each, value, place))
    for (const each of all) result.merge(each)
    if (all.some((each) => !each.valid)) {
      result.add('number_all_of', place, 'Must validate all the schemas (allOf)')
    }
    if (schema.not !== undefined && this.validate(schema.not, value, place).valid) {
      result.add('number_not', place, 'Must not validate the schema (not)')
    }
    if (value instanceof RegoObject) this.#dependencies(schema, value, place, result)
    this.#condition(schema, value, place, result)
    result.checked()
  }

  #anyOf(schema: Schema, value: Value, place: Place, result: Result): void {
    if (schema.anyOf.length === 0) return
    let best: Result | null = null
    for (const each of schema.anyOf) {
      const found = this.validate(each, value, place)
      if (found.valid) return
      if (best === null || found.score > best.score) best = found
    }
    result.add('number_any_of', place, 'Must validate at least one schema (anyOf)')
    if (best !== null) result.merge(best)
  }

  #oneOf(schema: Schema, value: Value, place: Place, result: Result): void {
    if (schema.oneOf.length === 0) return
    let valid = 0
    let best: Result | null = null
    for (const each of schema.oneOf) {
      const found = this.validate(each, value, place)
      if (found.valid) valid++
      else if (valid === 0 && (best === null || found.score > best.score)) best = found
    }
    if (valid === 1) return
    result.add('number_one_of', place, 'Must validate one and only one schema (oneOf)')
    if (valid === 0 && best !== null) result.merge(best)
  }

  #dependencies(schema: Schema, object: RegoObject, place: Place, result: Result): void {
    if (schema.dependencies.size === 0) return
    for (const [name] of sortedMembers(object)) {
      const dependency = schema.dependencies.get(String(name))
      if (dependency === undefined) continue
      if (!isNames(dependency)) {
        this.#node(dependency, object, place, result)
        continue
      }
      for (const needed of dependency) {
        if (object.get(needed) !== undefined) continue
        result.add('missing_dependency', place, `Has a dependency on ${needed}`)
      }
    }
  }

  #condition(schema: Schema, value: Value, place: Place, result: Result): void {
    if (schema.if === undefined) return
    const { valid } = this.validate(schema.if, value, place)
    const branch = valid ? schema.then : schema.else
    if (branch === undefined) return
    const found = this.validate(branch, value, place)
    if (found.valid) return
    if (valid) result.add('condition_then', place, 'Must validate "then" as "if" was valid')
    else result.add('condition_else', place, 'Must validate "else" as "if" was not valid')
    result.merge(found)
  }

  #common(schema: Schema, value: Value, place: Place, result: Result): void {
    const { constant, enumeration } = schema
    if (constant !== undefined && this.#compared(value) !== constant) {
      result.add('const', place, (field) => `${field} does not match: ${constant}`)
    }
    if (enumeration !== undefined && !enumeration.includes(this.#compared(value))) {
      const allowed = enumeration.join(', ')
      result.add('enum', place, (field) => `${field} must be one of the following: ${allowed}`)
    }
    if (typeof value === 'string' && !hasFormat(schema.format, value)) {
      result.add('format', place, `Does not match format '${schema.format}'`)
    }
    result.checked()
  }

  #compared(value: Value): string {
    const text = comparedText(value)
    if (text === null) throw new Error('json.match_schema: a number beyond doubles is compared')
    this.#steps.take(text.length)
    return text
  }

  #array(schema: Schema, array: readonly Value[], place: Place, result: Result): void {
    this.#items(schema, array, place, result)
    const { minItems, maxItems } = schema.sizes
    if (minItems !== undefined && array.length < minItems) {
      result.add('array_min_items', place, `Array must have at least ${minItems} items`)
    }
    if (maxItems !== undefined && array.length > maxItems) {
      result.add('array_max_items', place, `Array must have at most ${maxItems} items`)
    }
    if (schema.uniqueItems) this.#unique(array, place, result)
    if (schema.contains !== undefined) this.#contains(schema.contains, array, place, result)
    result.checked()
  }

  #items(schema: Schema, array: readonly Value[], place: Place, result: Result): void {
    const { items, everyItem, additionalItems } = schema
    const [every] = items
    if (every === undefined) return
    for (const [i, item] of array.entries()) {
      const each = everyItem ? every : (items[i] ?? additionalItems)
      if (typeof each === 'object') result.merge(this.validate(each, item, below(place, `${i}`)))
    }
    if (!everyItem && array.length > items.length && additionalItems === false) {
      result.add('array_no_additional_items', place, 'No additional items allowed on array')
    }
  }

  #unique(array: readonly Value[], place: Place, result: Result): void {
    const seen = new Map<string, number>()
    for (const [j, item] of array.entries()) {
      const text = this.#compared(item)
      const i = seen.get(text)
      if (i !== undefined) result.add('unique', place, `array items[${i},${j}] must be unique`)
      seen.set(text, j)
    }
  }

  #contains(schema: Schema, array: readonly Value[], place: Place, result: Result): void {
    let best: Result | null = null
    for (const [i, item] of array.entries()) {
      const found = this.validate(schema, item, below(place, `${i}`))
      if (found.valid) return
      if (best === null || found.score > best.score) best = found
    }
    result.add('contains', place, 'At least one of the items must match')
    if (best !== null) result.merge(best)
  }

  #object(schema: Schema, object: RegoObject, place: Place, result: Result): void {
    const { minProperties, maxProperties } = schema.sizes
    if (minProperties !== undefined && object.size < minProperties) {
      result.add('array_min_properties', place, `Must have at least ${minProperties} properties`)
    }
    if (maxProperties !== undefined && object.size > maxProperties) {
      result.add('array_max_properties', place, `Must have at most ${maxProperties} properties`)
    }
    for (const name of schema.required) {
      if (object.get(name) === undefined) result.add('required', place, `${name} is required`)
      else result.checked()
    }
    const members = sortedMembers(object).map(([key, member]) => [String(key), member] as const)
    const known = new Set(schema.properties.map(({ property }) => property))
    for (const [name, member] of members) {
      const matched = this.#patternProperties(schema, name, member, place, result)
      if (!matched && !known.has(name)) this.#additional(schema, name, member, place, result)
    }
    if (schema.propertyNames !== undefined) {
      for (const [name] of members) this.#propertyName(schema.propertyNames, name, place, result)
    }
    result.checked()
  }

  #patternProperties(
    schema: Schema,
    name: string,
    member: Value,
    place: Place,
    result: Result,
  ): boolean {
    let matched = false
    for (const { pattern, schema: each } of schema.patternProperties) {
      if (!patternMatches(pattern, name, this.#steps)) continue
      matched = true
      result.merge(this.validate(each, member, below(place, name)))
    }
    if (matched) result.checked()
    return matched
  }

  #additional(schema: Schema, name: string, member: Value, place: Place, result: Result): void {
    const { additionalProperties } = schema
    if (additionalProperties === false) {
      const text = `Additional property ${name} is not allowed`
      result.add('additional_property_not_allowed', place, text)
    } else if (typeof additionalProperties === 'object') {
      result.merge(this.validate(additionalProperties, member, below(place, name)))
    }
  }

  #propertyName(schema: Schema, name: string, place: Place, result: Result): void {
    const found = this.validate(schema, name, place)
    if (found.valid) return
    result.add('invalid_property_name', place, `Property name of "${name}" does not match`)
    result.merge(found)
  }

  #text(schema: Schema, text: string, place: Place, result: Result): void {
    const { minLength, maxLength } = schema.sizes
    charge(2 * text.length)
    const length = minLength === undefined && maxLength === undefined ? 0 : [...text].length
    if (minLength !== undefined && length < minLength) {
      const words = `String length must be greater than or equal to ${minLength}`
      result.add('string_gte', place, words)
    }
    if (maxLength !== undefined && length > maxLength) {
      const words = `String length must be less than or equal to ${maxLength}`
      result.add('string_lte', place, words)
    }
    if (schema.pattern !== undefined) {
      const { compiled, text: pattern } = schema.pattern
      if (!patternMatches(compiled, text, this.#steps)) {
        result.add('pattern', place, `Does not match pattern '${pattern}'`)
      }
    }
    result.checked()
  }
}

function checkNumber(schema: Schema, value: RegoNumber, place: Place, result: Result): void {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    result.add('multiple_of', place, `Must be a multiple of ${shownNumber(multipleOf)}`)
  }
  if (maximum !== undefined && compareNumbers(value, maximum) > 0) {
    result.add('number_lte', place, `Must be less than or equal to ${shownNumber(maximum)}`)
  }
  if (exclusiveMaximum !== undefined && compareNumbers(value, exclusiveMaximum) >= 0) {
    result.add('number_lt', place, `Must be less than ${shownNumber(exclusiveMaximum)}`)
  }
  if (minimum !== undefined && compareNumbers(value, minimum) < 0) {
    result.add('number_gte', place, `Must be greater than or equal to ${shownNumber(minimum)}`)
  }
  if (exclusiveMinimum !== undefined && compareNumbers(value, exclusiveMinimum) <= 0) {
    result.add('number_gt', place, `Must be greater than ${shownNumber(exclusiveMinimum)}`)
  }
  result.checked()
}

function below(above: Place, name: string): Place {
  return { name, above }
}

function isNames(dependency: readonly string[] | Schema): dependency is readonly string[] {
  return Array.isArray(dependency)
}

/** 1.0 and 1e2 are integers too. */
function typeOf(value: Value): string {
  if (value === null) return 'null'
  if (isArray(value)) return 'array'
  if (!isNumber(value)) return typeof value
  const { digits, scale } = numberParts(numberText(value))
  return scale >= digits.length ? 'integer' : 'number'
}

function hasType({ types }: Schema, type: string): boolean {
  return (
    types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'))
  )
}
