/**
 * Which keys of a set may verify, and which sets are refused whole. Each bad key stands beside a good
 * one, so that it is left out and nothing else.
 */
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vetKeySet, vetSecret } from '../../../src/identity/jwt/vet-keys.js'
import { ecKey, jwkOf, rsaKey } from '../../support/tokens.js'
import { keys } from './issuers.js'

const rsa = jwkOf(keys.rsa)
const p256 = jwkOf(keys.p256)
const p521 = jwkOf(keys.p521)
const ed = jwkOf(keys.ed)
const good = { ...jwkOf(keys.p384), kid: 'good' }

function without(jwk: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = jwk
  return rest
}

/** A modulus of so many bits, odd and without small telling remainders. */
function modulus(bits: number): string {
  const hex = `8${'5a'.repeat(bits / 8 - 1)}b`
  return Buffer.from(hex.padStart(bits / 4, '0').slice(-bits / 4), 'hex').toString('base64url')
}

/** Every telling remainder is 1, which is a power of everything. */
function rocaModulus(): string {
  const primes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
  const product = primes.reduce((all, prime) => all * BigInt(prime), 2n)
  const start = 1n << 2047n
  const n = start - (start % product) + product + 1n
  return Buffer.from(n.toString(16), 'hex').toString('base64url')
}

const { privateKey: rsaPrivate } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { privateKey: p256Private } = keys.p256
const short = rsaKey('short', 1024)
const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey
const k256 = ecKey('k', 'secp256k1')
const ed448 = generateKeyPairSync('ed448').publicKey
const x25519 = generateKeyPairSync('x25519').publicKey

