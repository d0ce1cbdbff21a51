/** `json.patch` against OPA's interpreter: documents and operations that mostly fit each other. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonPatch } from '../../../src/policy/builtins/json-patch.js'
import { Decimal, RegoObject, type Value } from '../../../src/policy/builtins/rego-value.js'
import { mostly, nested, sampled } from './generators.js'
import { type Arguments, differences } from './oracle.js'

const leaf = fc.constantFrom<Value>(0, 1, 2, new Decimal('1.0'), 'a', 'b', null, true, '')
const tree = nested(leaf, 2)
const rootTree = tree.filter((value) => typeof value === 'object' && value !== null)
const segment = fc.constantFrom(
  '0',
  '1',
  '2',
  '3',
  '-',
  'a',
  'b',
  '',
  'é',
  '01',
  '-1',
  '1.0',
  '+1',
  '.',
  'a~1b',
  'm~0n',
  '~01',
)
const pointer = fc.oneof(
  fc.array(segment, { minLength: 1, maxLength: 2 }).map((parts) => `/${parts.join('/')}`),
  fc.constantFrom('', '/', '//a', 'a', 'a/b', '0'),
)
const key: fc.Arbitrary<Value> = fc.oneof(segment, leaf, tree)
const path: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: pointer },
  fc.array(key, { minLength: 1, maxLength: 2 }),
)
const operation = fc
  .tuple(
    fc.constantFrom('add', 'add', 'add', 'remove', 'replace', 'move', 'copy', 'test', 'tes', ''),
    mostly(path),
    mostly(path),
    tree,
    fc.constantFrom('', '', '', '', '', '', '', 'op', 'path', 'from', 'value'),
  )
  .map(([op, at, from, value, left]) => {
    const members: [string, Value][] = [
      ['op', op],
      ['path', at],
      ['from', from],
      ['value', value],
    ]
    return new RegoObject(members.filter(([name]) => name !== left))
  })

/** A document with the operations' own members in it, so that paths lead somewhere. */
const document = fc.oneof(
  rootTree,
  fc.tuple(tree, tree).map(
    ([a, b]) =>
      new RegoObject([
        ['a', a],
        ['b', b],
      ]),
  ),
  fc.array(tree, { minLength: 1, maxLength: 4 }),
)

/** Where OPA 1.22 itself panics the gateway has a fault, and there is nothing to compare. */
function hasAnswer([value, operations]: Arguments): boolean {
  try {
    jsonPatch(value ?? null, operations ?? null)
    return true
  } catch {
    return false
  }
}

test("json.patch is OPA's", () => {
  const patch = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(document, fc.tuple(operation)) },
    { weight: 3, arbitrary: fc.tuple(document, fc.array(operation, { maxLength: 3 })) },
    fc.tuple(tree, mostly(fc.array(mostly(operation), { maxLength: 2 }))),
  )
  const cases: Arguments[] = sampled('json.patch', patch, 1_300).filter(hasAnswer)
  const found = differences('json.patch', cases)
  assert.equal(found.texts, [])
  assert.ok(cases.length > 1_200, `${cases.length} cases have an answer`)
  assert.ok(found.defined > 0.15, `only ${found.defined} of the cases are defined`)
})

/** Several edits of one array, whose bookkeeping shows. */
test('json.patch edits arrays as OPA does', () => {
  const index = fc.constantFrom('/0', '/1', '/2', '/3', '/-', '/0/0', '/1/0')
  const edit = fc
    .tuple(
      fc.constantFrom('add', 'add', 'remove', 'replace', 'move', 'copy', 'test'),
      index,
      index,
      fc.constantFrom<Value>(7, [8], [[9]]),
    )
    .map(
      ([op, at, from, value]) =>
        new RegoObject([
          ['op', op],
          ['path', at],
          ['from', from],
          ['value', value],
        ]),
    )
  const array = fc.array(fc.constantFrom<Value>(0, 1, [2], [3, [4]]), {
    minLength: 1,
    maxLength: 4,
  })
  const cases: Arguments[] = sampled(
    'json.patch of arrays',
    fc.tuple(array, fc.array(edit, { maxLength: 4 })),
    1_000,
  ).filter(hasAnswer)
  const found = differences('json.patch', cases)
  assert.equal(found.texts, [])
  assert.ok(cases.length > 850, `${cases.length} cases have an answer`)
})

const object = (members: Record<string, Value>) => new RegoObject(Object.entries(members))
const givenUp: [string, Value, Value[], string][] = [
  ['the root is gone', 1, [object({ op: 'remove', path: '' })], 'json.patch: the root was removed'],
  [
    'an edit below a root that was replaced',
    [1],
    [
      object({ op: 'add', path: '', value: object({}) }),
      object({ op: 'add', path: '/a', value: 1 }),
    ],
    'json.patch: an edit below a replaced root',
  ],
  [
    'a scalar and a list, and one more before them',
    [],
    [
      object({ op: 'add', path: '/0', value: 1 }),
      object({ op: 'add', path: '/1', value: [2] }),
      object({ op: 'add', path: '/0', value: 3 }),
    ],
    'json.patch: edits of an array that lose an element',
  ],
]
for (const [what, value, operations, problem] of givenUp) {
  test(`a fault where OPA itself gives up: ${what}`, () => {
    assert.throws(() => jsonPatch(value, operations), problem)
  })
}

test('copies that double the value are a fault', () => {
  const copy = (to: string) =>
    new RegoObject([
      ['op', 'copy'],
      ['from', ''],
      ['path', to],
    ])
  const operations = Array.from({ length: 40 }, (_, i) => copy(`/${i}`))
  assert.throws(
    () => jsonPatch(new RegoObject([['x', 'text']]), operations),
    'a built-in function had too much to do',
  )
})

test.run()
