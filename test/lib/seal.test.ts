import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { createSealer } from '../../src/lib/seal.js'

const old = 'a secret of at least 32 characters, the old one'
const fresh = 'a secret of at least 32 characters, the fresh one'
const payload = {
  session: 'abc',
  issued: 1_790_000_000_000,
  parts: [{ name: 'ä\ud800' }, null, true],
}

test('a weak or missing secret is refused with what it needs', () => {
  const rows: [string[], string][] = [
    [[], 'no secret to seal sessions with'],
    [[''], 'a secret needs at least 32 characters'],
    [['x'.repeat(31)], 'a secret needs at least 32 characters'],
    [[old, 'short'], 'a secret needs at least 32 characters'],
  ]
  for (const [secrets, message] of rows) {
    assert.throws(
      () => createSealer(secrets, 'sessions'),
      (error: unknown) =>
        error instanceof GuardError &&
        error.code === 'GUARD_CONFIG_INVALID' &&
        error.message === message,
    )
  }
})

test('what was sealed opens, every sealing is another text, and it fits a header', () => {
  const sealer = createSealer([old], 'sessions')
  const text = sealer.seal(payload)
  assert.equal(sealer.open(text), payload)
  assert.match(text, /^[A-Za-z0-9_-]+$/)
  assert.is.not(text, sealer.seal(payload))
  assert.not.match(Buffer.from(text, 'base64url').toString('latin1'), /session/)
})

test('the same payload can be sealed as the same text, wherever the secret is', () => {
  const sealer = createSealer([old], 'sessions')
  const text = sealer.sealSame(payload)
  assert.equal(sealer.open(text), payload)
  assert.is(sealer.sealSame({ ...payload }), text)
  assert.is(createSealer([old], 'sessions').sealSame(payload), text)
  const others = [
    sealer.sealSame({ ...payload, session: 'abd' }),
    sealer.seal(payload),
    createSealer([fresh], 'sessions').sealSame(payload),
    createSealer([old], 'tasks').sealSame(payload),
  ]
  assert.is(new Set([text, ...others]).size, 5)
})

test('after a rotation it is another text, and the earlier one still opens', () => {
  const before = createSealer([old], 'sessions').sealSame(payload)
  const rotated = createSealer([fresh, old], 'sessions')
  assert.is.not(rotated.sealSame(payload), before)
  assert.equal(rotated.open(before), payload)
})

test('different payloads never share a nonce', () => {
  const sealer = createSealer([old], 'sessions')
  const nonces = Array.from({ length: 10_000 }, (_, count) =>
    Buffer.from(sealer.sealSame({ count }), 'base64url').subarray(7, 19).toString('hex'),
  )
  assert.is(new Set(nonces).size, nonces.length)
})

test('the first secret seals, every one opens', () => {
  const before = createSealer([old], 'sessions')
  const rotated = createSealer([fresh, old], 'sessions')
  const after = createSealer([fresh], 'sessions')
  assert.equal(rotated.open(before.seal(payload)), payload)
  assert.equal(after.open(rotated.seal(payload)), payload)
  assert.is(after.open(before.seal(payload)), null)
  assert.is(before.open(rotated.seal(payload)), null)
})

test('a text sealed for another purpose does not open', () => {
  const text = createSealer([old], 'sessions').seal(payload)
  assert.is(createSealer([old], 'server-requests').open(text), null)
})

test('any changed, cut or lengthened text does not open', () => {
  const sealer = createSealer([old], 'sessions')
  const text = sealer.seal({ a: 1 })
  const bytes = Buffer.from(text, 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ (1 << bit)
      assert.is(sealer.open(changed.toString('base64url')), null, `byte ${index} bit ${bit}`)
    }
    assert.is(sealer.open(bytes.subarray(0, index).toString('base64url')), null, `cut at ${index}`)
  }
  assert.is(sealer.open(Buffer.concat([bytes, Buffer.of(0)]).toString('base64url')), null)
})

test('other spellings of the same bytes do not open', () => {
  const sealer = createSealer([old], 'sessions')
  // Lengths of every remainder, so that stray low bits and padding come up.
  for (const filler of ['', 'a', 'aa']) {
    const text = sealer.seal({ filler })
    const spellings = [
      `${text}=`,
      `${text}==`,
      ` ${text}`,
      `${text}\n`,
      `${text.slice(0, 5)}.${text.slice(5)}`,
      Buffer.from(text, 'base64url').toString('base64'),
      ...['A', 'B', 'C', 'D', 'g', 'w', 'x', '_'].map((last) => text.slice(0, -1) + last),
    ].filter((spelling) => spelling !== text)
    for (const spelling of spellings) assert.is(sealer.open(spelling), null, spelling)
    assert.equal(sealer.open(text), { filler })
  }
})

test('over 4 KiB is neither sealed nor opened', () => {
  const sealer = createSealer([old], 'sessions')
  assert.ok(sealer.seal({ a: 'x'.repeat(3_000) }).length <= 4096)
  assert.throws(
    () => sealer.seal({ a: 'x'.repeat(3_100) }),
    (error: unknown) =>
      error instanceof GuardError &&
      error.code === 'GUARD_INTERNAL' &&
      error.message === 'a sealed text over 4096 characters',
  )
  assert.is(sealer.open('A'.repeat(4097)), null)
  assert.is(sealer.open('A'.repeat(10_000_000)), null)
})

test('a payload named like a prototype stays data', () => {
  const sealer = createSealer([old], 'sessions')
  const opened = sealer.open(sealer.seal(JSON.parse('{"__proto__":{"admin":true}}')))
  assert.is(Object.getPrototypeOf(opened), Object.prototype)
  assert.is(JSON.stringify(opened), '{"__proto__":{"admin":true}}')
})

test('property: opening is total, and only what was sealed opens', () => {
  const sealer = createSealer([old], 'sessions')
  const seed = Date.now()
  console.log(`seed ${seed}`)
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  )
  fc.assert(
    fc.property(text, (hostile) => sealer.open(hostile) === null),
    { seed, numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), (value) => {
      const json = JSON.stringify(value)
      if (json.length < 1_000) {
        assert.is(JSON.stringify(sealer.open(sealer.seal(JSON.parse(json)))), json)
      }
    }),
    { seed, numRuns: 500 },
  )
})

test.run()
