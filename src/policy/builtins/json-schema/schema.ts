/** A JSON Schema that has been read: only what validation asks for. */
import type { RE2JS } from 're2js'
import type { RegoNumber } from '../rego-value.js'

export interface Schema {
  /** What it stands under in its parent's `properties`. */
  readonly property: string
  /** Of the schemas `true` and `false`. */
  pass?: boolean
  /** Then nothing else counts. */
  reference?: Schema
  readonly types: string[]
  readonly properties: Schema[]
  readonly patternProperties: PatternProperty[]
  readonly required: string[]
  readonly dependencies: Map<string, readonly string[] | Schema>
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items: readonly Schema[]
  everyItem: boolean
  additionalItems?: boolean | Schema
  contains?: Schema
  uniqueItems: boolean
  multipleOf?: RegoNumber
  minimum?: RegoNumber
  maximum?: RegoNumber
  exclusiveMinimum?: RegoNumber
  exclusiveMaximum?: RegoNumber
  readonly sizes: Partial<Record<SizeKeyword, number>>
  pattern?: { readonly text: string; readonly compiled: RE2JS }
  format: string
  /** As texts, in which 1 and 1.0 are the same. */
  constant?: string
  enumeration?: readonly string[]
  oneOf: readonly Schema[]
  anyOf: readonly Schema[]
  allOf: readonly Schema[]
  not?: Schema
  if?: Schema
  then?: Schema
  else?: Schema
}

export interface PatternProperty {
  readonly pattern: RE2JS
  readonly schema: Schema
}

export type SizeKeyword =
  | 'minLength'
  | 'maxLength'
  | 'minProperties'
  | 'maxProperties'
  | 'minItems'
  | 'maxItems'

export function emptySchema(property: string): Schema {
  return {
    property,
    types: [],
    properties: [],
    patternProperties: [],
    required: [],
    dependencies: new Map(),
    items: [],
    everyItem: false,
    uniqueItems: false,
    sizes: {},
    format: '',
    oneOf: [],
    anyOf: [],
    allOf: [],
  }
}

/** What is given is no schema, or no JSON: the result is undefined. */
export class SchemaRefused extends Error {}
