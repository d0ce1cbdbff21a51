/** Facts made whole, for tests: what comes out has to be facts by the published schema. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import * as assert from 'uvu/assert'
import type { Facts, PartialFacts } from '../../src/contracts.js'
import { packageFile } from '../../src/lib/package-root.js'
import { completeFacts } from '../../src/policy/complete-facts.js'

const schema = JSON.parse(readFileSync(packageFile('schemas', 'facts.schema.json'), 'utf8'))
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema)

/** As the schema of the policy's input says. */
export function areFacts(facts: Facts): boolean {
  return validate(JSON.parse(JSON.stringify(facts)))
}

/** Facts that have to be completed without a problem. */
export function completed(given: PartialFacts): Facts {
  const outcome = completeFacts(given)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  assert.ok(areFacts(outcome.facts), JSON.stringify(validate.errors))
  return outcome.facts
}

export const echo = { type: 'tool', id: 'echo', server: 's' } as const
