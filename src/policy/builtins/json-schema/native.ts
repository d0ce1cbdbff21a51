/** Documents and schemas as they arrive: an object, an array, or JSON as text. */

import { charge } from '../bounds.js'
import { goJsonText, nativeJson } from '../native-json.js'
import { Decimal, isArray, isNumber, numberText, RegoObject, type Value } from '../rego-value.js'
import { readValue } from '../value.js'
import { SchemaRefused } from './schema.js'

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

export function documentOf(value: Value): Value {
  if (isArray(value) || value instanceof RegoObject) return nativeJson(value)
  if (typeof value !== 'string') throw new SchemaRefused('neither text nor an object')
  charge(value.length)
  try {
    JSON.parse(value)
  } catch {
    throw new SchemaRefused('no JSON')
  }
  const document = readValue(value)
  return /\\ud[89a-f]/i.test(value) ? wellFormed(document) : document
}

/** As Go reads it: half a pair of surrogates is U+FFFD. */
function wellFormed(value: Value): Value {
  if (typeof value === 'string') return value.replace(loneSurrogate, '\ufffd')
  if (isArray(value)) return value.map(wellFormed)
  if (!(value instanceof RegoObject)) return value
  return new RegoObject(
    Array.from(value, ([key, member]) => [wellFormed(key), wellFormed(member)] as const),
  )
}

/** The text by which values are compared, numbers as doubles; null where one is beyond them. */
export function comparedText(value: Value): string | null {
  try {
    return goJsonText(withDoubles(value))
  } catch (thrown) {
    if (thrown instanceof RangeOfDoubles) return null
    throw thrown
  }
}

class RangeOfDoubles extends Error {}

function withDoubles(value: Value): Value {
  charge(20)
  if (isNumber(value)) {
    const double = Number(numberText(value))
    if (!Number.isFinite(double)) throw new RangeOfDoubles()
    return new Decimal(Object.is(double, -0) ? '-0' : String(double))
  }
  if (isArray(value)) return value.map(withDoubles)
  if (!(value instanceof RegoObject)) return value
  return new RegoObject(Array.from(value, ([key, member]) => [key, withDoubles(member)]))
}
