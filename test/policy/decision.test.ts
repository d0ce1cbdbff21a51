import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDuration } from '../../src/lib/duration.js'
import { denial, parseDecision } from '../../src/policy/decision.js'
import { printedSeed } from './seed.js'

const limit = {
  name: 'user',
  tier: 'gold',
  key: ['acme', 'alice'],
  cost: 1,
  tokens: 100,
  per: '1m',
  burst: 20,
}
const without = (member: keyof typeof limit) =>
  Object.fromEntries(Object.entries(limit).filter(([name]) => name !== member))
const many = (count: number) => Array.from({ length: count }, (_, index) => `r-${index}`)

function assertMalformed(document: unknown, problem: string, what: string): void {
  const parsed = parseDecision(document)
  assert.equal(
    parsed.decision,
    { allow: false, reasons: ['decision-malformed'], challenge: null },
    what,
  )
  assert.is(parsed.problem, `the decision ${problem}`, what)
}

test('what is no decision document is a denial that says so', () => {
  const object = 'is not an object'
  const unknown = 'has an unknown member'
  const allow = 'has no boolean `allow`'
  const reasons = 'has `reasons` that are not at most 32 codes'
  const obligation = 'has an obligation, none is defined'
  const rows: readonly (readonly [string, unknown])[] = [
    [object, undefined],
    [object, null],
    [object, true],
    [object, false],
    [object, 'true'],
    [object, 1],
    [object, Number.NaN],
    [object, []],
    [object, [true]],
    [object, [{ allow: true }]],
    [allow, {}],
    [allow, { allow: 'true' }],
    [allow, { allow: 1 }],
    [allow, { allow: null }],
    [allow, { allow: [] }],
    [allow, { allow: {} }],
    [allow, { reasons: [] }],
    [unknown, { allow: true, Allow: true }],
    [unknown, { allow: true, deny: false }],
    [unknown, { allow: true, limit: [] }],
    [unknown, JSON.parse('{"allow":true,"__proto__":{}}')],
    [unknown, JSON.parse('{"__proto__":{"allow":true}}')],
    [unknown, { allow: true, constructor: 1 }],
    [unknown, { allow: true, '': 1 }],
    [reasons, { allow: true, reasons: null }],
    [reasons, { allow: true, reasons: 'granted' }],
    [reasons, { allow: true, reasons: { granted: true } }],
    [reasons, { allow: true, reasons: [1] }],
    [reasons, { allow: true, reasons: [null] }],
    [reasons, { allow: true, reasons: [''] }],
    [reasons, { allow: true, reasons: ['Granted'] }],
    [reasons, { allow: true, reasons: ['1-granted'] }],
    [reasons, { allow: true, reasons: ['tool_granted'] }],
    [reasons, { allow: true, reasons: ['tool--granted'] }],
    [reasons, { allow: true, reasons: ['tool-'] }],
    [reasons, { allow: true, reasons: ['-tool'] }],
    [reasons, { allow: true, reasons: ['tool\n'] }],
    [reasons, { allow: true, reasons: ['a'.repeat(65)] }],
    [reasons, { allow: true, reasons: many(33) }],
    [obligation, { allow: true, obligations: [{ redact: 'x' }] }],
    [obligation, { allow: true, obligations: [null] }],
    [obligation, { allow: true, obligations: many(17) }],
    [obligation, { allow: true, obligations: {} }],
    [obligation, { allow: true, obligations: null }],
    [obligation, { allow: false, obligations: [{}] }],
  ]
  for (const [problem, document] of rows)
    assertMalformed(document, problem, JSON.stringify(document))
})

