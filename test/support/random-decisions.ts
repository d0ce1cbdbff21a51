/**
 * Random policies that decide: for each of a module's servers a chain of conditions over the facts,
 * annotations, digests and arguments among them, with every form of answer, and catalogues of
 * tools for them to be asked about. What no two messages share (time, request id) is not read.
 */
import type { CompiledBundle, Definition, Definitions, JsonObject } from '../../src/domain.js'
import { dataOf } from '../policy/bundles.js'
import { compile, must } from '../rego/reactor-fixture.js'
import type { Random } from './random.js'

const conditions = [
  'input.resource.known',
  'input.resource.annotations.readOnlyHint == true',
  'input.resource.annotations.destructiveHint == true',
  'input.resource.annotations[data.hint]',
  'input.resource.digest in data.pins',
  'input.resource.digest == data.digests[input.resource.id]',
  'startswith(input.resource.id, "read")',
  'input.resource.id in data.names',
  'count(input.resource.id) < 8',
  '"dev" in input.subject.roles',
  'data.grants[input.subject.roles[_]][input.resource.id]',
  'input.context.question == "item"',
  'input.context.question == "message"',
  'input.resource.arguments.n > 1',
  'input.resource.arguments',
  'startswith(input.resource.arguments.path, "/w/")',
  'input.resource.params',
  'input.action.name == "tools/call"',
  'input.context.hour == 9',
  'input.resource.labels.env == "prod"',
  'not input.resource.arguments.n',
  'not input.resource.annotations',
  'true',
  'true',
]

/** Reads the input as a whole, so that nothing is projected away. */
const unprojected = 'object.get(input, "items", null) != null'

const outcomes = [
  '{"allow": true}',
  '{"allow": true, "reasons": ["granted"]}',
  '{"allow": true, "reasons": {x | some x in ["b", "a"]}}',
  '{"allow": false}',
  '{"allow": false, "challenge": {"scopes": ["x"], "listing": "show"}}',
  '{"allow": false, "challenge": {"scopes": ["x"]}}',
  '{"allow": "yes"}',
  '{"allow": input.context.question == "item"}',
]

export const toolNames: readonly string[] = [
  ...['__proto__', 'constructor', 'ä\u{1f600}', 'a b', 'read', 'toString'],
  ...Array.from({ length: 44 }, (_, index) => `${index % 3 === 0 ? 'read' : 'write'}-${index}`),
]

const digestOf = (id: string) =>
  `sha256:${Buffer.from(id).toString('hex').padEnd(64, '0').slice(0, 64)}`

/** One module; its policies are told apart by the server that a question is about. */
export function randomDecisions(random: Random, servers: readonly string[]): CompiledBundle {
  const readable = random.chance(0.2) ? [...conditions, unprojected] : conditions
  const rules = servers.map((server, index) => {
    const name = `d${index}`
    const rule = chain(random, name, readable)
    return `${rule}\n\ndecision := ${name} if input.resource.server == "${server}"`
  })
  const text = `package mcpguard.main\n\n${rules.join('\n\n')}\n`
  const result = must(compile({ 'main.rego': text }))
  return {
    wasm: Buffer.from(String(result['wasm']), 'base64'),
    data: dataOf(randomData(random)),
    revision: String(result['revision']),
    contract: 1,
    paths: result['paths'] as CompiledBundle['paths'],
    hostModule: random.chance(0.8),
  }
}

/** Sometimes two chains that may contradict each other. */
function chain(random: Random, name: string, readable: readonly string[]): string {
  const clause = () => {
    const chosen = Array.from({ length: 1 + random.below(2) }, () => random.pick(readable))
    return `${random.pick(outcomes)} if {\n\t${chosen.join('\n\t')}\n}`
  }
  const links = Array.from({ length: 1 + random.below(3) }, clause).join(' else := ')
  const rule = `${name} := ${links}`
  return random.chance(0.1) ? `${rule}\n\n${name} := ${clause()}` : rule
}

function randomData(random: Random): JsonObject {
  const some = () => toolNames.filter(() => random.chance(0.5))
  const keyed = (names: readonly string[], value: (name: string) => string | boolean) => {
    return Object.fromEntries(names.map((name) => [name, value(name)]))
  }
  return {
    hint: random.pick(['readOnlyHint', 'openWorldHint', '__proto__']),
    names: some(),
    pins: some().map(digestOf),
    digests: keyed(some(), (name) => digestOf(random.chance(0.7) ? name : 'changed')),
    grants: { dev: keyed(some(), () => true), ops: keyed(some(), () => true) },
  }
}

/** What a server says of its tools; of some it said nothing. */
export function randomDefinitions(random: Random): Definitions {
  const known = new Map<string, Definition>()
  for (const id of toolNames) {
    if (random.chance(0.3)) continue
    const annotations: JsonObject = {}
    for (const hint of ['readOnlyHint', 'destructiveHint', 'openWorldHint']) {
      if (random.chance(0.6)) annotations[hint] = random.pick([true, false, 'true', 1])
    }
    const digest = digestOf(random.chance(0.8) ? id : 'changed')
    known.set(id, { digest, annotations: Object.freeze(annotations) })
  }
  return { of: (type, id) => (type === 'tool' ? (known.get(id) ?? null) : null) }
}
