/**
 * The facts that `explain` asks with: those of a file or of an audit event, beneath them what the
 * configuration knows of the caller and the server, above them what the options say.
 */
import { readFileSync } from 'node:fs'
import { factsProblems } from '../../config/case-schema.js'
import { parseInstant } from '../../config/instant.js'
import { mergedMaps } from '../../config/merge.js'
import { readFileText } from '../../config/read-file.js'
import { parseYaml } from '../../config/yaml.js'
import type { Facts, PartialFacts } from '../../contracts.js'
import type { Json, JsonObject } from '../../domain.js'
import { describeThrown } from '../../errors.js'
import { methodInfo } from '../../mcp/methods.js'
import { completeFacts } from '../../policy/complete-facts.js'
import { parseCallArguments } from '../call-arguments.js'
import { UsageError } from '../terminal.js'
import type { ExplainArguments } from './options.js'
import { type RecordedDecision, readRecorded } from './recorded.js'
import type { ExplainSetting } from './setting.js'

export interface AskedFor {
  readonly facts: Facts
  /** null: no decision of an audit file was asked for. */
  readonly recorded: RecordedDecision | null
  /** What somebody said of the facts, before they were made whole. */
  readonly given: JsonObject
  /** Where the moment is from; `usual`: a file of facts says none, and asks the same every day. */
  readonly clock: 'said' | 'now' | 'usual'
}

const maxBytes = 1024 * 1024

/** Throws UsageError with everything that is wrong. */
export function readAskedFor(given: ExplainArguments, setting: ExplainSetting): AskedFor {
  const { words = [] } = given
  const recorded = given.audit === undefined ? null : readRecorded(given.audit, words)
  const base = recorded?.facts ?? (given.facts === undefined ? {} : readFacts(given.facts))
  // Behind the id of a decision stand arguments, as they do without one.
  const args = recorded === null ? words : words.slice(1)
  const said = mergedMaps(base, factsOfOptions(given, base, args))
  const clock = clockOf(given, said)
  const now = clock === 'now' ? { context: { time: timeText(Date.now()) } } : {}
  const whole = mergedMaps(mergedMaps(setting.factsFor(said, given), now), said)
  refuse(
    factsProblems(whole).map(({ pointer, problem, fix }) => `${dotted(pointer)}${problem}; ${fix}`),
  )
  const completed = completeFacts(whole as PartialFacts)
  if (completed.ok) return { facts: completed.facts, recorded, given: whole, clock }
  const problems = completed.problems.map(
    ({ path, problem, fix }) =>
      `${path.join('.')} ${problem}; ${optionsByPath.get(path.join('.')) ?? fix}`,
  )
  throw new UsageError(problems.join('\n'))
}

const clockMembers = ['time', 'time_ns', 'date', 'hour', 'weekday', 'zones']

function clockOf(given: ExplainArguments, said: JsonObject): AskedFor['clock'] {
  const { context } = said
  if (isObject(context) && clockMembers.some((name) => Object.hasOwn(context, name))) return 'said'
  return given.audit === undefined && given.facts === undefined ? 'now' : 'usual'
}

const optionsByPath: ReadonlyMap<string, string> = new Map([
  ['action.name', 'say which: --tool, --prompt, --resource, --method, --facts or --audit'],
  ['resource.server', 'name it: --server'],
  ['resource.id', 'name it: --tool, --prompt or --resource'],
])

function factsOfOptions(
  given: ExplainArguments,
  base: JsonObject,
  words: readonly string[],
): JsonObject {
  const { as: id, role, group, scope, tenant, issuer, server, method, time } = given
  const item = itemOf(given)
  const subject = {
    ...(id !== undefined && { id }),
    ...(role !== undefined && { roles: [...role] }),
    ...(group !== undefined && { groups: [...group] }),
    ...(scope !== undefined && { scopes: [...scope] }),
    ...(tenant !== undefined && { tenant }),
    ...(issuer !== undefined && { issuer, method: issuer === 'mcp-guard' ? 'api-key' : 'jwt' }),
  }
  const action = method === undefined ? {} : { name: method }
  const hasArguments = words.length > 0 || given.arguments !== undefined
  const parsed = hasArguments ? parseCallArguments(words, given.arguments) : null
  const isOfServer = methodInfo(method ?? methodIn(base)).resourceType === 'server'
  const resource = {
    ...(server !== undefined && { server }),
    ...item,
    ...(parsed !== null &&
      (isOfServer && item === null ? { params: parsed } : { arguments: parsed })),
  }
  const context = time === undefined ? {} : { time: readTime(time) }
  const facts = { subject, action, resource, context }
  return Object.fromEntries(
    Object.entries(facts).filter(([, part]) => Object.keys(part).length > 0),
  )
}

function itemOf({ tool, prompt, resource }: ExplainArguments): JsonObject | null {
  if (tool !== undefined) return { type: 'tool', id: tool }
  if (prompt !== undefined) return { type: 'prompt', id: prompt }
  return resource === undefined ? null : { type: 'resource', id: resource }
}

function methodIn(base: JsonObject): string {
  const { action } = base as PartialFacts
  return action?.name ?? 'tools/call'
}

/** In UTC and whole seconds, as the facts have it. */
function readTime(text: string): string {
  const nowMs = parseInstant(text)
  if (nowMs !== null) return timeText(nowMs)
  throw new UsageError('--time takes a moment with its zone, such as 2026-11-22T20:00:00Z')
}

function timeText(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, -5)}Z`
}

function readFacts(file: string): JsonObject {
  const text = file === '-' ? readInput() : readFile(file)
  const value = text.trimStart().startsWith('{') ? parseJson(text, file) : parsePlain(text, file)
  if (isObject(value)) return withoutInput(value, file)
  throw new UsageError(`the facts in ${file} are no object with subject, action, resource, context`)
}

/** `opa eval` and many a note have the whole input beneath its name. */
function withoutInput(facts: JsonObject, file: string): JsonObject {
  const { input } = facts
  if (!isObject(input)) return facts
  if (Object.keys(facts).length === 1) return input
  throw new UsageError(`leave \`input\` out of ${file}: its members stand at the top`)
}

function readFile(file: string): string {
  const read = readFileText(file, maxBytes)
  if (read.ok) return read.text
  throw new UsageError(`the file ${file} ${read.problem}`)
}

function readInput(): string {
  const bytes = readFileSync(0)
  if (bytes.byteLength > maxBytes) throw new UsageError(`the facts are more than ${maxBytes} bytes`)
  return bytes.toString('utf8')
}

function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (thrown) {
    throw new UsageError(`the facts in ${file} are not JSON: ${describeThrown(thrown)}`)
  }
}

function parsePlain(text: string, file: string): Json {
  const { value, problems } = parseYaml(text, { nulls: true })
  refuse(problems.map(({ line, problem, fix }) => `${file}:${line ?? 1}: ${problem}; ${fix}`))
  return value
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
}

function dotted(pointer: string): string {
  return pointer === '' ? '' : `${pointer.slice(1).replaceAll('/', '.')}: `
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
