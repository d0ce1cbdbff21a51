/**
 * A principal as facts: what a token or certificate would say of somebody, from a file or from
 * options, complete enough to be judged. What is not there is what a caller without it has.
 */
import { extname } from 'node:path'
import { readFileText } from '../config/read-file.js'
import { parseYaml } from '../config/yaml.js'
import type { Json, JsonObject, Subject } from '../domain.js'
import { UsageError } from './terminal.js'

export interface SubjectOptions {
  readonly role?: readonly string[] | undefined
  readonly group?: readonly string[] | undefined
  readonly scope?: readonly string[] | undefined
  readonly tenant?: string | undefined
  readonly issuer?: string | undefined
}

const maxFileBytes = 1024 * 1024
const kinds = ['user', 'service', 'anonymous'] as const
const methods = ['api-key', 'anonymous', 'jwt', 'oauth', 'client-cert'] as const
const keyIssuer = 'mcp-guard'

export function describesSubject({ role, group, scope, tenant, issuer }: SubjectOptions): boolean {
  return [role, group, scope, tenant, issuer].some((value) => value !== undefined)
}

/** Somebody of an issuer has a token; without one, a key of the gateway. */
export function subjectOf(id: string, options: SubjectOptions): Subject {
  const { role = [], group = [], scope = [], tenant = null, issuer = keyIssuer } = options
  return {
    ...nobody(id, issuer),
    roles: [...role],
    groups: [...group],
    scopes: [...scope],
    tenant,
  }
}

/** `input.subject` by itself, or whole facts. Throws UsageError with what is wrong. */
export function readSubject(file: string): Subject {
  const value = parse(file)
  const given = isObject(value['subject']) ? value['subject'] : value
  const id = text(given, 'id', file)
  if (id === undefined || id === '') throw problem(file, 'id', 'is missing')
  const issuer = text(given, 'issuer', file) ?? keyIssuer
  const base = nobody(id, issuer)
  const unknown = Object.keys(given).find((name) => !(name in base))
  if (unknown !== undefined) {
    throw problem(
      file,
      unknown,
      `is no fact of a subject; there are ${Object.keys(base).join(', ')}`,
    )
  }
  return {
    ...base,
    kind: oneOf(kinds, given, 'kind', file) ?? base.kind,
    method: oneOf(methods, given, 'method', file) ?? base.method,
    client_id: text(given, 'client_id', file) ?? null,
    tenant: text(given, 'tenant', file) ?? null,
    expires_at: text(given, 'expires_at', file) ?? null,
    actors: texts(given, 'actors', file),
    roles: texts(given, 'roles', file),
    groups: texts(given, 'groups', file),
    scopes: texts(given, 'scopes', file),
    claims: claims(given, file),
  }
}

function nobody(id: string, issuer: string): Subject {
  return {
    id,
    kind: 'user',
    issuer,
    method: issuer === keyIssuer ? 'api-key' : 'jwt',
    client_id: null,
    actors: [],
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: null,
    claims: {},
  }
}

function parse(file: string): JsonObject {
  const read = readFileText(file, maxFileBytes)
  if (!read.ok) throw new UsageError(`the file ${file} ${read.problem}`)
  const isJson = extname(file) === '.json' || read.text.trimStart().startsWith('{')
  const value = isJson ? parseJson(read.text, file) : parsePlainYaml(read.text, file)
  if (isObject(value)) return value
  throw new UsageError(`the file ${file} does not hold the facts of a subject, such as id: alice`)
}

function parseJson(source: string, file: string): Json {
  try {
    return JSON.parse(source) as Json
  } catch {
    throw new UsageError(`the file ${file} is not JSON`)
  }
}

function parsePlainYaml(source: string, file: string): Json {
  const { value, problems } = parseYaml(source)
  const [first] = problems
  if (first === undefined) return value
  const place = first.line === undefined ? '' : ` line ${first.line}:`
  throw new UsageError(`the file ${file}:${place} ${first.problem}; ${first.fix}`)
}

/** null is the same as not there. */
function text(given: JsonObject, name: string, file: string): string | undefined {
  const value = given[name] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw problem(file, name, 'is no text')
}

function texts(given: JsonObject, name: string, file: string): string[] {
  const value = given[name] ?? []
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw problem(file, name, 'is no list of texts')
}

function oneOf<Word extends string>(
  words: readonly Word[],
  given: JsonObject,
  name: string,
  file: string,
): Word | undefined {
  const value = text(given, name, file)
  const word = words.find((one) => one === value)
  if (value === undefined || word !== undefined) return word
  throw problem(file, name, `is none of ${words.join(', ')}`)
}

function claims(given: JsonObject, file: string): JsonObject {
  const value = given['claims'] ?? {}
  if (isObject(value)) return value
  throw problem(file, 'claims', 'is no object')
}

function problem(file: string, name: string, what: string): UsageError {
  return new UsageError(`the file ${file}: ${name} ${what}`)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
