import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../src/domain.js'
import { expectsAnswer, maxBatchElements, readBatch } from '../../src/mcp/batch.js'

const ping = (id: Json) => ({ jsonrpc: '2.0', id, method: 'ping' })

const refused: readonly (readonly [what: string, elements: Json[], code: string, text: string])[] =
  [
    ['none', [], 'batch-empty', 'the batch is empty'],
    [
      'too many',
      Array.from({ length: maxBatchElements + 1 }, (_, id) => ping(id)),
      'batch-too-long',
      'the batch has more than 50 messages',
    ],
    ['a batch inside', [ping(1), [ping(2)]], 'batch-nested', 'the batch has a batch in it'],
    [
      'initialize',
      [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }],
      'batch-initialize',
      'initialize has to be sent by itself',
    ],
    [
      'one id twice',
      [ping('a'), ping(1), ping('a')],
      'batch-id-doubled',
      'two requests of the batch share an id',
    ],
  ]

for (const [what, elements, auditCode, text] of refused) {
  test(`refused: ${what}`, () => {
    const rejection = { ok: false, status: 400, code: -32600, data: null }
    assert.equal(readBatch(elements, '2025-03-26'), { ...rejection, auditCode, text })
  })
}

test('no other protocol version has batches, nor has one that is not known', () => {
  const text = 'the body is an array: this protocol version has no batches'
  for (const version of [null, '2024-11-05', '2025-06-18', '2025-11-25', '2026-07-28', 'x']) {
    const rejection = { ok: false, status: 400, code: -32600, auditCode: 'batch', data: null }
    assert.equal(readBatch([ping(1)], version), { ...rejection, text })
  }
})

test('taken apart: 1 and "1" are two ids, and what is no message is an element too', () => {
  const elements: Json[] = [ping(1), ping('1'), 7, null, { jsonrpc: '2.0', id: 1, result: {} }]
  assert.equal(readBatch(elements, '2025-03-26'), { ok: true, elements })
  const full = Array.from({ length: maxBatchElements }, (_, id) => ping(id))
  assert.is(readBatch(full, '2025-03-26').ok, true)
})

test('an answer is due to requests and to what cannot be told from one', () => {
  for (const element of [ping(1), 7, null, 'x', {}, { id: 1 }, { method: 'a', id: null }]) {
    assert.is(expectsAnswer(element), true, JSON.stringify(element))
  }
  for (const element of [{ method: 'a' }, { id: 1, result: {} }, { id: 1, error: {} }]) {
    assert.is(expectsAnswer(element), false, JSON.stringify(element))
  }
})

test.run()
