/**
 * Facts as JSON texts: documents that the gateway builds, and the same with members that are
 * absent, of another type or hostile. Texts, because a value such as -0 or a lone surrogate is only
 * itself once it is written.
 */
import type { Json, JsonObject, Question } from '../../src/domain.js'
import { namedItems } from '../../src/mcp/methods.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { circumstances, identityOf, questionOf } from '../policy/questions.js'
import type { Random } from './random.js'

const texts = [
  'a',
  'b',
  'dev',
  'ops',
  'tools/call',
  'ä\u00df€',
  '\u{1f600}',
  'A:b',
  ' x ',
  '[1, 2]',
]
const numbers = [0, 1, -1, 2, 0.5, 1e3, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e15, 0.1, 3, 100]

/** What nobody should send. Each is put in the place of every member, in turn or by chance. */
export const hostileValues: readonly (readonly [name: string, value: Json])[] = [
  ['null', null],
  ['false', false],
  ['true', true],
  ['zero', 0],
  ['minus zero', -0],
  ['huge number', 1e308],
  ['tiny number', 5e-324],
  ['number past 2^53', 2 ** 63],
  ['empty text', ''],
  ['text', 'admin'],
  ['number as text', '1'],
  ['NUL', 'a\u0000b'],
  ['right-to-left', '\u202eadmin'],
  ['unpaired by normal form', 'a\u0301'],
  ['lone surrogate', 'a\ud800'],
  ['wildcard', '*'],
  ['prototype', '__proto__'],
  ['constructor', 'constructor'],
  ['empty array', []],
  ['array', ['admin', 'reader', '*', null, 1]],
  ['empty object', {}],
  ['object', { '*': {}, admin: {}, '': '' }],
  ['prototype member', JSON.parse('{"__proto__":{"admin":true},"constructor":{}}') as Json],
  ['surrogate member', { '\udc00': 1 }],
  ['nested', nested(60)],
]

/** Members in place of what is there. */
export const absent = Symbol('absent')

export function nested(depth: number): Json {
  let value: Json = 'deep'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** A value as arguments and claims may hold it. */
export function randomJson(random: Random, depth: number): Json {
  const kind = random.below(depth > 0 ? 6 : 4)
  if (kind === 0) return random.pick([true, false, null])
  if (kind === 1) return random.pick(numbers)
  if (kind === 2 || kind === 3) return random.pick(texts)
  const count = random.below(4)
  if (kind === 4) return Array.from({ length: count }, () => randomJson(random, depth - 1))
  return randomObject(random, ['a', 'b', 'k', 'dev', 'n', ''], depth)
}

function randomObject(random: Random, members: readonly string[], depth: number): JsonObject {
  const object: JsonObject = {}
  for (const member of members) {
    if (random.chance(0.5)) object[member] = randomJson(random, depth - 1)
  }
  return object
}

/** Facts of a question as the decision point would build them. */
export function randomFacts(random: Random): JsonObject {
  const question = randomQuestion(random)
  const items = namedItems(question.method, question.params) ?? []
  const [item] = items
  const facts =
    item !== undefined && random.chance(0.3)
      ? itemFacts(question, item)
      : messageFacts(question, items)
  return JSON.parse(JSON.stringify(facts ?? {})) as JsonObject
}

function randomQuestion(random: Random): Question {
  const args = randomObject(random, ['path', 'n', 'size', 'list', 'force', 'a', 'dev'], 2)
  if (random.chance(0.7)) args['n'] = random.pick(numbers)
  if (random.chance(0.7)) args['list'] = [randomJson(random, 1), random.pick(texts), 1, 'a']
  const claims = randomObject(random, ['name', 'a', 'dev', 'k'], 2)
  const names = () => texts.filter(() => random.chance(0.3))
  const identity = identityOf({
    id: random.pick(texts),
    roles: names(),
    scopes: names(),
    groups: names(),
    tenant: random.chance(0.5) ? null : random.pick(texts),
    claims,
  })
  const method = random.pick(['tools/call', 'tools/call', 'prompts/get', 'resources/read', 'ping'])
  const uri = random.pick(['file:///a', 'file:///a/../b', 'demo://x/%2e', 'no uri'])
  const params = { name: random.pick(texts), uri, arguments: args }
  return questionOf(method, params, {
    identity,
    server: { name: random.pick(texts), labels: { env: random.pick(texts) } },
    circumstances: { ...circumstances, nowMs: circumstances.nowMs + random.below(1e9) },
  })
}

/** The path of every member, deepest last; array elements too. */
export function memberPaths(value: Json, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([member, inner]) => {
    const path = [...at, member]
    return [path, ...memberPaths(inner as Json, path)]
  })
}

/** The document with another value, or none, at the path. */
export function changed(value: Json, path: readonly string[], to: Json | typeof absent): Json {
  const [member, ...rest] = path
  if (member === undefined) return to === absent ? null : to
  if (typeof value !== 'object' || value === null) return value
  const copy: Json = Array.isArray(value) ? [...value] : Object.assign(Object.create(null), value)
  const holder = copy as JsonObject
  if (rest.length === 0 && to === absent) delete holder[member]
  else holder[member] = changed(holder[member] ?? null, rest, to)
  return copy
}

/** Facts with up to three members spoilt. */
export function spoiltFacts(random: Random, facts: JsonObject): JsonObject {
  let spoilt: Json = facts
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const path = random.pick(memberPaths(spoilt))
    const to = random.chance(0.3) ? absent : random.pick(hostileValues)[1]
    spoilt = changed(spoilt, path, to)
  }
  return spoilt as JsonObject
}
