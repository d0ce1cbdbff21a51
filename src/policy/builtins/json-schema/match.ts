/**
 * `json.match_schema`: whether a document fits a JSON Schema, and every reason why not, in the words
 * of OPA's validator (gojsonschema). OPA has no order for errors of several members of an object;
 * here it is that of their names. A schema that is none is undefined. Bounds: 2,000,000 steps
 * of reading, checking and describing, 500 schemas within each other; references never leave the
 * schema.
 */
import { Steps } from '../bounds.js'
import type { Value } from '../rego-value.js'
import { documentOf } from './native.js'
import { parseSchema } from './parse.js'
import { SchemaRefused } from './schema.js'
import { Validator } from './validate.js'

const maxSteps = 2_000_000
const stepUnits = 8

export function jsonMatchSchema(document: Value, schema: Value): Value | undefined {
  const steps = new Steps(maxSteps, stepUnits)
  try {
    const value = documentOf(document)
    const root = parseSchema(documentOf(schema), steps)
    return new Validator(steps).validate(root, value, { name: '(Root)', above: null }).value()
  } catch (thrown) {
    if (thrown instanceof SchemaRefused) return undefined
    throw thrown
  }
}
