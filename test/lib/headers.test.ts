import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { headerPicker, headerValues, singleHeader } from '../../src/lib/headers.js'

const rows: [string, string[], string[]][] = [
  ['none', [], []],
  ['another', ['Accept', 'a'], []],
  ['a longer name', ['Hosts', 'a'], []],
  ['a value that is the name', ['Accept', 'host'], []],
  ['Kelvin sign for k', ['\u212aost', 'a'], []],
  ['a name without a value', ['Accept', 'a', 'Host'], []],
  ['exact', ['host', 'a'], ['a']],
  ['any case', ['HoSt', 'a'], ['a']],
  ['an empty value', ['Host', ''], ['']],
  ['value untouched', ['Host', ' a, b '], [' a, b ']],
  ['twice', ['Host', 'a', 'X', 'y', 'host', 'b'], ['a', 'b']],
  ['twice the same', ['Host', 'a', 'Host', 'a'], ['a', 'a']],
  ['twice empty', ['Host', '', 'Host', ''], ['', '']],
]

test('every value of a name, in order of arrival', () => {
  for (const [what, raw, values] of rows) assert.equal(headerValues(raw, 'host'), values, what)
})

test('a singleton is absent, there once, or refused', () => {
  for (const [what, raw, values] of rows) {
    const expected = values.length > 1 ? { ok: false } : { ok: true, value: values[0] ?? null }
    assert.equal(singleHeader(raw, 'host'), expected, what)
  }
})

test('several headers in one pass are what each is by itself', () => {
  const pick = headerPicker(['key', 'host', 'date'])
  for (const [what, raw, values] of rows) {
    const expected = { values: [null, values.length === 0 ? null : values.join(', '), null] }
    assert.equal(pick(raw), { ...expected, doubled: values.length > 1 }, what)
  }
  const all = ['DATE', 'd', 'Host', 'h', '\u212aey', 'k', 'Key', 'k']
  assert.equal(pick(all), { values: ['k', 'h', 'd'], doubled: false })
  assert.equal(pick([...all, 'date', 'e']), { values: ['k', 'h', 'd, e'], doubled: true })
  assert.equal(pick([]), { values: [null, null, null], doubled: false })
})

test('Kelvin sign does not stand for the letter k', () => {
  assert.equal(headerValues(['\u212aey', 'a'], 'key'), [])
  assert.equal(singleHeader(['\u212aey', 'a'], 'key'), { ok: true, value: null })
})

test('names that prototypes carry are ordinary names', () => {
  for (const name of ['__proto__', 'constructor', 'tostring']) {
    assert.equal(headerValues([], name), [])
    assert.equal(headerValues([name.toUpperCase(), 'a'], name), ['a'])
  }
})

test.run()
