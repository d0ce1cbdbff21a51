import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Era, Json } from '../../src/domain.js'
import { readMessage } from '../../src/mcp/json-rpc.js'
import {
  checkMirror,
  decodeHeaderValue,
  encodeHeaderValue,
  readMcpHeaders,
} from '../../src/mcp/mirror.js'
import { readVectors } from '../support/vectors.js'

interface Row {
  name: string
  era: Era
  headers: string[]
  body: Json
  /** null: the headers are a true mirror. */
  text: string | null
}

const test = suite('mirror')

for (const row of readVectors<Row>('mirror')) {
  test(row.name, () => {
    const read = readMessage(row.body)
    if (!read.ok) throw new Error(read.text)
    const headers = readMcpHeaders(row.headers)
    const actual = headers.ok ? checkMirror(read.message, headers.headers, row.era) : headers
    const rejection = { status: 400, code: -32020, auditCode: 'header-mismatch', data: null }
    assert.equal(
      actual,
      row.text === null ? { ok: true } : { ok: false, ...rejection, text: row.text },
    )
  })
}

test('a huge encoded name is decoded in full, not cut', () => {
  const name = 'é'.repeat(100_000)
  const value = `=?base64?${Buffer.from(name).toString('base64')}?=`
  assert.ok(decodeHeaderValue(value) === name)
  assert.ok(decodeHeaderValue(`${value.slice(0, -5)}?=`) === null)
})

test('a header without a value counts as empty', () => {
  const headers = readMcpHeaders(['Mcp-Method', '', 'Mcp-Name'])
  assert.ok(headers.ok && headers.headers.get('mcp-method') === '' && headers.headers.size === 1)
})

const written: [text: string, value: string][] = [
  ['task-1', 'task-1'],
  ['two words', 'two words'],
  [' led', '=?base64?IGxlZA==?='],
  ['trailed ', '=?base64?dHJhaWxlZCA=?='],
  ['ü', '=?base64?w7w=?='],
  ['a\nb', '=?base64?YQpi?='],
  ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
  ['', '=?base64??='],
]
for (const [text, value] of written) {
  test(`${JSON.stringify(text)} is written as ${value}`, () => {
    assert.is(encodeHeaderValue(text), value)
    assert.is(decodeHeaderValue(value), text)
  })
}

test.run()
