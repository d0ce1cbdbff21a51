/**
 * What `--update` may write: what every member of an expectation can be made to say, nothing where no
 * expectation could say it, and no file whose cases would not pass afterwards.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { updateDecisionCases } from '../../src/cli/update-cases.js'
import type { CompiledBundle } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { unpainted } from '../../src/lib/paint.js'
import { compilePolicy } from '../../src/rego/compile-policy.js'
import { folderOf } from '../rego/folder.js'

const folder = folderOf({
  'policies/main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["no"]}

bucket(name, tier) := {
	"name": name, "tier": tier, "key": ["k"],
	"cost": 1, "tokens": 60, "per": "1m", "burst": 9,
}

decision := {"allow": true, "reasons": ["yes"], "limits": [bucket("user", "gold")]} if {
	input.resource.id == "one"
} else := {"allow": true, "limits": [bucket("user", "gold"), bucket("tool", "slow")]} if {
	input.resource.id == "two"
} else := {"allow": true, "limits": []} if {
	input.resource.id == "free"
} else := {"allow": false, "reasons": ["ask"], "challenge": {"scopes": ["a:b", "c"]}} if {
	input.resource.id == "scoped"
} else := {"allow": true} if input.action.class == "list"

decision := {"allow": "broken"} if input.resource.id == "broken"
`,
})
const cacheDir = packageFile('dist', '.test-cache', 'policy')
const compiled = await compilePolicy(join(folder, 'policies'), { cacheDir })
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
const { bundle } = compiled
const file = join(folder, 'cases.yaml')

const head = 'defaults:\n  resource: { server: s, type: tool }\ncases:\n'
const caseOf = (name: string, id: string, expect: string) =>
  `  - name: ${name}\n    facts: { resource: { id: ${id} } }\n    expect: ${expect}\n`

interface Updated {
  readonly verdicts: readonly string[]
  readonly text: string
  readonly shown: number
}

function update(text: string, judged: CompiledBundle = bundle): Updated {
  writeFileSync(file, text)
  let shown = 0
  const show = () => {
    shown += 1
  }
  const outcome = updateDecisionCases(file, judged, { show, paint: unpainted })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  const verdicts = outcome.cases.map(({ verdict }) => verdict)
  return { verdicts, text: readFileSync(file, 'utf8'), shown }
}

const outdated = caseOf('outdated', 'one', '{ allow: false }')
const mended = caseOf('outdated', 'one', '{ allow: true }')

const members: readonly (readonly [id: string, before: string, after: string])[] = [
  ['one', '{ allow: false }', '{ allow: true }'],
  ['one', '{ reasons: [no] }', '{ reasons: [yes] }'],
  ['one', '{ allow: true, tier: silver }', '{ allow: true, tier: gold }'],
  ['free', '{ allow: true, tier: gold }', '{ allow: true, tier: null }'],
  ['one', '{ allow: true, limits: [tool] }', '{ allow: true, limits: [user] }'],
  ['two', '{ allow: true, limits: [tool] }', '{ allow: true, limits: [user, tool] }'],
  ['scoped', '{ allow: false, challenge: [d] }', '{ allow: false, challenge: ["a:b", c] }'],
]
for (const [id, before, after] of members) {
  test(`${before} becomes ${after}`, () => {
    const found = update(head + caseOf('a', id, before))
    const expected = after.replace('"a:b"', 'a:b').replace('[yes]', '["yes"]')
    assert.is(found.text, head + caseOf('a', id, expected))
    assert.equal([found.verdicts, found.shown], [['passed'], 1])
  })
}

test('buckets of several tiers are no tier: that stays, and everything else is updated', () => {
  const several = caseOf('several', 'two', '{ allow: true, tier: gold }')
  const alone = update(head + several)
  assert.equal(alone, { verdicts: ['failed'], text: head + several, shown: 0 })
  for (const [before, after] of [
    [several + outdated, several + mended],
    [outdated + several, mended + several],
  ] as const) {
    const found = update(head + before)
    assert.is(found.text, head + after)
    assert.is(found.shown, 1)
    assert.equal([...found.verdicts].sort(), ['failed', 'passed'])
  }
  const both = caseOf('both', 'two', '{ allow: false, tier: gold }')
  const half = update(head + both)
  assert.is(half.text, head + both.replace('false', 'true'))
  assert.equal([half.verdicts, half.shown], [['failed'], 1])
})

test('a policy that is wrong by itself is nobody’s expectation', () => {
  const text = head + caseOf('a', 'one', '{ allow: true }')
  const narrow = { ...bundle, paths: [['subject']] }
  assert.equal(update(text, narrow), { verdicts: ['failed'], text, shown: 0 })
})

/** The file stays as it is, and somebody has to look at it. */
const byHand: readonly (readonly [what: string, cases: string])[] = [
  [
    'a case that could not be decided, beside an outdated one',
    outdated + caseOf('broken', 'broken', '{ allow: false }'),
  ],
  ['one before the outdated one', caseOf('broken', 'broken', '{ allow: false }') + outdated],
  [
    'an expectation that would say nothing, because every denial is so',
    caseOf('a', 'unknown', '{ tier: gold }'),
  ],
]
for (const [what, cases] of byHand) {
  test(`not written: ${what}`, () => {
    assert.throws(
      () => update(head + cases),
      /cases\.yaml cannot be updated by itself: write what it expects by hand$/,
    )
    assert.is(readFileSync(file, 'utf8'), head + cases)
  })
}

test.run()
