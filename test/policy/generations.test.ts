import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createGenerations } from '../../src/policy/generations.js'
import { createIntern } from '../../src/policy/intern.js'

const kib = 1024

test('nothing is kept in no bytes, nor what is larger than a generation', () => {
  const none = createGenerations<string, string>(0, () => 0)
  none.set('g', 'k', 'value')
  assert.is(none.get('g', 'k'), undefined)
  const small = createGenerations<string, string>(4 * kib, (value) => value.length)
  small.set('g', 'small', 'x')
  small.set('g', 'large', 'x'.repeat(2 * kib))
  assert.is(small.get('g', 'large'), undefined)
  assert.is(small.get('g', 'small'), 'x', 'and nothing is forgotten for it')
})

test('group and key together name a value', () => {
  const values = createGenerations<string, number>(64 * kib, () => 0)
  const rows: readonly (readonly [string, string])[] = [
    ['', ''],
    ['a', 'b'],
    ['ab', ''],
    ['', 'ab'],
    ['__proto__', 'constructor'],
    ['constructor', '__proto__'],
  ]
  for (const [index, [group, key]] of rows.entries()) values.set(group, key, index)
  for (const [index, [group, key]] of rows.entries()) assert.is(values.get(group, key), index)
  assert.is(values.get('b', 'a'), undefined)
})

test('100,000 values stay within the bytes, and what is in use is never forgotten', () => {
  const maxBytes = 256 * kib
  const values = createGenerations<string, number>(maxBytes, () => 100)
  values.set('group', 'in use', -1)
  let most = 0
  for (let count = 0; count < 100_000; count += 1) {
    values.set(`group ${count % 7}`, `key ${count}`, count)
    assert.is(values.get(`group ${count % 7}`, `key ${count}`), count)
    if (count % 100 === 0) assert.is(values.get('group', 'in use'), -1, String(count))
    most = Math.max(most, values.bytes())
  }
  assert.ok(most <= maxBytes, `${most} bytes`)
  assert.ok(most > maxBytes / 2, `${most} bytes`)
  assert.is(values.get('group 0', 'key 0'), undefined)
})

test('equal texts share a name, and no name is given to two texts', () => {
  const intern = createIntern(64 * kib)
  const textOf = new Map<string, string>()
  let shared = 0
  for (let count = 0; count < 100_000; count += 1) {
    const text = `text ${count % 2 === 0 ? count % 40 : (count * 7_919) % 3_000}`
    const { key } = count % 5 === 0 ? intern.alone(text) : intern.shared(text)
    assert.match(key, /^[0-9a-z]+$/)
    const before = textOf.get(key)
    if (before !== undefined) shared += 1
    assert.is(before ?? text, text)
    textOf.set(key, text)
  }
  assert.is(intern.shared('once').key, intern.shared('once').key)
  assert.is.not(intern.alone('once').key, intern.alone('once').key)
  assert.ok(textOf.size > 3_000 + 100_000 / 5, 'texts were forgotten and named anew')
  assert.ok(shared > 10_000, `${shared} found again`)
})

test.run()
