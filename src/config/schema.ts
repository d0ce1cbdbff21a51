/**
 * A document against `schemas/config.schema.json`: fills in the defaults, which stand nowhere else,
 * and turns every violation into a problem with a fix taken from the schema's own descriptions.
 * Says nothing about how keys relate to each other; that is `checks.ts`.
 */

import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { parseDuration } from '../lib/duration.js'
import { packageFile } from '../lib/package-root.js'
import { parseInstant } from './instant.js'
import { nearestKey } from './nearest.js'
import { type ConfigProblem, childPointer, quoted } from './problem.js'
import type { YamlMap } from './yaml.js'

/** As much of a JSON Schema as the messages read. */
interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly propertyNames?: SchemaNode
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly 'x-duration'?: DurationBounds
}

interface DurationBounds {
  readonly minimum: string
  readonly maximum: string
}

/**
 * Fills defaults into `document` in place. `references` are the pointers of texts that came from a
 * reference alone: they are read as a number or as true/false where the schema wants one, since an
 * environment variable cannot be anything but text.
 */
export function validateDocument(
  document: YamlMap,
  references: ReadonlySet<string>,
): ConfigProblem[] {
  validator ??= createAjv().compile(readSchema())
  const validate = validator
  validate(document)
  const retyped = (validate.errors ?? []).filter(
    (error) => references.has(error.instancePath) && retypeText(document, error),
  )
  if (retyped.length > 0) validate(document)
  return described(validate.errors ?? [])
}

/** The same for a document with nothing but `apiKeys`. */
export function validateKeyFile(document: YamlMap): ConfigProblem[] {
  keyFileValidator ??= createAjv().compile(keyFileSchema(readSchema()))
  keyFileValidator(document)
  return described(keyFileValidator.errors ?? [])
}

function described(errors: readonly ErrorObject[]): ConfigProblem[] {
  // What has the wrong type has no size: 1.5 is not also too small.
  const mistyped = new Set(errors.filter(isTypeError).map((error) => error.instancePath))
  return errors
    .filter((error) => isTypeError(error) || !mistyped.has(error.instancePath))
    .flatMap(describeError)
}

let validator: ValidateFunction | undefined
let keyFileValidator: ValidateFunction | undefined

interface ConfigSchema {
  readonly definitions: object
  readonly properties: { readonly identity: { readonly properties: { readonly apiKeys: object } } }
}

function readSchema(): ConfigSchema {
  return JSON.parse(readFileSync(packageFile('schemas', 'config.schema.json'), 'utf8'))
}

function keyFileSchema({ definitions, properties }: ConfigSchema): object {
  const { apiKeys } = properties.identity.properties
  const only = { properties: { apiKeys }, required: ['apiKeys'], additionalProperties: false }
  return { definitions, type: 'object', ...only }
}

function createAjv(): Ajv {
  const ajv = new Ajv({
    // The schema is ours and a test checks it; here that would only slow the start.
    meta: false,
    validateSchema: false,
    allErrors: true,
    verbose: true,
    useDefaults: true,
    allowUnionTypes: true,
    ownProperties: true,
    formats: { 'date-time': (text: string) => parseInstant(text) !== null },
  })
  ajv.addKeyword({
    keyword: 'x-duration',
    type: 'string',
    schemaType: 'object',
    validate: isDurationWithin,
  })
  return ajv
}

function isTypeError(error: ErrorObject): boolean {
  return error.keyword === 'type'
}

function isDurationWithin(bounds: DurationBounds, text: string): boolean {
  const ms = parseDuration(text)
  const minimumMs = parseDuration(bounds.minimum) ?? 0
  const maximumMs = parseDuration(bounds.maximum) ?? 0
  return ms !== null && ms >= minimumMs && ms <= maximumMs
}

