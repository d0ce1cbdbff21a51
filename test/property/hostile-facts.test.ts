/**
 * Facts that are absent, wrong in type or hostile get nothing from the shipped policies that OPA's
 * interpreter would not give them: every member of the facts in turn takes every hostile value, and
 * then several at once, in full and projected. And nothing a caller can put into a message makes
 * the decision point allow what the interpreter denies.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decision, Json, JsonObject, Question } from '../../src/domain.js'
import { namedItems } from '../../src/mcp/methods.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { parseDecision } from '../../src/policy/decision.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { compileProjection, projectedText } from '../../src/policy/project.js'
import { readSources } from '../../src/rego/sources.js'
import { definitions } from '../policies/decision-rows.js'
import { compileShipped, shippedPolicies } from '../policies/shipped.js'
import { evaluatorOf, loadedOf } from '../policy/bundles.js'
import { identityOf, questionOf } from '../policy/questions.js'
import { must, onSource } from '../rego/reactor-fixture.js'
import { seededRandom } from '../support/random.js'
import {
  absent,
  changed,
  hostileValues,
  memberPaths,
  nested,
  spoiltFacts,
} from '../support/random-facts.js'
import { canonical } from '../support/same-answer.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const chanceCases = 400
const megabyte = 'a'.repeat(1_048_576)
const server = { name: 'everything', labels: { env: 'prod' } }
const reader = identityOf({ roles: ['reader'], scopes: ['mcp:tools'], tenant: null })
const bounds = { maxBytes: 65_536, budget: 1_000_000 }

const sources = await readSources(shippedPolicies)
const files = sources.ok && 'files' in sources.source ? sources.source.files : {}
const bundle = await compileShipped()
const loaded = loadedOf(bundle)
const evaluator = evaluatorOf(loaded)
const projection = compileProjection(bundle.paths)

const echo = question('tools/call', { name: 'echo', arguments: { message: 'hello' } })
const read = question('resources/read', { uri: 'demo://resource/dynamic/text/1' })
const bases: readonly JsonObject[] = [
  factsOf(echo, false),
  factsOf(echo, true),
  factsOf(read, false),
]

function question(method: string, params: JsonObject, identity = reader): Question {
  return questionOf(method, params, { identity, server, definitions })
}

function factsOf(asked: Question, item: boolean): JsonObject {
  const items = namedItems(asked.method, asked.params) ?? []
  const [first] = items
  const facts = item && first !== undefined ? itemFacts(asked, first) : messageFacts(asked, items)
  return JSON.parse(JSON.stringify(facts)) as JsonObject
}

/** null: the evaluator refuses to answer, which denies. */
function produced(text: string): Json | undefined | null {
  const evaluation = evaluator.evaluate(loaded.entryPoints.decision, text, bounds)
  if (evaluation.kind === 'undefined') return undefined
  return evaluation.kind === 'defined' ? (JSON.parse(evaluation.text) as Json) : null
}

function interpreted(texts: readonly string[]): (Json | undefined)[] {
  const query = '[[d | d := data.mcpguard.main.decision with input as f] | some f in input.facts]'
  const input = { facts: texts.map((text) => JSON.parse(text) as Json) }
  const [answers] = must(onSource('eval', files, { query, input }))['values'] as Json[][][]
  return (answers ?? []).map(([answer]) => answer)
}

function decided(document: Json | undefined | null): string {
  const { decision } = parseDecision(document ?? undefined)
  const limits = decision.allow && decision.limits !== null ? [...decision.limits] : null
  const sorted = limits?.map((limit) => JSON.stringify(limit)).sort() ?? null
  return canonical({ ...(decision as unknown as JsonObject), limits: sorted })
}

/**
 * The interpreter, which is slow, is asked about one document of each projection: the others of it
 * got the same answer here, projected and in full. With HOSTILE=all it is asked about every one.
 */
function compare(texts: readonly string[]): { allowed: number; denied: number; refused: number } {
  const counts = { allowed: 0, denied: 0, refused: 0 }
  const asked = new Set<string>()
  const answered = texts.flatMap((text) => {
    const full = produced(text)
    if (full === null) {
      counts.refused += 1
      return []
    }
    const projected = projectedText(projection, JSON.parse(text) as Json) ?? '{}'
    assert.is(decided(produced(projected)), decided(full), `projected: ${text.slice(0, 3_000)}`)
    counts[parseDecision(full).decision.allow ? 'allowed' : 'denied'] += 1
    if (asked.has(projected) && process.env['HOSTILE'] !== 'all') return []
    asked.add(projected)
    return [{ text, full }]
  })
  const others = interpreted(answered.map(({ text }) => text))
  assert.is(others.length, answered.length)
  for (const [index, { text, full }] of answered.entries()) {
    assert.is(decided(full), decided(others[index]), text.slice(0, 3_000))
  }
  return counts
}

test('every member of the facts in turn is absent or hostile', () => {
  const texts = bases.flatMap((base) => {
    return memberPaths(base).flatMap((path) => {
      const hostile = hostileValues.map(([, value]) => changed(base, path, value))
      return [changed(base, path, absent), ...hostile].map((facts) => JSON.stringify(facts))
    })
  })
  const counts = compare([...bases.map((base) => JSON.stringify(base)), ...texts])
  console.log(texts.length, counts)
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 100, `${what}: ${count}`)
})

test('texts of a megabyte and deep nesting', () => {
  const places = ['subject.id', 'subject.claims', 'resource.id', 'resource.arguments.message']
  const texts = places.flatMap((place) => {
    const values = [megabyte, nested(300)]
    return values.map((value) => JSON.stringify(changed(bases[0] ?? {}, place.split('.'), value)))
  })
  console.log(texts.length, compare(texts))
})

test(`${chanceCases} documents with several members spoilt (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const texts = Array.from({ length: chanceCases }, () => {
    return JSON.stringify(spoiltFacts(random, random.pick(bases)))
  })
  const counts = compare(texts)
  console.log(counts)
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 10, `${what}: ${count}`)
})

test('hostile messages: what the decision point allows, the interpreter allows', async () => {
  const holder = createPolicyHolder()
  await holder.activate(bundle)
  const names = ['echo', '__proto__', 'constructor', '*', 'echo\u0000', '', 'Echo', 'a\ud800']
  const asked = hostileValues.flatMap(([, value]) => {
    const calls = names.map((name) =>
      question('tools/call', { name, arguments: { message: value } }),
    )
    const uri = typeof value === 'string' ? value : 'demo://resource/dynamic/text/../x'
    calls.push(question('tools/call', { name: 'echo', arguments: value }))
    calls.push(question('resources/read', { uri }))
    const roles = value as unknown as string[]
    calls.push(question('tools/call', echo.params ?? {}, identityOf({ roles })))
    const claims = value as JsonObject
    calls.push(question('tools/call', echo.params ?? {}, identityOf({ roles: ['reader'], claims })))
    return calls
  })
  const allowed: { asked: Question; decision: Decision }[] = []
  for (const one of asked) {
    const decision = holder.current()?.judge(one).decision
    if (decision?.allow) allowed.push({ asked: one, decision })
  }
  const texts = allowed.flatMap(({ asked: one }) => {
    return [factsOf(one, false), factsOf(one, true)].map((facts) => JSON.stringify(facts))
  })
  for (const [index, answer] of interpreted(texts).entries()) {
    assert.is(parseDecision(answer).decision.allow, true, texts[index])
  }
  console.log({ asked: asked.length, allowed: allowed.length })
  assert.ok(allowed.length > 20 && allowed.length < asked.length - 20)
})

test.run()
