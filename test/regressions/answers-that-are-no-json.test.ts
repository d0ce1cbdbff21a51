/**
 * The engine writes a number that came from a text as that text, and takes texts for numbers that
 * JSON does not. Such an answer is a denial of that one item, and the others of its list are judged.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PolicyEvent } from '../../src/domain.js'
import { compileFiles } from '../policy/bundles.js'
import { pointOf } from '../policy/points.js'
import { callOf, questionOf } from '../policy/questions.js'

const bundle = await compileFiles({
  'main.rego': `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true, "limits": [{
	"name": "user",
	"tier": "gold",
	"key": ["alice"],
	"cost": to_number(input.resource.id),
	"tokens": 100,
	"per": "1m",
	"burst": 20,
}]}
`,
})

const unreadable = ['.5', '5.', '1e', '-', '007']

for (const id of unreadable) {
  test(`a call of ${JSON.stringify(id)} is denied as malformed`, () => {
    const events: PolicyEvent[] = []
    const { decision } = pointOf(bundle, { events }).judge(callOf(id))
    assert.equal(decision, { allow: false, reasons: ['decision-malformed'], challenge: null })
    assert.equal(
      events.map((event) => event.type === 'fault' && event.reason),
      ['decision-malformed: the decision is not JSON'],
    )
  })

  test(`${JSON.stringify(id)} in a list hides nothing but itself`, async () => {
    const point = pointOf(bundle)
    assert.equal(await point.visible(questionOf('tools/list'), 'tools', ['1', id, '2']), [
      true,
      false,
      true,
    ])
  })
}

test.run()
