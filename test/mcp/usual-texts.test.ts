import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { usualText } from '../../src/mcp/usual-texts.js'

const at = (text: string, from = 0, to = Buffer.byteLength(text)) =>
  usualText(Buffer.from(text), from, to)

test('only the very bytes of a usual text are that text', () => {
  for (const text of [
    '',
    'i',
    'iD',
    'ID',
    'Id',
    'id\0',
    'nane',
    'resulT',
    'result\u0000',
    'erro\u0155',
  ]) {
    assert.is(at(text), null, text)
  }
  for (const text of ['id', '2.0', 'jsonrpc', 'name', 'resourceTemplates', 'structuredContent']) {
    assert.is(at(text), text)
  }
})

test('what stands around it is not looked at, what is missing is not made up', () => {
  assert.is(at('{"name":"x"}', 2, 6), 'name')
  assert.is(at('{"names":"x"}', 2, 6), 'name')
  assert.is(at('{"names":"x"}', 2, 7), null)
  assert.is(at('nam', 0, 4), null)
  assert.is(at('name', 2, 2), null)
})

test.run()
