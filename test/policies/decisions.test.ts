/**
 * What the shipped bundle decides, through the compiled module: a table of facts, and the lists of
 * the demo server against the calls of the same names.
 */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject, ListKind } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { parseDecision } from '../../src/policy/decision.js'
import { identityOf, questionOf } from '../policy/questions.js'
import { decisionRows, definitions, demo, factsOf, reader } from './decision-rows.js'
import { asker, compileShipped } from './shipped.js'

const bundle = await compileShipped()
const shippedData = JSON.parse(new TextDecoder().decode(bundle.data)) as JsonObject
const ask = asker(bundle)

function askerWith(data: JsonObject): ReturnType<typeof asker> {
  return asker({ ...bundle, data: new TextEncoder().encode(JSON.stringify(data)) })
}

const rows = decisionRows
const isFacts = new Ajv().compile(
  JSON.parse(readFileSync(packageFile('schemas', 'facts.schema.json'), 'utf8')),
)

for (const row of rows) {
  test(`decision: ${row.description}`, () => {
    const facts = factsOf(row)
    assert.is(isFacts(facts), !('facts' in row), JSON.stringify(isFacts.errors))
    const asked = row.data === undefined ? ask : askerWith({ ...shippedData, ...row.data })
    const answer = asked(facts) as JsonObject
    const { allow, reasons, challenge } = answer
    assert.equal(
      { allow, reasons, ...(challenge === undefined ? {} : { challenge }) },
      row.expected,
    )
    assert.is(parseDecision(answer).problem, null)
  })
}

test('limits come with a message that is allowed, and never with an item', () => {
  const call = rows.find((row) => row.description === 'a granted tool')
  if (call === undefined) throw new Error('the row is missing')
  const { limits } = ask(factsOf(call)) as JsonObject
  const key = ['api-keys', 'acme', 'alice']
  assert.equal(limits, [
    { name: 'user', tier: 'standard', key, cost: 1, tokens: 120, per: '1m', burst: 60 },
  ])
  assert.not('limits' in (ask(factsOf({ ...call, question: 'item' })) as JsonObject))
})

test('a tool that the tier names has a bucket of its own', () => {
  const facts = factsOf({
    description: '',
    change: { resource: { id: 'get-tiny-image', arguments: {} } },
    expected: { allow: true, reasons: [] },
  })
  const { decision } = parseDecision(ask(facts))
  assert.ok(decision.allow)
  assert.equal(
    decision.limits?.map((limit) => limit.name),
    ['tool', 'user'],
  )
})

const malformed = ['destructive-table-malformed']
const destructiveData: readonly (readonly [string, JsonObject, readonly string[]])[] = [
  ['a list', { destructive: ['echo'] }, malformed],
  ['null', { destructive: null }, malformed],
  ['a list for a server', { destructive: { '*': ['echo'] } }, malformed],
  ['a text for a server', { destructive: { everything: 'e' } }, malformed],
  ['an empty scope', { destructive: { '*': { '': ['e*'] } } }, malformed],
  ['a text for a list', { destructive: { '*': { a: 'echo' } } }, ['scope-missing']],
  ['a scope', { destructive: { '*': { a: ['echo'] } } }, ['scope-missing']],
  ['a hint', { hints: { '*': { noReadOnlyHint: 'a' } } }, ['scope-missing']],
  ['hints that are a list', { hints: ['unknown'] }, malformed],
  ['an empty table', { destructive: {} }, ['tool-granted']],
  ['no data', {}, ['tool-granted']],
]

for (const [description, data, reasons] of destructiveData) {
  test(`destructive tools by ${description}`, () => {
    const { destructive: _names, hints: _signs, ...others } = shippedData
    const askBy = askerWith({ ...others, ...data })
    const row = { description, expected: { allow: true, reasons: [] } }
    for (const question of [row, { ...row, question: 'item' as const }]) {
      const answer = askBy(factsOf(question)) as JsonObject
      assert.is(answer['allow'], reasons[0] === 'tool-granted')
      assert.equal(answer['reasons'], reasons)
    }
  })
}

const demoNames: readonly (readonly [ListKind, string, readonly string[], readonly string[]])[] = [
  [
    'tools',
    'tools/list',
    ['echo', 'get-sum', 'get-structured-content', 'get-tiny-image'],
    ['get-env', 'gzip-file-as-resource', 'trigger-long-running-operation', 'ECHO', 'echo '],
  ],
  ['prompts', 'prompts/list', ['simple-prompt', 'args-prompt'], ['resource-prompt']],
  [
    'resources',
    'resources/list',
    ['demo://resource/static/document/features.md', 'demo://resource/dynamic/text/7'],
    ['demo://resource/session/a', 'demo://resource/static/document/../x', 'file:///etc/passwd'],
  ],
  [
    'resourceTemplates',
    'resources/templates/list',
    ['demo://resource/dynamic/text/{resourceId}'],
    ['demo://resource/dynamic/blob/{resourceId}'],
  ],
]

const holder = createPolicyHolder()
await holder.activate(bundle)

for (const [kind, method, shown, hidden] of demoNames) {
  test(`${method}: a reader sees exactly the granted items`, async () => {
    const point = holder.current()
    assert.ok(point)
    const ids = [...hidden, ...shown, ...hidden]
    const visible = await point?.visible(questionOf(method, {}, reader), kind, ids)
    assert.equal(
      ids.filter((_, index) => visible?.[index]),
      shown,
    )
  })
}

test('an administrator sees every tool of the demo server', async () => {
  const admin = { identity: identityOf({ roles: ['admin'] }), server: demo, definitions }
  const ids = demoNames.flatMap(([kind, , shown, hidden]) =>
    kind === 'tools' ? [...shown, ...hidden] : [],
  )
  const visible = await holder.current()?.visible(questionOf('tools/list', {}, admin), 'tools', ids)
  assert.equal(visible, Array(ids.length).fill(true))
})

test('a call passes exactly when the tool is listed', async () => {
  const point = holder.current()
  assert.ok(point)
  const names = ['echo', 'get-env', 'get-sum', 'delete_file', 'nothing']
  for (const roles of [['reader'], ['admin'], [], ['reader', 'admin']]) {
    const who = { identity: identityOf({ roles }), server: demo, definitions }
    const visible = await point?.visible(questionOf('tools/list', {}, who), 'tools', names)
    const called = names.map((name) => {
      const params = { name, arguments: { message: 'hi' } }
      return point?.judge(questionOf('tools/call', params, who)).decision.allow
    })
    assert.equal(called, visible, roles.join())
  }
})

test.run()
