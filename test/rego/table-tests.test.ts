/** Cases of table tests under every kind of key, by both engines: the same cases, the same outcome. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testReport } from '../support/policy-tests.js'
import { folderOf } from './folder.js'

type Case = readonly [name: string, passed: boolean]
type Row = readonly [rule: string, verdict: 'passed' | 'failed', cases: readonly Case[]]

const rows: readonly Row[] = [
  [
    'test_numbers[n] if some n in [1, 2.5, -3]',
    'passed',
    [
      ['-3', true],
      ['1', true],
      ['2.5', true],
    ],
  ],
  [
    'test_lists[k] if some k in [[1, "a"], [true, null]]',
    'passed',
    [
      ['[1,"a"]', true],
      ['[true,null]', true],
    ],
  ],
  [
    'test_objects[k] if some k in [{"z": 1, "a": {"y": 1, "b": [{"d": 1, "c": 2}]}}]',
    'passed',
    [['{"a":{"b":[{"c":2,"d":1}],"y":1},"z":1}', true]],
  ],
  [
    'test_texts[k] if some k in ["ü/\\"x\\"", "a.b", "<&>", "{\\"b\\":1,\\"a\\":2}"]',
    'passed',
    [
      ['<&>', true],
      ['a.b', true],
      ['{"b":1,"a":2}', true],
      ['ü/"x"', true],
    ],
  ],
  [
    'test_nested[a][b] if { some a, bs in {"x": ["p", "q"], "y": ["p"]}; some b in bs; b == "p" }',
    'failed',
    [
      ['x p', true],
      ['x q', false],
      ['y p', true],
    ],
  ],
  [
    'test_member[c.name] if { some c in list; c.x == 1 }',
    'failed',
    [
      ['bad', false],
      ['good', true],
    ],
  ],
  [
    'test_made[name] if { some c in list; name := sprintf("%s: %d", [c.name, c.x]); print(name); c.x == 1 }',
    'failed',
    [
      ['bad: 2', false],
      ['good: 1', true],
    ],
  ],
  [
    'test_brackets[name] if { c := cases[name]; c.x == 1 }',
    'failed',
    [
      ['bad', false],
      ['good', true],
    ],
  ],
  [
    'test_values[k] := v if some k, v in {"t": true, "f": false, "o": {}, "m": {"n": true}, "l": [true]}',
    'failed',
    [
      ['f', false],
      ['l', false],
      ['m n', true],
      ['o', false],
      ['t', true],
    ],
  ],
  ['test_set contains k if some k in [1]', 'failed', []],
  ['test_no_table := {"a": true}', 'failed', []],
  ['x["y z"].test_deep if true', 'passed', []],
]

/** Tables that would lose the cases that fail, and what is said of them. */
const bound = "the case's name is bound by what is tested: write some name, case in cases first"
const refused: readonly (readonly [rule: string, error: string])[] = [
  ['test_d[name] if cases[name].x == 1', bound],
  ['test_e[name] if { x := cases[name].x; x == 1 }', bound],
  ['test_f[name] if { some name; cases[name] == {"x": 1} }', bound],
  ['test_g[name] if some name, {"x": 1} in cases', bound],
  ['test_h[name] if some [name, 1] in [["a", 1], ["b", 2]]', bound],
  ['test_pairs[name] if { some [name, n] in [["a", 1], ["b"]]; n == 1 }', bound],
  ['test_i[name] if { some c in list; good(c); name := c.name }', bound],
  ['test_j[name] if { some c in list; c.x == 1; name := c.name }', bound],
  ['test_k[name] if { some c in list; not c.x == 2; name := c.name }', bound],
  ['test_l[name] if { some c in list; every x in [c.x] { x == 1 }; name := c.name }', bound],
  ['test_m[name] if { walk(cases, [[name], {"x": 1}]) }', bound],
  ['test_n[a][b] if { some a, bs in pairs; bs.x; some b, c in bs; c }', bound],
  [
    'test_o[name] if { some c in [{"name": "a"}, {"nam": "b"}]; name := c.name }',
    'a case ends before it has a name: name := c.name (line LINE)',
  ],
  [
    'test_p[a][b] if { some a, bs in {"x": ["p"], "y": []}; some b in bs }',
    'a case ends before it has a name: some b in bs (line LINE)',
  ],
  [
    'test_q[name] if { some name, n in object.union({1: 1}, {"1": 2}); n == 2 }',
    'the name 1 is that of two cases: give each its own',
  ],
  [
    'test_r[name] if { some c in [{"name": "a", "x": 1}, {"name": "a", "x": 2}]; name := c.name; c.x == 1 }',
    'the name a is that of two cases: give each its own',
  ],
]

const empty = [
  'test_none[k] if some k in []',
  'test_nothing[name] if { some name, c in data.nope; c.x == 1 }',
  'test_sets[k] if { some k in {x | some x in [1]; x > 1}; k == 1 }',
]

const rules = [...rows, ...refused].map(([rule]) => rule)
const helpers = `cases := {"good": {"x": 1}, "bad": {"x": 2}}

list := [{"name": "good", "x": 1}, {"name": "bad", "x": 2}]

pairs := {"a": {"x": true}}

good(c) if c.x == 1
`
const text = `package a_test\n\n${[...rules, ...empty].join('\n\n')}\n\n${helpers}`
const { tests } = await testReport(folderOf({ 'a_test.rego': text }))

for (const [index, [rule, verdict, cases]] of rows.entries()) {
  test(rule, () => {
    const found = tests[index]
    assert.is(found?.verdict, verdict, JSON.stringify(found?.engines))
    assert.equal(
      found?.subResults.map(({ name, passed }) => [name.join(' '), passed]),
      cases,
    )
  })
}

for (const [index, [rule, error]] of refused.entries()) {
  test(`an error: ${rule}`, () => {
    const found = tests[rows.length + index]
    const text = error.replace('LINE', String(found?.row))
    assert.is(found?.verdict, 'error', JSON.stringify(found?.engines))
    assert.is(found?.error, `${found?.file}:${found?.row}: ${text}`)
  })
}

for (const [index, rule] of empty.entries()) {
  test(`failed, without cases: ${rule}`, () => {
    const found = tests[rules.length + index]
    const said = { outcome: 'fail', text: 'the table has no cases' }
    assert.is(found?.verdict, 'failed')
    assert.equal(found?.engines, { interpreter: said, wasm: said })
    assert.ok(found?.failedAt?.text.startsWith('some '))
  })
}

test.run()
