import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findAuditLine } from '../../src/cli/audit-search.js'
import { parseCallArguments } from '../../src/cli/call-arguments.js'
import { folder } from './support.js'

const read: readonly (readonly [
  items: readonly string[],
  base: string | undefined,
  json: string,
])[] = [
  [[], undefined, '{}'],
  [['message=hi'], undefined, '{"message":"hi"}'],
  [['a=3', 'b=true', 'c=null'], undefined, '{"a":"3","b":"true","c":"null"}'],
  [
    ['a:=3', 'b:=true', 'c:=null', 'd:=[1]', 'e:="x"'],
    undefined,
    '{"a":3,"b":true,"c":null,"d":[1],"e":"x"}',
  ],
  [['a='], undefined, '{"a":""}'],
  [['a=b=c:=d'], undefined, '{"a":"b=c:=d"}'],
  [['a=x\ny'], undefined, '{"a":"x\\ny"}'],
  [['a:b=c'], undefined, '{"a:b":"c"}'],
  [['a=new'], '{"a":1,"b":[2]}', '{"a":"new","b":[2]}'],
  [['__proto__=x'], undefined, '{"__proto__":"x"}'],
]
for (const [items, base, json] of read) {
  test(`arguments ${items.join(' ')} ${base ?? ''}`, () => {
    assert.is(JSON.stringify(parseCallArguments(items, base)), json)
  })
}

for (const bad of ['message', '=x', ':=1', 'a:=', 'a:=x', 'a:={"b"']) {
  test(`refuses the argument ${bad}`, () => {
    assert.throws(
      () => parseCallArguments([bad], undefined),
      (error: Error) => error.name === 'UsageError',
    )
  })
}

const log = join(folder, 'audit.ndjson')

test('finds the last line of a decision, and only of that decision', () => {
  const lines = [
    '{"decision_id":"a-1","n":1}',
    '{"decision_id":"a-1","n":2}',
    '{"decision_id":"a-10"}',
    '{"decision_id":"b","reasons":["a-1"]}',
    'a torn line with a-1 {"decision_id":"a-1"',
    'null',
  ]
  writeFileSync(log, `${lines.join('\n')}\n`)
  assert.is(findAuditLine(log, 'a-1'), lines[1])
  assert.is(findAuditLine(log, 'a'), null)
  assert.is(findAuditLine(log, 'c'), null)
})

test('looks at the end of a large file only', () => {
  const line = `{"decision_id":"x","pad":"${'p'.repeat(1000)}"}\n`
  const first = '{"decision_id":"first"}\n'
  writeFileSync(log, [first, line.repeat(10_000), '{"decision_id":"last"}\n'].join(''))
  assert.is(findAuditLine(log, 'last'), '{"decision_id":"last"}')
  assert.is(findAuditLine(log, 'first'), null)
})

test('an empty file has no line, a missing one throws', () => {
  writeFileSync(log, '')
  assert.is(findAuditLine(log, 'a'), null)
  assert.throws(() => findAuditLine(join(folder, 'none'), 'a'), /ENOENT/)
})

test.run()
