import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { policyDataProblems } from '../../src/config/policy-data.js'
import { formatConfigProblem } from '../../src/config/problem.js'
import type { JsonObject } from '../../src/domain.js'

const rules = new Set([
  ...['destructive_tools', 'grants', 'limits', 'pins', 'quarantine', 'uris', 'windows'],
])

const told: readonly (readonly [JsonObject, readonly string[]])[] = [
  [
    { grants: { dev: { github: { tool: {} } } } },
    ['/grants/dev/github/tool: unknown key "tool"; did you mean "tools"?'],
  ],
  [{ grants: null }, ['/grants: must be a map of keys; role → server → lists']],
  [
    { grants: { dev: { 'a/b': { tools: { x: { arguments: { n: { max: '3' } } } } } } } },
    ['/grants/dev/a~1b/tools/x/arguments/n/max: must be a number; the number is at most this'],
  ],
  [
    { grants: { dev: { github: { resources: { 'file:///a*': {} } } } } },
    [
      '/grants/dev/github/resources/file:~1~1~1a*: "file:///a*" is not a usable name; a resource is an exact URI, a beginning that ends in `/`, or `*`',
    ],
  ],
  [
    { quarantine: { servers: { github: { tool: ['a'] } } } },
    [
      '/quarantine/servers/github: has the wrong form; either `all`, or lists of names under `tools`, `prompts` and `resources`',
    ],
  ],
  [
    { tiers: { tiers: { gold: { user: { tokens: 0, per: '1m', burst: 1 } } } } },
    ['/tiers/tiers/gold/user/tokens: must be above 0; gained in each period'],
  ],
  [
    { paths: { arguments: { path: false } } },
    ['/paths/arguments/path: must be true; the argument is a path'],
  ],
  [
    { hints: { '*': { destructivHint: 'a' } }, pins: [] },
    [
      '/hints/*/destructivHint: unknown key "destructivHint"; did you mean "destructiveHint"?',
      '/pins: must be a map of keys; server → list → name → digest, as `mcp-guard pin` writes it',
    ],
  ],
  [{ grants: {}, quarantine: {}, windows: {}, tiers: {}, own: { anything: 1 } }, []],
]

for (const [data, lines] of told) {
  test(`${JSON.stringify(data).slice(0, 90)}: pointer, reason and fix`, () => {
    assert.equal(policyDataProblems(data, rules).map(formatConfigProblem), lines)
  })
}

test('data of a rule that the policy does not have mean what its own rules make of them', () => {
  const data = { grants: ['alice'], windows: 5 }
  assert.equal(policyDataProblems(data, new Set(['pins', 'own'])), [])
  assert.equal(policyDataProblems(data, new Set(['windows'])).length, 1)
  assert.equal(policyDataProblems(JSON.parse('{"__proto__": 1}'), rules), [])
})

test('only so many are told', () => {
  const tools = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`t${index}`, 5]))
  const found = policyDataProblems({ grants: { dev: { github: { tools } } } }, rules)
  assert.is(found.length, 51)
  assert.equal(found.slice(50).map(formatConfigProblem), [
    '30 more like these; fix the first ones first',
  ])
})

test.run()
