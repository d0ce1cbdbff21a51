/** Which host functions there are, and how their arguments and results cross. */
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../../src/lib/package-root.js'
import { hostBuiltins } from '../../../src/policy/builtins/index.js'
import {
  Decimal,
  identityOf,
  RegoObject,
  RegoSet,
  type Value,
} from '../../../src/policy/builtins/rego-value.js'
import { readValue, writeValue } from '../../../src/policy/builtins/value.js'
import { capabilities } from '../../../src/rego/compile-policy.js'
import { printedSeed } from '../seed.js'
import { value } from './generators.js'

test('what the compiler offers as brought by the host is brought', () => {
  const source = readFileSync(packageFile('compiler', 'ops', 'capabilities_test.go'), 'utf8')
  const list = /broughtByTheHost = \[\]string\{([^}]*)\}/.exec(source)?.[1] ?? ''
  const names = Array.from(list.matchAll(/"([^"]+)"/g), ([, name]) => name)
  assert.equal(names.sort(), [...hostBuiltins.keys()].sort())
  const offered = JSON.stringify(capabilities()['builtins'])
  for (const name of names) assert.ok(offered.includes(`"name":"${name}"`), name)
})

const texts: [text: string, value: Value][] = [
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740991', -9007199254740991],
  ['1.0', new Decimal('1.0')],
  ['-0', new Decimal('-0')],
  ['set()', new RegoSet()],
  ['{1, "a"}', new RegoSet([1, 'a'])],
  ['{1, 1.0, 10e-1}', new RegoSet([1])],
  ['{}', new RegoObject()],
  [
    '{{1}: [], "__proto__": null}',
    new RegoObject([
      [new RegoSet([1]), []],
      ['__proto__', null],
    ]),
  ],
  ['"\\u0001\\"\\\\\\""', '\u0001"\\"'],
  [' [ true , false ] ', [true, false]],
]
for (const [text, expected] of texts) {
  test(`read: ${text}`, () => {
    assert.is(identityOf(readValue(text)), identityOf(expected))
    assert.is(typeof readValue(text), typeof expected)
  })
}

for (const text of [
  '',
  '{',
  '[1,',
  '{1:',
  '{1 2}',
  '[] []',
  'nul',
  '"a',
  '"a\\"',
  '1.e',
  'set(',
  '+1',
  'undefined',
]) {
  test(`not read: ${text}`, () => {
    assert.throws(() => readValue(text), /the engine wrote no value/)
  })
}

test('what is written is read as the same', () => {
  const seed = printedSeed('values written and read')
  for (const each of fc.sample(value, { numRuns: 2_000, seed })) {
    assert.is(writeValue(readValue(writeValue(each))), writeValue(each))
  }
})

test.run()
