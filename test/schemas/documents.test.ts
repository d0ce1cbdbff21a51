/**
 * The published schemas against documents: what they take, what they refuse, that every member is
 * explained, and that the types written by hand and the host's own parser agree with them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEventDocument, DecisionDocument } from '../../src/contracts.js'
import type { AuditEvent, Json, JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { parseDecision } from '../../src/policy/decision.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { callOf, questionOf } from '../policy/questions.js'
import { auditEvent } from '../support/audit-event.js'

const schemas = new Map<string, JsonObject>(
  readdirSync(packageFile('schemas'))
    .filter((file) => file.endsWith('.schema.json'))
    .map((file) => [
      file.replace('.schema.json', ''),
      JSON.parse(readFileSync(packageFile('schemas', file), 'utf8')),
    ]),
)

function validator(name: string): (document: unknown) => string[] {
  const validate = new Ajv({ allErrors: true }).compile(schemas.get(name) ?? false)
  return function problems(document) {
    if (validate(document)) return []
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
  }
}

const factsProblems = validator('facts')
const decisionProblems = validator('decision')
const auditProblems = validator('audit-event')

// The types are the same in both directions, else this file does not compile.
function asDocument(event: AuditEvent): AuditEventDocument {
  return event
}
function asEvent(event: AuditEventDocument): AuditEvent {
  return event
}

test('the schemas are the published five', () => {
  assert.equal([...schemas.keys()].sort(), ['audit-event', 'cases', 'config', 'decision', 'facts'])
})

for (const [name, schema] of schemas) {
  test(`${name}: every member is explained`, () => {
    const unexplained: string[] = []
    const count = walk(schema, name, unexplained)
    assert.equal(unexplained, [])
    assert.ok(count > 5, `${count} members`)
  })
}

/** Counts members; notes those without a description, resolving nothing (`$ref` explains itself). */
function walk(schema: Json, place: string, unexplained: string[]): number {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return 0
  let count = 0
  for (const [member, child] of Object.entries(objectOf(schema['properties']))) {
    count += 1
    const { description, $ref } = objectOf(child)
    if (typeof description !== 'string' && $ref === undefined)
      unexplained.push(`${place}.${member}`)
    count += walk(child, `${place}.${member}`, unexplained)
  }
  for (const keyword of ['items', 'additionalProperties']) {
    count += walk(schema[keyword] ?? null, `${place}[]`, unexplained)
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const choices = schema[keyword]
    if (!Array.isArray(choices)) continue
    for (const choice of choices) count += walk(choice, place, unexplained)
  }
  for (const definition of Object.values(objectOf(schema['definitions']))) {
    count += walk(definition, place, unexplained)
  }
  return count
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

// ── Facts ───────────────────────────────────────────────────────────────────────────────────────

const question = callOf('echo', { message: 'hi' })
const item = { type: 'tool', id: 'echo', action: 'tools/call' } as const
const call = messageFacts(question, [item])

const otherFacts: readonly (readonly [string, (facts: JsonObject) => void, string])[] = [
  [
    'without a subject',
    (facts) => delete facts['subject'],
    "must have required property 'subject'",
  ],
  ['with an unknown member', (facts) => Object.assign(facts, { tool: 1 }), 'additional properties'],
  [
    'with an unknown member of the subject',
    (facts) => Object.assign(objectOf(facts['subject']), { email: 'a@b.example' }),
    'additional properties',
  ],
  [
    'with an unknown class',
    (facts) => Object.assign(objectOf(facts['action']), { class: 'call' }),
    'one of the allowed values',
  ],
  [
    'with arguments that are no object',
    (facts) => Object.assign(objectOf(facts['resource']), { arguments: [] }),
    '/resource/arguments must be object',
  ],
  [
    'with a label that is no text',
    (facts) => Object.assign(objectOf(facts['resource']), { labels: { env: 1 } }),
    '/resource/labels/env must be string',
  ],
  [
    'with an hour that no clock shows',
    (facts) => Object.assign(objectOf(facts['context']), { hour: 24 }),
    '/context/hour must be <= 23',
  ],
]

for (const [description, change, problem] of otherFacts) {
  test(`facts ${description} are refused`, () => {
    const facts = structuredClone(call) as unknown as JsonObject
    change(facts)
    const problems = factsProblems(facts).join('; ')
    assert.ok(problems.includes(problem), problems)
  })
}

test('facts as the host builds them are taken', () => {
  const read = { type: 'resource', id: 'file:///a', action: 'resources/read' } as const
  const template = {
    type: 'resource_template',
    id: 'file:///{a}',
    action: 'resources/read',
  } as const
  const documents = [
    call,
    itemFacts(question, item),
    messageFacts(questionOf('resources/read', { uri: 'file:///a', more: 1 }), [read]),
    itemFacts(questionOf('resources/templates/list'), template),
    messageFacts(questionOf('tools/list', { cursor: 'x' }), []),
    messageFacts(questionOf('response', undefined, { kind: 'response' }), []),
    messageFacts(questionOf('custom/method', { a: [1] }, { direction: 'server' }), []),
  ]
  for (const facts of documents) {
    assert.ok(facts !== null)
    assert.equal(factsProblems(facts), [])
  }
})

// ── Decisions ───────────────────────────────────────────────────────────────────────────────────

const limit = { name: 'user', tier: 'gold', key: ['a'], cost: 1, tokens: 10, per: '1m', burst: 5 }

const badDecisions: readonly (readonly [string, unknown])[] = [
  ['no object', true],
  ['no allow', { reasons: [] }],
  ['allow of another type', { allow: 'true' }],
  ['an unknown member', { allow: true, ttl: 5 }],
  ['reasons that are no list', { allow: true, reasons: 'ok' }],
  ['a reason that is no code', { allow: true, reasons: ['Not granted'] }],
  ['a reason that is too long', { allow: true, reasons: ['a'.repeat(65)] }],
  ['too many reasons', { allow: true, reasons: Array.from({ length: 33 }, (_, n) => `r${n}`) }],
  ['an obligation', { allow: true, obligations: [{ type: 'redact' }] }],
  ['limits that are no list', { allow: true, limits: limit }],
  ['too many limits', { allow: true, limits: Array(9).fill(limit) }],
  ['a limit without a period', { allow: true, limits: [{ ...limit, per: undefined }] }],
  ['a limit with an unknown member', { allow: true, limits: [{ ...limit, window: 1 }] }],
  ['a limit that gains nothing', { allow: true, limits: [{ ...limit, tokens: 0 }] }],
  ['a limit that holds nothing', { allow: true, limits: [{ ...limit, burst: 0, cost: 0 }] }],
  ['a negative cost', { allow: true, limits: [{ ...limit, cost: -1 }] }],
  ['a number as text', { allow: true, limits: [{ ...limit, tokens: '10' }] }],
  ['a period that is a number', { allow: true, limits: [{ ...limit, per: 60 }] }],
  ['a period without a unit', { allow: true, limits: [{ ...limit, per: '60' }] }],
  ['a limit without a key', { allow: true, limits: [{ ...limit, key: [] }] }],
  ['a key of nine parts', { allow: true, limits: [{ ...limit, key: Array(9).fill('a') }] }],
  ['a key part that is no text', { allow: true, limits: [{ ...limit, key: [null] }] }],
  ['a limit without a tier', { allow: true, limits: [{ ...limit, tier: '' }] }],
  ['a limit name with a blank', { allow: true, limits: [{ ...limit, name: 'per user' }] }],
  ['a challenge without scopes', { allow: false, challenge: {} }],
  ['a challenge for no scope', { allow: false, challenge: { scopes: [] } }],
  ['a scope with a quote', { allow: false, challenge: { scopes: ['a"b'] } }],
  ['a scope with a line end', { allow: false, challenge: { scopes: ['a\nb'] } }],
  ['an unknown listing', { allow: false, challenge: { scopes: ['a'], listing: 'maybe' } }],
]

const goodDecisions: readonly (readonly [string, DecisionDocument])[] = [
  ['allow alone', { allow: true }],
  ['refusal alone', { allow: false }],
  ['no limits', { allow: true, reasons: [], obligations: [], limits: [] }],
  ['one limit', { allow: true, reasons: ['tool-granted'], limits: [limit] }],
  ['eight limits', { allow: true, limits: Array(8).fill(limit) }],
  ['a cost of nothing', { allow: true, limits: [{ ...limit, cost: 0 }] }],
  ['fractions', { allow: true, limits: [{ ...limit, cost: 0.5, tokens: 0.25 }] }],
  ['the longest period', { allow: true, limits: [{ ...limit, per: '31d' }] }],
  ['the shortest period', { allow: true, limits: [{ ...limit, per: '1000ms' }] }],
  ['a challenge', { allow: false, challenge: { scopes: ['mcp:tools'] } }],
  ['a challenge that shows', { allow: false, challenge: { scopes: ['a', 'b'], listing: 'show' } }],
]

for (const [description, decision] of badDecisions) {
  test(`decision with ${description}: refused by schema and host`, () => {
    const document: unknown = JSON.parse(JSON.stringify(decision))
    assert.is.not(decisionProblems(document).length, 0)
    assert.is.not(parseDecision(document).problem, null)
  })
}

for (const [description, decision] of goodDecisions) {
  test(`decision with ${description}: taken by schema and host`, () => {
    assert.equal(decisionProblems(decision), [])
    assert.is(parseDecision(decision).problem, null)
  })
}

// ── Audit events ────────────────────────────────────────────────────────────────────────────────

test('audit events are taken', () => {
  const refused = auditEvent({
    event: 'refused',
    outcome: 'unauthenticated',
    decision_id: null,
    revision: null,
    kind: null,
    method: null,
    era: null,
    server: null,
    resource: null,
    subject: null,
    credential: null,
    client: null,
    limits: null,
    status: 401,
  })
  for (const event of [auditEvent(), refused, auditEvent({ limits: [], status: null })]) {
    assert.equal(auditProblems(asEvent(asDocument(event))), [])
  }
})

test('an audit event without a member, or with one more, is refused', () => {
  for (const member of Object.keys(auditEvent())) {
    const { [member as keyof AuditEvent]: _omitted, ...rest } = auditEvent()
    assert.equal(auditProblems(rest), [` must have required property '${member}'`])
  }
  const problems = auditProblems({ ...auditEvent(), token: 'x' })
  assert.equal(problems, [' must NOT have additional properties'])
})

test.run()
