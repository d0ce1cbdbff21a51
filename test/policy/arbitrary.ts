/** Questions, definitions and projections at random, from pools small enough to come again. */
import * as fc from 'fast-check'
import type {
  Circumstances,
  Definition,
  Definitions,
  Json,
  JsonObject,
  Question,
} from '../../src/domain.js'
import { circumstances, identityOf, questionOf } from './questions.js'

export const ids: readonly string[] = [
  'read',
  'write',
  'file:///a',
  'file:///b/../c',
  'demo://{id}',
  '__proto__',
  '- read',
  '1 read',
  'ä\u{1f600}"\\',
]

const identities = [
  identityOf(),
  identityOf({ id: 'bob', roles: ['ops', 'dev'], scopes: ['x'] }),
  identityOf({ tenant: null, claims: JSON.parse('{"__proto__":{"a":1},"n":[1,"2"]}') }),
  identityOf({ id: 'bob', roles: ['ops'], scopes: ['x'] }),
]

const servers = [
  { name: 'files', labels: { env: 'prod' } },
  { name: 'files', labels: { env: 'test' } },
  { name: 'tool', labels: {} },
  { name: 'notes', labels: { env: 'prod' } },
]

/** The first is one object for all items that have it. */
const definition = fc.oneof(
  fc.constant<Definition>({ digest: 'sha256:a', annotations: { readOnlyHint: true } }),
  fc.record({
    digest: fc.constantFrom('sha256:a', 'sha256:b'),
    annotations: fc.constantFrom<JsonObject[]>({}, { readOnlyHint: true }, { readOnlyHint: false }),
  }),
)

/** What is known of the items; the same object as long as nothing new is. */
export const definitions: fc.Arbitrary<Definitions | null> = fc.option(
  fc.dictionary(fc.constantFrom(...ids), definition, { maxKeys: 9 }).map(definitionsOf),
  { freq: 4 },
)

function definitionsOf(known: Record<string, Definition>): Definitions {
  return { of: (_, id) => (Object.hasOwn(known, id) ? (known[id] ?? null) : null) }
}

const changes: fc.Arbitrary<Partial<Circumstances>> = fc.record(
  {
    nowMs: fc.constantFrom(...[0, 1, 59_999, 60_000, 3_600_000, 90_000_000]).map(at),
    ip: fc.constantFrom('10.0.0.7', '::1'),
    era: fc.constantFrom('legacy', 'modern'),
    client: fc.constantFrom(null, { name: 'a', version: '1' }, { name: 'b', version: '1' }),
    session: fc.constantFrom(null, 's'),
    requestId: fc.constantFrom('r-1', 'r-2'),
  },
  { requiredKeys: [] },
)

function at(ms: number): number {
  return circumstances.nowMs + ms
}

const params = fc.constantFrom<JsonObject[]>(
  {},
  { n: 1 },
  { n: 2 },
  { n: 1, m: { n: 1 } },
  { n: [1] },
  JSON.parse('{"__proto__":{"n":1}}'),
  { text: ',"params":{}' },
  { text: '";\\é', n: 100 },
)

const messages = fc.oneof(
  fc.tuple(fc.constant('tools/call'), fc.constantFrom(...ids), params, params).map(named('name')),
  fc.tuple(fc.constant('prompts/get'), fc.constantFrom(...ids), params, params).map(named('name')),
  fc
    .tuple(fc.constant('resources/read'), fc.constantFrom(...ids), params, params)
    .map(named('uri')),
  fc.tuple(fc.constantFrom('ping', 'tools/list', 'acme/own'), params).map(([method, more]) => {
    return { method, params: more }
  }),
  fc.subarray([...ids], { maxLength: 3 }).map((resourceSubscriptions) => {
    return { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions } } }
  }),
)

function named(member: 'name' | 'uri') {
  return function message([method, id, given, more]: readonly [
    string,
    string,
    JsonObject,
    JsonObject,
  ]) {
    return { method, params: { [member]: id, arguments: given, ...more } as JsonObject }
  }
}

/** Without definitions. */
export const questions: fc.Arbitrary<Question> = fc
  .record({
    identity: fc.constantFrom(...identities),
    server: fc.constantFrom(...servers),
    direction: fc.constantFrom('client', 'server'),
    kind: fc.constantFrom('request', 'notification'),
    change: changes,
    message: messages,
  })
  .map(({ change, message, ...rest }) =>
    questionOf(message.method, message.params, {
      ...rest,
      circumstances: { ...circumstances, ...change },
    }),
  )

/** Ways in which a caller may write what JSON takes for the same. */
const respellings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => ` ${text}\n`,
  (text) => text.replaceAll(':', ' : '),
  (text) =>
    text.replace(/[a-zé](?=[^"]*")/, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => text.replace('100', '1e2').replace(':1', ':1.0').replace(':2', ':20E-1'),
]

/** The question as if its message had come with such a text; arguments are parsed from that. */
export const spellings: fc.Arbitrary<(question: Question) => Question> = fc
  .constantFrom(...respellings)
  .map((respelling) => (question) => {
    const { params } = question
    const given = params?.['arguments']
    if (params === undefined || !isObject(given)) return question
    const text = respelling(JSON.stringify(given))
    const of = JSON.parse(text) as JsonObject
    return { ...question, params: { ...params, arguments: of }, spelling: { of, text } }
  })

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const readable: readonly string[] = `
subject subject.id subject.roles subject.claims subject.claims.n subject.claims.__proto__ subject.tenant
action.name action.class action resource.type resource.id resource.server resource.labels.env
resource.known resource.annotations resource.annotations.readOnlyHint resource.digest
resource.uri.canonical resource.uri resource.arguments resource.arguments.n resource.arguments.m.n
resource.arguments.__proto__ resource.params resource.params.n resource.nothing resource
context.question context.direction context.kind context.date context.hour context.zones
context.zones.Asia/Kolkata.minute context.ip context.client.name context.session context.era nothing
`
  .trim()
  .split(/\s+/)
const moments = ['context.time', 'context.time_ns', 'context.request_id', 'context']

/** Paths a policy might read; seldom what differs in every message, or everything. */
export const projections: fc.Arbitrary<string[][] | null> = fc
  .oneof(
    { weight: 12, arbitrary: fc.uniqueArray(fc.constantFrom(...readable), { maxLength: 8 }) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...readable, ...moments)) },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  .map((paths) => paths?.map((path) => path.split('.')) ?? null)

/** What a reference along the path finds in Rego; undefined: nothing. */
export function look(value: Json, path: readonly string[]): Json | undefined {
  let found: Json | undefined = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined
    found = Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}
