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
  ['test_none[k] if some k in []', 'passed', []],
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

const text = `package a_test\n\n${rows.map(([rule]) => rule).join('\n\n')}\n`
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

test.run()
