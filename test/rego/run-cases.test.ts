import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Expectation } from '../../src/contracts.js'
import type { Decision, Json, Limit } from '../../src/domain.js'
import { completeFacts } from '../../src/policy/complete-facts.js'
import type { CaseFile, WrittenCase } from '../../src/policy/decision-case.js'
import type { AskedFacts } from '../../src/policy/judge-facts.js'
import { differencesOf } from '../../src/rego/case-differences.js'
import { type JudgedCase, runCases } from '../../src/rego/run-cases.js'

const bucket: Limit = {
  name: 'user',
  tier: 'gold',
  key: ['a', 'b'],
  cost: 1,
  tokens: 600,
  perMs: 60_000,
  burst: 200,
}
const tool: Limit = { ...bucket, name: 'tool', burst: 5, perMs: 3_600_000 }
const allowed = (limits: readonly Limit[] | null = null, ...reasons: string[]): Decision => {
  return { allow: true, reasons, limits }
}
const denied = (
  reasons: readonly string[] = [],
  scopes: readonly string[] | null = null,
): Decision => {
  const challenge = scopes === null ? null : ({ scopes, listing: 'show' } as const)
  return { allow: false, reasons, challenge }
}

// ── Differences ─────────────────────────────────────────────────────────────────────────────────

/** Expectation, decision, and the members that differ with what they are. */
const compared: readonly (readonly [
  string,
  Expectation,
  Decision,
  Readonly<Record<string, Json>>,
])[] = [
  ['another verdict', { allow: true }, denied(), { allow: false }],
  ['one reason less', { reasons: ['a', 'b'] }, denied(['a']), { reasons: ['a'] }],
  ['one reason more', { reasons: ['a'] }, denied(['a', 'b']), { reasons: ['a', 'b'] }],
  ['reasons in another order', { reasons: ['b', 'a'] }, denied(['a', 'b']), {}],
  ['a reason among others', { reason: 'b' }, denied(['a', 'b']), {}],
  ['a reason that is not there', { reason: 'c' }, denied(['a', 'b']), { reason: ['a', 'b'] }],
  ['the tier of all buckets', { tier: 'gold' }, allowed([bucket, tool]), {}],
  ['another tier', { tier: 'silver' }, allowed([bucket]), { tier: 'gold' }],
  [
    'several tiers',
    { tier: 'gold' },
    allowed([bucket, { ...tool, tier: 'x' }]),
    { tier: ['gold', 'x'] },
  ],
  ['no tier without a bucket', { tier: null }, allowed([]), {}],
  ['a tier of a denial', { tier: 'gold' }, denied(), { tier: null }],
  ['buckets by name', { limits: ['tool', 'user'] }, allowed([bucket, tool]), {}],
  [
    'a bucket that is missing',
    { limits: ['tool', 'user'] },
    allowed([bucket]),
    { limits: ['user'] },
  ],
  [
    'a bucket too many',
    { limits: ['user'] },
    allowed([bucket, tool]),
    { limits: ['user', 'tool'] },
  ],
  [
    'a bucket by its members',
    { limits: [{ name: 'user', per: '60s', key: ['a', 'b'], burst: 200 }] },
    allowed([bucket]),
    {},
  ],
  [
    'a bucket with another period',
    { limits: [{ name: 'user', per: '1h' }] },
    allowed([bucket]),
    { limits: [{ name: 'user', per: '1m' }] },
  ],
  [
    'a bucket with another key',
    { limits: [{ name: 'user', key: ['ab'] }] },
    allowed([bucket]),
    { limits: [{ name: 'user', key: ['a', 'b'] }] },
  ],
  [
    'two buckets of one name',
    { limits: [{ name: 'user' }, { name: 'user', burst: 200 }] },
    allowed([bucket, { ...bucket, burst: 1 }]),
    {},
  ],
  [
    'two of which one is another',
    {
      limits: [
        { name: 'user', burst: 200 },
        { name: 'user', burst: 200 },
      ],
    },
    allowed([bucket, { ...bucket, burst: 1 }]),
    {
      limits: [
        { name: 'user', burst: 200 },
        { name: 'user', burst: 1 },
      ],
    },
  ],
  ['unlimited is not the default', { limits: [] }, allowed(null), { limits: null }],
  ['the default is not unlimited', { limits: null }, allowed([]), { limits: [] }],
  ['no limits of a denial', { limits: null }, denied(), {}],
  ['scopes that are asked for', { challenge: ['b', 'a'] }, denied([], ['a', 'b']), {}],
  ['scopes where none are', { challenge: ['a'] }, denied(), { challenge: [] }],
  ['none where there are', { challenge: [] }, denied([], ['a']), { challenge: ['a'] }],
]