function retypeText(document: YamlMap, error: ErrorObject): boolean {
  if (error.keyword !== 'type' || typeof error.data !== 'string') return false
  const wanted = typeNames(error.parentSchema as SchemaNode)
  const text = error.data
  const isBoolean = wanted.includes('boolean') && /^(true|false)$/.test(text)
  const isNumber = /^(integer|number)/.test(wanted.join()) && /^-?\d{1,15}(\.\d{1,9})?$/.test(text)
  if (!isBoolean && !isNumber) return false
  const tokens = error.instancePath.split('/').slice(1).map(unescapeToken)
  const last = tokens.pop() ?? ''
  let parent: unknown = document
  for (const token of tokens) parent = (parent as YamlMap)[token]
  ;(parent as YamlMap)[last] = isBoolean ? text === 'true' : Number(text)
  return true
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Of one violation: where, what and how to put it right, in the words of the schema. */
export function describeError(error: ErrorObject): ConfigProblem[] {
  // The inner error of a refused key name; the error of `propertyNames` itself tells it better.
  if (error.propertyName !== undefined) return []
  const schema = (error.parentSchema ?? {}) as SchemaNode
  const { instancePath: pointer, params } = error
  switch (error.keyword) {
    case 'additionalProperties':
      return [unknownKey(pointer, String(params['additionalProperty']), schema)]
    case 'required':
      return [missingKey(pointer, String(params['missingProperty']), schema)]
    case 'propertyNames': {
      const name = String(params['propertyName'])
      const fix = schema.propertyNames?.description ?? 'use another name'
      const problem = `${quoted(name)} is not a usable name`
      return [{ pointer: childPointer(pointer, name), problem, fix: asFix(fix) }]
    }
    default: {
      const fix = asFix(firstSentence(schema.description ?? ''))
      return [{ pointer, problem: describeViolation(error, schema), fix }]
    }
  }
}

function unknownKey(pointer: string, key: string, schema: SchemaNode): ConfigProblem {
  const known = Object.keys(schema.properties ?? {})
  const nearest = nearestKey(key, known)
  const fix =
    nearest === undefined
      ? `known keys are ${known.join(', ')}`
      : `did you mean ${quoted(nearest)}?`
  return { pointer: childPointer(pointer, key), problem: `unknown key ${quoted(key)}`, fix }
}

function missingKey(pointer: string, key: string, schema: SchemaNode): ConfigProblem {
  const description = firstSentence(schema.properties?.[key]?.description ?? '')
  const flag =
    pointer === '' && key === 'upstreams'
      ? ' (or use --upstream NAME=URL, or a command after --: -- COMMAND ARGS)'
      : ''
  return {
    pointer,
    problem: `${quoted(key)} is missing`,
    fix: `add it: ${asFix(description)}${flag}`,
  }
}

function describeViolation(error: ErrorObject, schema: SchemaNode): string {
  switch (error.keyword) {
    case 'type':
      if (schema['x-duration'] !== undefined) return durationText(schema['x-duration'])
      return `must be ${typeNames(schema).map(typeText).join(' or ')}${quotesHint(error, schema)}`
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
      return `must be ${rangeText(schema)}`
    case 'enum':
      return `must be one of ${(error.params['allowedValues'] as string[]).join(', ')}`
    case 'const':
      return `must be ${JSON.stringify(error.params['allowedValue'])}`
    case 'uniqueItems':
      return `entry ${error.params['i']} and entry ${error.params['j']} are the same`
    case 'minLength':
      return `must have at least ${schema.minLength} characters`
    case 'maxLength':
      return `must have at most ${schema.maxLength} characters`
    case 'minItems':
    case 'minProperties':
      return 'is empty'
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${error.params['limit']} entries`
    case 'x-duration':
      return durationText(error.schema as DurationBounds)
    case 'format':
      return 'must be an instant with a time zone, such as 2027-01-01T00:00:00Z'
    default:
      return 'has the wrong form'
  }
}

function typeNames(schema: SchemaNode): string[] {
  return [schema.type ?? []].flat().filter((name) => name !== 'null')
}

function typeText(name: string): string {
  const texts: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map of keys',
  }
  return texts[name] ?? name
}

function quotesHint(error: ErrorObject, schema: SchemaNode): string {
  const scalar = typeof error.data === 'number' || typeof error.data === 'boolean'
  return scalar && typeNames(schema).includes('string') ? ' (put it in quotes)' : ''
}

function durationText({ minimum, maximum }: DurationBounds): string {
  return `must be a duration between ${minimum} and ${maximum}, such as 250ms, 5s, 10m or 24h`
}

function rangeText({ minimum, exclusiveMinimum, maximum }: SchemaNode): string {
  const lower = minimum === undefined ? `above ${exclusiveMinimum}` : `at least ${minimum}`
  return maximum === undefined ? lower : `${lower} and at most ${maximum}`
}

function firstSentence(text: string): string {
  return /^.*?[.](?= [A-Z0-9]|$)/s.exec(text)?.[0] ?? text
}

function asFix(sentence: string): string {
  const trimmed = sentence.replace(/\.$/, '')
  return /^[A-Z](?=[a-z]| )/.test(trimmed)
    ? trimmed.charAt(0).toLowerCase() + trimmed.slice(1)
    : trimmed
}