const leftOut: readonly [what: string, jwk: unknown, problem: string][] = [
  ['nothing', null, 'is not an object'],
  ['a text', 'key', 'is not an object'],
  ['a list', [rsa], 'is not an object'],
  ['no kty', without(rsa, 'kty'), 'its kty is none of'],
  ['kty in another case', { ...rsa, kty: 'rsa' }, 'its kty is none of'],
  ['kty as a list', { ...rsa, kty: ['RSA'] }, 'its kty is none of'],
  ['kty AKP', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA', kid: 'a' }, 'its kty is none of'],
  ['a secret', { kty: 'oct', k: 'A'.repeat(43), kid: 'a' }, 'is a secret'],
  ['a secret with alg', { kty: 'oct', k: 'A'.repeat(43), alg: 'HS256' }, 'is a secret'],
  ['a private RSA key', rsaPrivate.export({ format: 'jwk' }), 'has its private half'],
  ['a private EC key', p256Private.export({ format: 'jwk' }), 'has its private half'],
  ['a public key with a k', { ...rsa, k: 'AAAA' }, 'has its private half'],
  ['use enc', { ...rsa, use: 'enc' }, 'its use is not `sig`'],
  ['use in another case', { ...rsa, use: 'SIG' }, 'its use is not `sig`'],
  ['use as a list', { ...rsa, use: ['sig'] }, 'its use is not `sig`'],
  ['use null', { ...rsa, use: null }, 'its use is not `sig`'],
  ['key_ops to encrypt', { ...rsa, key_ops: ['encrypt'] }, 'its key_ops are not'],
  ['key_ops to sign only', { ...rsa, key_ops: ['sign'] }, 'its key_ops are not'],
  ['key_ops to verify and encrypt', { ...rsa, key_ops: ['verify', 'encrypt'] }, 'its key_ops'],
  ['key_ops doubled', { ...rsa, key_ops: ['verify', 'verify'] }, 'its key_ops are not'],
  ['key_ops empty', { ...rsa, key_ops: [] }, 'its key_ops are not'],
  ['key_ops as a text', { ...rsa, key_ops: 'verify' }, 'its key_ops are not'],
  ['use sig and key_ops to wrap', { ...rsa, use: 'sig', key_ops: ['wrapKey'] }, 'its key_ops'],
  ['alg of another kind', { ...rsa, alg: 'ES256' }, 'its alg is none'],
  ['alg none', { ...rsa, alg: 'none' }, 'its alg is none'],
  ['alg HS256', { ...rsa, alg: 'HS256' }, 'its alg is none'],
  ['alg to encrypt', { ...rsa, alg: 'RSA-OAEP' }, 'its alg is none'],
  ['alg RS1', { ...rsa, alg: 'RS1' }, 'its alg is none'],
  ['alg as a list', { ...rsa, alg: ['RS256'] }, 'its alg is none'],
  ['alg null', { ...rsa, alg: null }, 'its alg is none'],
  ['alg of another curve', { ...p256, alg: 'ES384' }, 'its alg is none'],
  ['kid as a number', { ...rsa, kid: 1 }, 'its kid is not'],
  ['kid empty', { ...rsa, kid: '' }, 'its kid is not'],
  ['kid too long', { ...rsa, kid: 'k'.repeat(257) }, 'its kid is not'],
  ['RSA of 1024 bits', jwkOf(short), 'its modulus has 1024 bits'],
  ['RSA of 2040 bits', { ...rsa, n: modulus(2040) }, 'bits, fewer than 2048'],
  ['RSA of 16384 bits', { ...rsa, n: modulus(16_384) }, 'bits, more than 8192'],
  ['RSA with e = 1', { ...rsa, e: 'AQ' }, 'its exponent is 1'],
  ['RSA with e = 3', { ...exponent3.export({ format: 'jwk' }), kid: 'e' }, 'its exponent is 3'],
  ['RSA with e = 65535', { ...rsa, e: '__8' }, 'its exponent is 65535'],
  ['RSA with an even e', { ...rsa, e: 'AQAC' }, 'is even'],
  ['RSA with e = 0', { ...rsa, e: 'AA' }, 'leading zeros'],
  ['RSA with a long e', { ...rsa, e: 'AQAAAAAAAAAB' }, 'its exponent is too long'],
  ['RSA with an even modulus', { ...rsa, n: `${String(rsa['n']).slice(0, -1)}A` }, 'is even'],
  ['RSA with leading zeros', { ...rsa, n: `AAAA${rsa['n']}` }, 'leading zeros'],
  ['RSA that can be factored', { ...rsa, n: rocaModulus() }, 'CVE-2017-15361'],
  ['RSA without e', without(rsa, 'e'), 'its n or e is not a text'],
  ['RSA without n', without(rsa, 'n'), 'its n or e is not a text'],
  ['RSA with n as a number', { ...rsa, n: 1 }, 'its n or e is not a text'],
  ['RSA with padding', { ...rsa, e: 'AQAB=' }, 'its n or e is not base64url'],
  ['RSA with an empty n', { ...rsa, n: '' }, 'its n or e is not base64url'],
  ['EC on secp256k1', { ...jwkOf(k256), crv: 'secp256k1' }, 'its crv is none of'],
  ['EC with crv in another case', { ...p256, crv: 'p-256' }, 'its crv is none of'],
  ['EC without crv', without(p256, 'crv'), 'its crv is none of'],
  ['EC of one curve named another', { ...p256, crv: 'P-384' }, 'not base64url of 48 bytes'],
  ['EC with a short x', { ...p256, x: String(p256['x']).slice(4) }, 'of 32 bytes'],
  ['EC without y', without(p256, 'y'), 'its x or y is not a text'],
  ['EC off its curve', { ...p256, y: p256['x'] }, 'is not a key'],
  ['EC at zero', { ...p256, x: 'A'.repeat(43), y: 'A'.repeat(43) }, 'is not a key'],
  ['P-521 with 65 bytes', { ...p521, x: String(p521['x']).slice(0, -4) }, 'of 66 bytes'],
  ['Ed448', { ...ed448.export({ format: 'jwk' }), kid: 'e' }, 'its crv is not Ed25519'],
  ['X25519', { ...x25519.export({ format: 'jwk' }), kid: 'x' }, 'its crv is not Ed25519'],
  ['Ed25519 with 31 bytes', { ...ed, x: 'A'.repeat(42) }, 'of 32 bytes'],
  ['Ed25519 without x', without(ed, 'x'), 'of 32 bytes'],
]

for (const [what, jwk, problem] of leftOut) {
  test(`${what}: left out, the key beside it is used`, () => {
    const vetted = vetKeySet({ keys: [jwk, good] })
    assert.ok(vetted.ok)
    assert.equal(
      vetted.set.keys.map(({ kid }) => kid),
      ['good'],
    )
    assert.is(vetted.set.ignored[0]?.index, 0)
    assert.ok(vetted.set.ignored[0]?.problem.includes(problem), vetted.set.ignored[0]?.problem)
    // Alone it is a set without keys, and says why.
    const alone = vetKeySet({ keys: [jwk] })
    assert.ok(!alone.ok)
    assert.ok(alone.problem.startsWith('has no usable key; key 0: '), alone.problem)
  })
}

const used: readonly [jwk: Record<string, unknown>, algorithms: string][] = [
  [rsa, 'RS256 RS384 RS512 PS256 PS384 PS512'],
  [{ ...rsa, alg: 'RS512' }, 'RS512'],
  [{ ...rsa, use: 'sig', key_ops: ['verify'] }, 'RS256 RS384 RS512 PS256 PS384 PS512'],
  [p256, 'ES256'],
  [{ ...p256, alg: 'ES256', key_ops: ['sign', 'verify'] }, 'ES256'],
  [jwkOf(keys.p384), 'ES384'],
  [p521, 'ES512'],
  [ed, 'EdDSA Ed25519'],
  [{ ...ed, alg: 'EdDSA' }, 'EdDSA'],
  [
    { ...rsa, x5c: ['not a certificate'], x5t: 1, unknown: {} },
    'RS256 RS384 RS512 PS256 PS384 PS512',
  ],
]

test('what a key is used for, by its kind and by what it says', () => {
  for (const [jwk, algorithms] of used) {
    const vetted = vetKeySet({ keys: [jwk] })
    assert.ok(vetted.ok)
    assert.is(vetted.set.keys[0]?.algorithms.join(' '), algorithms)
    assert.is(vetted.set.keys[0]?.kid, jwk['kid'])
    assert.equal(vetted.set.ignored, [])
    assert.is(vetted.set.keys[0]?.key.type, 'public')
  }
})

const refused: readonly [what: string, document: unknown, problem: string][] = [
  ['undefined', undefined, 'it has no list `keys`'],
  ['null', null, 'it has no list `keys`'],
  ['a text', '<html>', 'it has no list `keys`'],
  ['a list', [rsa], 'it has no list `keys`'],
  ['a key alone', rsa, 'it has no list `keys`'],
  ['keys as an object', { keys: { a: rsa } }, 'it has no list `keys`'],
  ['no keys', { keys: [] }, 'has no keys'],
  [
    '101 keys',
    { keys: Array.from({ length: 101 }, (_, n) => ({ ...rsa, kid: `k${n}` })) },
    'more than 100',
  ],
  [
    'two keys of one kid',
    { keys: [rsa, { ...p256, kid: rsa['kid'] }] },
    'two keys with the kid "rsa"',
  ],
  ['the same key twice', { keys: [rsa, rsa] }, 'two keys with the kid "rsa"'],
  [
    'a kid doubled by a key to encrypt',
    { keys: [rsa, { ...p256, use: 'enc', kid: 'rsa' }] },
    'two keys',
  ],
  [
    'a kid doubled by what is no key',
    { keys: [rsa, { kid: 'rsa' }] },
    'two keys with the kid "rsa"',
  ],
]

test('sets that are refused whole', () => {
  for (const [what, document, problem] of refused) {
    const vetted = vetKeySet(document)
    assert.ok(!vetted.ok, what)
    assert.ok(vetted.problem.includes(problem), `${what}: ${vetted.problem}`)
  }
  // Keys without a kid are not equal by that.
  const unnamed = vetKeySet({ keys: [without(rsa, 'kid'), without(p256, 'kid')] })
  assert.ok(unnamed.ok)
  assert.is(unnamed.set.keys.length, 2)
})

test('a thumbprint is of the key, its name and its use, not of how it was written', () => {
  const print = (jwk: object): string | undefined => {
    const vetted = vetKeySet({ keys: [jwk] })
    return vetted.ok ? vetted.set.keys[0]?.thumbprint : undefined
  }
  const reversed = Object.fromEntries(Object.entries(rsa).reverse())
  assert.is(print(reversed), print(rsa))
  assert.is(print({ ...rsa, x5c: ['x'] }), print(rsa))
  const others = [
    rsa,
    { ...rsa, alg: 'RS256' },
    { ...rsa, kid: 'b' },
    without(rsa, 'kid'),
    p256,
    ed,
  ]
  assert.is(new Set(others.map(print)).size, others.length)
})

test('a secret is for what it is long enough for', () => {
  const rows: [secret: string, algorithms: string | null][] = [
    ['', null],
    ['x'.repeat(31), null],
    ['ä'.repeat(15), null],
    ['x'.repeat(32), 'HS256'],
    ['ä'.repeat(16), 'HS256'],
    ['x'.repeat(47), 'HS256'],
    ['x'.repeat(48), 'HS256 HS384'],
    ['x'.repeat(64), 'HS256 HS384 HS512'],
  ]
  for (const [secret, algorithms] of rows) {
    const vetted = vetSecret(secret)
    assert.is(vetted.ok ? vetted.set.keys[0]?.algorithms.join(' ') : null, algorithms, secret)
    if (!vetted.ok) assert.match(vetted.problem, /^has \d+ bytes, fewer than 32$/)
  }
})

test.run()