for (const [description, expect, decision, differing] of compared) {
  test(`expected: ${description}`, () => {
    const found = differencesOf(expect, { decision, visible: null })
    assert.equal(Object.fromEntries(found.map(({ member, actual }) => [member, actual])), differing)
    for (const { member, expected } of found) {
      assert.equal(expected, expect[member as keyof Expectation])
    }
  })
}

test('expected: what is seen, in any order', () => {
  const seen = (expected: string[]) => {
    return differencesOf({ visible: expected }, { decision: allowed(), visible: ['a', 'b'] })
  }
  assert.equal(seen(['b', 'a']), [])
  assert.equal(seen(['a']), [{ member: 'visible', expected: ['a'], actual: ['a', 'b'] }])
})

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────

const completed = completeFacts({ resource: { type: 'tool', id: 'x', server: 's' } })
if (!completed.ok) throw new Error('facts')
const { facts } = completed

function asked(decision: Decision, whole = decision, problem: string | null = null): AskedFacts {
  return { facts, decided: { decision, problem, spent: 1 }, whole }
}

function run(expect: Expectation, judge: () => JudgedCase) {
  const written = { name: 'n', row: 3, facts: {}, items: null, expect, lineOf: () => 3 }
  const file: CaseFile = {
    file: 'c.yaml',
    text: '',
    data: null,
    cases: [written satisfies WrittenCase],
  }
  const [found] = runCases([file], judge)
  if (found === undefined) throw new Error('nothing was run')
  const { durationNs, ...rest } = found
  assert.ok(durationNs > 0)
  return rest
}

const place = { file: 'c.yaml', row: 3, name: 'n' }

test('a case passes, fails or cannot be decided', () => {
  const judged = (one: AskedFacts) => () => {
    return { judged: { decision: one.decided.decision, asked: [one] }, listed: null }
  }
  assert.equal(run({ allow: true }, judged(asked(allowed()))), {
    ...place,
    verdict: 'passed',
    differences: [],
    problem: '',
  })
  assert.equal(run({ allow: true }, judged(asked(denied()))), {
    ...place,
    verdict: 'failed',
    differences: [{ member: 'allow', expected: true, actual: false }],
    problem: '',
  })
  const fault = asked(denied(['policy-fault']), denied(['policy-fault']), 'unreachable')
  const undecided = 'the policy could not decide: policy-fault: unreachable'
  assert.equal(run({ allow: false }, judged(fault)), {
    ...place,
    verdict: 'error',
    differences: [],
    problem: undecided,
  })
  assert.is(run({ allow: false, reasons: ['policy-fault'] }, judged(fault)).verdict, 'passed')
  assert.is(run({ reason: 'policy-fault' }, judged(fault)).verdict, 'passed')
  const both = ['policy-fault', 'item-missing']
  const twice = asked(denied(both), denied(both), 'unreachable')
  assert.is(run({ reason: 'policy-fault' }, judged(twice)).verdict, 'error')
  assert.is(run({ reasons: both }, judged(twice)).verdict, 'passed')
  const thrown = run({ allow: true }, () => {
    throw new Error('no')
  })
  assert.equal([thrown.verdict, thrown.problem], ['error', 'no'])
})

test('a decision that hangs on what the policy is shown fails whatever is expected', () => {
  const different = asked(allowed([bucket], 'a'), denied(['b'], ['s']))
  const found = run({ allow: true }, () => {
    return { judged: { decision: allowed(), asked: [different] }, listed: null }
  })
  assert.is(found.verdict, 'failed')
  assert.match(found.problem, /^the policy decides otherwise when it is shown all facts/)
  const limits = [
    { name: 'user', tier: 'gold', key: ['a', 'b'], cost: 1, tokens: 600, per: '1m', burst: 200 },
  ]
  assert.equal(found.differences, [
    {
      member: 'all facts shown',
      expected: { allow: false, reasons: ['b'], challenge: ['s'] },
      actual: { allow: true, reasons: ['a'], limits },
    },
  ])
})

test('of a list that may not be asked for nothing is seen', () => {
  const listed = [{ ...asked(allowed()), id: 'a', visible: true }]
  const judge = (decision: Decision) => () => ({ judged: { decision, asked: [] }, listed })
  assert.is(run({ visible: ['a'] }, judge(allowed())).verdict, 'passed')
  assert.is(run({ visible: [] }, judge(denied())).verdict, 'passed')
})

test('an item of a list whose projection is wrong fails the case too', () => {
  const listed = [{ ...asked(allowed(), denied()), id: 'a', visible: true }]
  const found = run({ visible: ['a'] }, () => {
    return { judged: { decision: allowed(), asked: [] }, listed }
  })
  assert.is(found.verdict, 'failed')
})

test.run()
