import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, Message } from '../../src/domain.js'
import { classifyInbound, eraOf } from '../../src/mcp/classify.js'
import { readMessage } from '../../src/mcp/json-rpc.js'
import { readVectors } from '../support/vectors.js'

interface Row {
  name: string
  headers: string[]
  body: Json
  expect: Json
}

const test = suite('classify')

for (const row of readVectors<Row>('classify')) {
  test(row.name, () => {
    const actual = classifyInbound({ message: messageOf(row.body), headers: row.headers })
    assert.equal(actual, row.expect)
  })
}

test('the published versions and no other have an era', () => {
  for (const version of ['', '2026-07-29', '__proto__', 'constructor', ' 2026-07-28']) {
    assert.is(eraOf(version), null, version)
  }
  for (const version of ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    assert.is(eraOf(version), 'legacy', version)
  }
  assert.is(eraOf('2026-07-28'), 'modern')
})

function messageOf(body: Json): Message {
  const read = readMessage(body)
  if (!read.ok) throw new Error(read.text)
  return read.message
}

test.run()