test('a limit that is not exactly one is no limit, and the decision malformed', () => {
  const rows: readonly unknown[] = [
    null,
    'gold',
    [],
    {},
    { ...limit, unit: 'call' },
    ...(Object.keys(limit) as (keyof typeof limit)[]).map(without),
    { ...limit, name: '' },
    { ...limit, name: 'User' },
    { ...limit, name: 'a'.repeat(65) },
    { ...limit, tier: '' },
    { ...limit, tier: '\u{1f600}'.repeat(65) },
    { ...limit, key: 'alice' },
    { ...limit, key: [] },
    { ...limit, key: [1] },
    { ...limit, key: many(9) },
    { ...limit, key: ['a'.repeat(1_025)] },
    { ...limit, cost: '1' },
    { ...limit, cost: -1 },
    { ...limit, cost: Number.NaN },
    { ...limit, cost: 21 },
    { ...limit, cost: 1_000_000_001, burst: 1_000_000_001 },
    { ...limit, tokens: 0 },
    { ...limit, tokens: -0 },
    { ...limit, tokens: -5 },
    { ...limit, tokens: Number.POSITIVE_INFINITY },
    { ...limit, tokens: JSON.parse('1e400') },
    { ...limit, burst: 0, cost: 0 },
    { ...limit, burst: null },
    { ...limit, burst: JSON.parse('1e400') },
    { ...limit, per: 60 },
    { ...limit, per: '' },
    { ...limit, per: '60' },
    { ...limit, per: '1min' },
    { ...limit, per: '-1m' },
    { ...limit, per: '0s' },
    { ...limit, per: '999ms' },
    { ...limit, per: '32d' },
    { ...limit, per: '745h' },
    { ...limit, per: '1e3s' },
  ]
  const problem = 'has `limits` that are not at most 8 valid limits'
  for (const row of rows) {
    assertMalformed({ allow: true, limits: [row] }, problem, JSON.stringify(row))
    assertMalformed({ allow: false, limits: [limit, row] }, problem, JSON.stringify(row))
  }
  for (const limits of [null, {}, limit, 'none', Array(9).fill(limit)]) {
    assertMalformed({ allow: true, limits }, problem, JSON.stringify(limits))
  }
})

test('a challenge that is not exactly one makes the decision malformed', () => {
  const rows: readonly unknown[] = [
    null,
    [],
    'scope',
    {},
    { listing: 'show' },
    { scopes: [] },
    { scopes: 'a' },
    { scopes: [1] },
    { scopes: [''] },
    { scopes: ['a b'] },
    { scopes: ['a"b'] },
    { scopes: ['a\\b'] },
    { scopes: ['a\r\nb'] },
    { scopes: ['ä'] },
    { scopes: ['a'.repeat(257)] },
    { scopes: many(17) },
    { scopes: ['a'], listing: 'yes' },
    { scopes: ['a'], listing: null },
    { scopes: ['a'], listing: true },
    { scopes: ['a'], text: 'please' },
  ]
  const problem = 'has a `challenge` that is not valid'
  for (const challenge of rows) {
    assertMalformed({ allow: false, challenge }, problem, JSON.stringify(challenge))
    assertMalformed({ allow: true, challenge }, problem, JSON.stringify(challenge))
  }
})

test('a decision of more than 16 KiB is malformed, however it is valid otherwise', () => {
  const wide = { ...limit, key: Array(8).fill('k'.repeat(1_024)) }
  assert.is(parseDecision({ allow: true, limits: [wide] }).problem, null)
  assertMalformed({ allow: true, limits: [wide, wide] }, 'is larger than 16 KiB', 'ASCII')
  const escaped = { ...limit, key: Array(3).fill('\u0001'.repeat(1_000)) }
  assertMalformed({ allow: true, limits: [escaped] }, 'is larger than 16 KiB', 'escaped')
})

test('complete decisions', () => {
  const gold = {
    name: 'user',
    tier: 'gold',
    key: ['acme', 'alice'],
    cost: 1,
    tokens: 100,
    perMs: 60_000,
    burst: 20,
  }
  const rows: readonly (readonly [unknown, unknown])[] = [
    [{ allow: true }, { allow: true, reasons: [], limits: null }],
    [{ allow: false }, { allow: false, reasons: [], challenge: null }],
    [
      { allow: true, limits: [] },
      { allow: true, reasons: [], limits: [] },
    ],
    [
      { allow: true, limits: [limit] },
      { allow: true, reasons: [], limits: [gold] },
    ],
    [
      { allow: true, reasons: ['b', 'a-2', 'c', 'a-2'], obligations: [] },
      { allow: true, reasons: ['a-2', 'b', 'c'], limits: null },
    ],
    [
      {
        allow: false,
        reasons: ['scope-missing'],
        limits: [limit],
        challenge: { scopes: ['files:write'] },
      },
      {
        allow: false,
        reasons: ['scope-missing'],
        challenge: { scopes: ['files:write'], listing: 'hide' },
      },
    ],
    [
      { allow: false, challenge: { scopes: ['a', 'b'], listing: 'show' } },
      { allow: false, reasons: [], challenge: { scopes: ['a', 'b'], listing: 'show' } },
    ],
    [
      { allow: true, challenge: { scopes: ['a'] } },
      { allow: true, reasons: [], limits: null },
    ],
  ]
  for (const [document, decision] of rows) {
    assert.equal(parseDecision(document), { decision, problem: null }, JSON.stringify(document))
  }
  assert.equal(denial('policy-fault'), {
    allow: false,
    reasons: ['policy-fault'],
    challenge: null,
  })
})

