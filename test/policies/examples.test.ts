/**
 * The examples that the METADATA of the shipped rules gives, as the page made of it shows them: each
 * decides as it says, through the compiled bundle. The data are the example's own.
 */
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { parseDecision } from '../../src/policy/decision.js'
import { messageFacts } from '../../src/policy/facts.js'
import { identityOf, questionOf } from '../policy/questions.js'
import { asker, compileShipped } from './shipped.js'

interface Example {
  readonly title: string
  readonly data?: JsonObject
  readonly facts: JsonObject
  readonly allow: boolean
  readonly reasons: readonly string[]
  readonly challenge?: JsonObject
  readonly limits?: Json
}

interface Rule {
  readonly file: string
  readonly name: string
  readonly data: readonly string[]
  readonly examples: readonly Example[]
}

const { readRules } = (await import(
  pathToFileURL(packageFile('scripts', 'lib', 'rules.mjs')).href
)) as { readRules(root: string): readonly Rule[] }
const rules = readRules(packageFile('.')).filter(({ name }) => name !== 'mcpguard.main')
const bundle = await compileShipped()

const everything = { '*': {} }
const granted = {
  reader: { '*': { tools: everything, prompts: everything, resources: everything } },
}

function factsOf(changes: JsonObject): JsonObject {
  const identity = identityOf({
    id: 'alice',
    issuer: 'mcp-guard',
    tenant: 'acme',
    roles: ['reader'],
  })
  const question = questionOf(
    'tools/call',
    { name: 'echo' },
    { identity, server: { name: 'everything', labels: {} } },
  )
  const facts = messageFacts(question, [{ type: 'tool', id: 'echo', action: 'tools/call' }])
  assert.ok(facts)
  const parts = facts as unknown as Record<string, JsonObject>
  return Object.fromEntries(
    Object.entries(parts).map(([part, members]) => [
      part,
      { ...members, ...(changes[part] as JsonObject | undefined) },
    ]),
  )
}

for (const { name, examples } of rules) {
  for (const example of examples) {
    test(`${name}: ${example.title}`, () => {
      const data = new TextEncoder().encode(JSON.stringify({ grants: granted, ...example.data }))
      const answer = asker({ ...bundle, data })(factsOf(example.facts))
      const { title: _title, data: _data, facts: _facts, ...decision } = example
      assert.equal(answer, decision)
      assert.is(parseDecision(answer).problem, null)
    })
  }
}

test('every rule has an example that is allowed and one that is refused', () => {
  assert.is(rules.length, 8)
  for (const { file, examples } of rules) {
    assert.equal([...new Set(examples.map(({ allow }) => allow))].sort(), [false, true], file)
  }
})

test.run()
