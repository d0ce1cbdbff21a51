/**
 * Tool arguments that a call repeats in headers (`x-mcp-header`, 2026-07-28): which ones a tool's
 * `inputSchema` names, and the `Mcp-Param-*` headers of one call. One annotation that is not allowed
 * makes the whole tool unusable over HTTP. Reads schemas as data: follows no `$ref`, validates no
 * arguments.
 */
import type { Json, JsonObject } from '../domain.js'
import { parseStrict } from './json.js'
import { encodeHeaderValue } from './mirror.js'
import { maxAnswerDepth } from './scan.js'

export interface MirroredParameter {
  /** In lower case, prefix included. */
  readonly header: string
  /** Names of members, from the arguments down. */
  readonly path: readonly string[]
}

const annotation = 'x-mcp-header'
const prefix = 'mcp-param-'
/** More than servers take headers. */
const maxParameters = 100
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const mirroredTypes: ReadonlySet<Json | undefined> = new Set(['string', 'integer', 'boolean'])
/** Their members are names with a schema each. */
const schemaMaps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependencies',
  '$defs',
  'definitions',
])
/** What is in them is no schema, whatever it looks like. */
const plainData: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples'])
/** Of ASCII: how else the annotation may be spelt in JSON. */
const escaped = /\\u00([2-7][0-9a-f])/gi

/** False: no JSON parser finds the annotation in these bytes. */
export function mayAnnotate(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.includes(annotation)) return true
  if (!buffer.includes('\\u00')) return false
  const plain = (_: string, code: string) => String.fromCharCode(Number.parseInt(code, 16))
  return buffer.toString('latin1').replace(escaped, plain).includes(annotation)
}

/** Whether a client over HTTP may take this tool, by the bytes of its definition. */
export function isMirrorable(tool: Uint8Array): boolean {
  if (!mayAnnotate(tool)) return true
  const limits = { maxDepth: maxAnswerDepth, maxMembers: 100_000 }
  // Parsers that pick different ones of two equal members would find different annotations.
  const parsed = parseStrict(tool, limits, { exactNumbers: false })
  if (!parsed.ok || !isObject(parsed.value)) return false
  return readParameters(parsed.value['inputSchema']) !== null
}

/** Null: an annotation is invalid, and so is the tool. */
export function readParameters(inputSchema: Json | undefined): readonly MirroredParameter[] | null {
  const found: MirroredParameter[] = []
  if (!collect(inputSchema, [], true, found)) return null
  const headers = new Set(found.map(({ header }) => header))
  return headers.size === found.length ? found : null
}

/** Name and value alternate. What is null or absent has no header. */
export function parameterHeaders(
  parameters: readonly MirroredParameter[],
  args: Json | undefined,
): string[] {
  return parameters.flatMap(({ header, path }) => {
    const text = textOf(valueAt(args, path))
    return text === null ? [] : [header, encodeHeaderValue(text)]
  })
}

/** `reachable`: only `properties` led here. False: something in it is invalid. */
function collect(
  schema: Json | undefined,
  path: string[],
  reachable: boolean,
  found: MirroredParameter[],
): boolean {
  if (Array.isArray(schema)) return schema.every((one) => collect(one, path, false, found))
  if (!isObject(schema)) return true
  const name = schema[annotation]
  if (name !== undefined) {
    const fits = reachable && path.length > 0 && mirroredTypes.has(schema['type'])
    if (!fits || typeof name !== 'string' || !token.test(name)) return false
    if (found.length === maxParameters) return false
    found.push({ header: prefix + name.toLowerCase(), path: [...path] })
  }
  return Object.entries(schema).every(([keyword, value]) => {
    if (plainData.has(keyword)) return true
    if (!schemaMaps.has(keyword) || !isObject(value)) return collect(value, path, false, found)
    const goesOn = reachable && keyword === 'properties'
    return Object.entries(value).every(([member, inner]) => {
      path.push(member)
      const fits = collect(inner, path, goesOn, found)
      path.pop()
      return fits
    })
  })
}

function valueAt(args: Json | undefined, path: readonly string[]): Json | undefined {
  let value = args
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

/** Null: nothing that a header could say. A value of another type than declared is for the server. */
function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') return null
  return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : null
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