test('the bounds themselves are inside', () => {
  const widest = {
    name: `a${'_'.repeat(63)}`,
    tier: '\u{1f600}'.repeat(64),
    key: ['', 'k'.repeat(1_024), ...many(6)],
    cost: 1_000_000_000,
    tokens: 1_000_000_000,
    burst: 1_000_000_000,
  }
  for (const per of ['1s', '1000ms', '60s', '31d', '744h', '44640m']) {
    assert.is(parseDecision({ allow: true, limits: [{ ...widest, per }] }).problem, null, per)
  }
  const smallest = { ...limit, cost: 0, tokens: 0.001, burst: 0.5 }
  const document = { allow: false, reasons: many(32), limits: Array(8).fill(smallest) }
  const challenge = { scopes: Array(16).fill('!'.repeat(256)) }
  assert.is(parseDecision({ ...document, challenge }).problem, null)
})

/** Documents of the right shape with one or two places turned into something near it. */
function documents(): fc.Arbitrary<unknown> {
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(-1, 0, 1e10, '', 'a', [], {}, null))
  const mostly = (usual: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd })
  const code = mostly(fc.stringMatching(/^[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,3}$/))
  const amount = mostly(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.double({ min: 0, max: 2e9 })))
  const duration = fc.tuple(
    fc.integer({ min: 0, max: 4_000 }),
    fc.constantFrom('ms', 's', 'm', 'h', 'd'),
  )
  const bucket = fc.record(
    {
      name: mostly(fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/)),
      tier: mostly(fc.string({ minLength: 1, maxLength: 8 })),
      key: mostly(fc.array(mostly(fc.string()), { minLength: 1, maxLength: 8 })),
      cost: amount,
      tokens: amount,
      per: mostly(duration.map(([count, unit]) => `${count}${unit}`)),
      burst: amount,
      extra: fc.constant(1),
    },
    { requiredKeys: ['name', 'tier', 'key', 'cost', 'tokens', 'per', 'burst'] },
  )
  const challenge = fc.record(
    {
      scopes: mostly(
        fc.array(mostly(fc.stringMatching(/^[!-~]{1,8}$/)), { minLength: 1, maxLength: 17 }),
      ),
      listing: mostly(fc.constantFrom('show', 'hide')),
    },
    { requiredKeys: ['scopes'] },
  )
  return mostly(
    fc.record(
      {
        allow: mostly(fc.boolean()),
        reasons: mostly(fc.array(code, { maxLength: 33 })),
        obligations: mostly(fc.constant([])),
        limits: mostly(fc.array(mostly(bucket.map(plainBucket)), { maxLength: 4 })),
        challenge: mostly(challenge),
      },
      { requiredKeys: ['allow'] },
    ),
  )
}

/** Most generated buckets keep no member too many. */
function plainBucket(bucket: object): object {
  const { extra, ...rest } = bucket as { extra?: number }
  return extra !== undefined && JSON.stringify(rest).length % 20 === 0 ? bucket : rest
}

/** What the schema cannot say. */
function holdsBeyondSchema(document: {
  limits?: { cost: number; burst: number; per: string }[]
}): boolean {
  return (document.limits ?? []).every(({ cost, burst, per }) => {
    const perMs = parseDuration(per)
    return cost <= burst && perMs !== null && perMs >= 1_000 && perMs <= 2_678_400_000
  })
}

test('the parser and the published schema agree', async () => {
  const schemaFile = new URL('../../../schemas/decision.schema.json', import.meta.url)
  const isDecision = new Ajv({ strict: true }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')))
  const reached = { fit: 0, malformed: 0, beyondSchema: 0 }
  await fc.assert(
    fc.property(documents(), (document) => {
      const fits = isDecision(document)
      const whole = fits && holdsBeyondSchema(document as Parameters<typeof holdsBeyondSchema>[0])
      reached[whole ? 'fit' : fits ? 'beyondSchema' : 'malformed'] += 1
      assert.is(parseDecision(document).problem === null, whole, JSON.stringify(document))
    }),
    { numRuns: 20_000, seed: printedSeed('parser and schema agree') },
  )
  console.log(reached)
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 500, `${what}: ${count}`)
})

test.run()
