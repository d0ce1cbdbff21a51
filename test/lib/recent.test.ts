/** A bounded memory: what was used lately stays, the rest goes, and nothing is ever changed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRecent } from '../../src/lib/recent.js'

test('holds the last `size` values and at most twice as many', () => {
  const recent = createRecent<number>(3)
  for (let value = 0; value < 100; value++) recent.set(`text-${value}`, value)
  const held = Array.from({ length: 100 }, (_, value) => recent.get(`text-${value}`)).filter(
    (value) => value !== undefined,
  )
  assert.ok(held.length >= 3 && held.length <= 6, String(held))
  assert.ok(held.includes(99))
})

test('what is used stays, however much else comes', () => {
  const recent = createRecent<string>(4)
  recent.set('mine', 'value')
  for (let index = 0; index < 100; index++) {
    recent.set(`other-${index}`, 'other')
    assert.is(recent.get('mine'), 'value')
  }
  assert.is(recent.get('other-0'), undefined)
})

test('names of object members are texts like any other', () => {
  const recent = createRecent<string>(2)
  assert.is(recent.get('__proto__'), undefined)
  recent.set('constructor', 'value')
  assert.is(recent.get('constructor'), 'value')
})

test.run()
