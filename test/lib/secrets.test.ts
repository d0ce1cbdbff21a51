import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  equalDigests,
  equalSecrets,
  randomKeyText,
  sha256,
  sha256Hex,
} from '../../src/lib/secrets.js'

test('SHA-256 of text and bytes (FIPS 180-4 examples)', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.is(sha256Hex('abc'), abc)
  assert.is(sha256Hex(Buffer.from('abc')), abc)
  assert.is(sha256('abc').toString('hex'), abc)
  assert.is(sha256Hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('only equal secrets are equal', () => {
  for (const [left, right] of [
    ['a', 'b'],
    ['a', 'A'],
    ['a', ''],
    ['a', 'a '],
    ['a', 'aa'],
    ['\ud800', '\u0000'],
  ] as const) {
    assert.is(equalSecrets(left, right), false)
    assert.is(equalSecrets(right, left), false)
  }
  for (const same of ['', 'a', 'ä', 'x'.repeat(10_000)]) assert.is(equalSecrets(same, same), true)
})

test('digests of different lengths are unequal, not an error', () => {
  assert.is(equalDigests(Buffer.from('ab'), Buffer.from('a')), false)
  assert.is(equalDigests(Buffer.alloc(0), Buffer.from('a')), false)
  assert.is(equalDigests(sha256('a'), sha256('b')), false)
  assert.is(equalDigests(sha256('a'), sha256('a')), true)
})

test('a key text has a prefix and 256 random bits, and never repeats', () => {
  const keys = new Set(Array.from({ length: 1_000 }, randomKeyText))
  assert.is(keys.size, 1_000)
  for (const key of keys) assert.match(key, /^mcp_[A-Za-z0-9_-]{43}$/)
})

test.run()
