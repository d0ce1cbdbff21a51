/**
 * A verified token is remembered by its whole text, and what can change is asked each time: time,
 * audience, key, revocation, certificate. The memory is bounded and helps nobody else.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import type { KeySource } from '../../../src/identity/jwt/key-source.js'
import type { IssuerRules } from '../../../src/identity/jwt/rules.js'
import { vetKeySet } from '../../../src/identity/jwt/vet-keys.js'
import type { TokenVerifier, VerifiedToken } from '../../../src/identity/verifiers.js'
import { jwkOf, makeToken } from '../../support/tokens.js'
import { claims, token } from './cases/making.js'
import { circumstances, idp, jwks, keys, keysOf, rules, verifierOf } from './issuers.js'

const nowMs = Date.now()

/** Keys that count how often they are asked for, and can be withdrawn. */
function countingKeys(): KeySource & { asked: number; replace(document: object): void } {
  let current = keysOf(vetKeySet(jwks))
  return {
    asked: 0,
    keysFor(kid, now) {
      this.asked += 1
      return current.keysFor(kid, now)
    },
    holds: (thumbprint, now) => current.holds(thumbprint, now),
    replace(document) {
      current = keysOf(vetKeySet(document))
    },
  }
}

function setUp(more: Partial<IssuerRules> = {}, remembered = 100) {
  const source = countingKeys()
  return { source, verifier: verifierOf([rules({ keys: source, ...more })], remembered) }
}

function reasonOf(result: VerifiedToken): string {
  return result.ok ? 'none' : result.reason
}

async function ask(verifier: TokenVerifier, text: string, more = {}): Promise<string> {
  return reasonOf(await verifier.verify(text, circumstances({ nowMs, ...more })))
}

test('the second time no key is asked for, at once, and it is the same identity', async () => {
  const { source, verifier } = setUp()
  const text = token()
  const first = await verifier.verify(text, circumstances({ nowMs }))
  const second = verifier.verify(text, circumstances({ nowMs }))
  assert.ok(!(second instanceof Promise) && first.ok && second.ok)
  assert.is(second.identity, first.identity)
  assert.is(source.asked, 1)
})

test('only the very text is remembered', async () => {
  const { source, verifier } = setUp()
  const text = token()
  assert.is(await ask(verifier, text), 'none')
  const [head = '', body = '', signed = ''] = text.split('.')
  const others = [
    [`${head}.${body}.${token({ sub: 'bob' }).split('.')[2]}`, 'token-signature'],
    [`${head}.${body}.${Buffer.alloc(256).toString('base64url')}`, 'token-signature'],
    [`${text}AAA`, 'token-malformed'],
    [`${text}=`, 'token-malformed'],
    [`${head}.${body}`, 'token-malformed'],
    [`${text.slice(0, -1)}`, 'token-malformed'],
    [`${head}.${body.toLowerCase()}.${signed}`, 'token-malformed'],
  ] as const
  for (const [other, reason] of others) assert.is(await ask(verifier, other), reason, other)
  const again = token({ jti: 'another-token-of-the-same-caller' })
  const asked = source.asked
  assert.is(await ask(verifier, again), 'none')
  assert.is(source.asked, asked + 1)
})

test('what is refused is not remembered', async () => {
  const { source, verifier } = setUp()
  const forged = token({}, { with: keys.foreignRsa })
  for (const _ of [1, 2]) assert.is(await ask(verifier, forged), 'token-signature')
  assert.is(source.asked, 2)
})

test('dead with the millisecond of its exp, without a key being asked', async () => {
  const { source, verifier } = setUp()
  const text = token()
  const expMs = claims.exp * 1000
  assert.is(await ask(verifier, text), 'none')
  assert.is(await ask(verifier, text, { nowMs: expMs - 1 }), 'none')
  assert.is(await ask(verifier, text, { nowMs: expMs }), 'credential-expired')
  assert.is(await ask(verifier, text, { nowMs: Number.NaN }), 'credential-expired')
  assert.is(source.asked, 1)
})

test('made out to one server, it is not remembered for another', async () => {
  const audiences = (server: string) => [`https://gateway.example/${server}`]
  const { verifier } = setUp({ method: 'oauth', audiences })
  const text = token({ aud: 'https://gateway.example/files' })
  assert.is(await ask(verifier, text, { server: 'mail' }), 'token-audience')
  assert.is(await ask(verifier, text, { server: 'files' }), 'none')
  assert.is(await ask(verifier, text, { server: 'mail' }), 'token-audience')
  const both = token({ aud: ['https://gateway.example/files', 'https://gateway.example/mail'] })
  for (const server of ['files', 'mail']) assert.is(await ask(verifier, both, { server }), 'none')
})

test('a server without an audience takes no token', async () => {
  const { verifier } = setUp({ audiences: () => [] })
  for (const aud of ['mcp', '', [], undefined]) {
    assert.is(await ask(verifier, token({ aud })), 'token-audience')
  }
})

test('a key that is withdrawn takes its remembered tokens with it, another key of its name too', async () => {
  const { source, verifier } = setUp()
  const text = token()
  assert.is(await ask(verifier, text), 'none')
  source.replace({ keys: [jwkOf(keys.p256)] })
  assert.is(await ask(verifier, text), 'token-key-unknown')
  source.replace({ keys: [jwkOf(keys.foreignRsa)] })
  assert.is(await ask(verifier, text), 'token-signature')
  source.replace(jwks)
  assert.is(await ask(verifier, text), 'none')
})

test('keys that are loaded again and are the same keep what is remembered', async () => {
  const { source, verifier } = setUp()
  const text = token()
  assert.is(await ask(verifier, text), 'none')
  source.replace(JSON.parse(JSON.stringify(jwks)))
  assert.is(await ask(verifier, text), 'none')
  assert.is(source.asked, 1)
})

test('the same key with another purpose is another key', async () => {
  const { source, verifier } = setUp()
  const text = token()
  assert.is(await ask(verifier, text), 'none')
  source.replace({ keys: [jwkOf(keys.rsa, { alg: 'PS256' })] })
  assert.is(await ask(verifier, text), 'token-algorithm')
})

test('keys that cannot be had: nobody can tell, whether remembered or not', async () => {
  const unavailable = new GuardError('GUARD_IDENTITY_UNAVAILABLE', 'down')
  for (const fail of [
    () => {
      throw unavailable
    },
    () => Promise.reject(unavailable),
  ]) {
    const good = keysOf(vetKeySet(jwks))
    let down = false
    const verifier = verifierOf([
      rules({
        keys: {
          keysFor: (kid, now) => (down ? fail() : good.keysFor(kid, now)),
          holds: (thumbprint, now) => !down && good.holds(thumbprint, now),
        },
      }),
    ])
    assert.is(await ask(verifier, token()), 'none')
    down = true
    for (const text of [token(), token({ sub: 'bob' })]) {
      const problem = await Promise.resolve()
        .then(() => verifier.verify(text, circumstances({ nowMs })))
        .then(
          () => null,
          (thrown: unknown) => thrown,
        )
      assert.is(problem, unavailable)
    }
    // What refuses without a key still does.
    assert.is(await ask(verifier, token({ aud: 'other' })), 'token-audience')
  }
})

test('bound to a certificate: good with that one only, remembered or not', async () => {
  const { verifier } = setUp()
  const thumbprint = 'A'.repeat(43)
  const text = token({ cnf: { 'x5t#S256': thumbprint } })
  assert.is(await ask(verifier, text), 'token-unbound')
  const bound = await verifier.verify(text, circumstances({ nowMs, thumbprint }))
  assert.ok(bound.ok && bound.bound)
  assert.is(await ask(verifier, text), 'token-unbound')
  for (const other of ['B'.repeat(43), 'a'.repeat(43), 'A'.repeat(42), '']) {
    assert.is(await ask(verifier, text, { thumbprint: other }), 'token-unbound', other)
  }
  const again = await verifier.verify(text, circumstances({ nowMs, thumbprint }))
  assert.ok(again.ok && again.bound)
  // One that is bound to none says so: beside a certificate it is a second credential.
  const free = await verifier.verify(token(), circumstances({ nowMs, thumbprint }))
  assert.ok(free.ok && !free.bound)
})

test('bound in another way as well, or not quite: of nobody, whatever is shown', async () => {
  const { verifier } = setUp()
  const thumbprint = 'A'.repeat(43)
  const confirmations = [
    { 'x5t#S256': thumbprint, jkt: thumbprint },
    { 'x5t#S256': thumbprint, new: 1 },
    { jkt: thumbprint },
    { x5t: thumbprint },
    { 'x5t#S256': [thumbprint] },
    { 'x5t#S256': `${thumbprint}=` },
    {},
    null,
    thumbprint,
    [thumbprint],
  ]
  for (const cnf of confirmations) {
    const text = token({ cnf })
    assert.is(await ask(verifier, text, { thumbprint }), 'token-unbound', JSON.stringify(cnf))
  }
  // What is shown is no thumbprint either.
  for (const odd of ['', 'x', `${thumbprint}=`]) {
    const text = token({ cnf: { 'x5t#S256': odd } })
    assert.is(await ask(verifier, text, { thumbprint: odd }), 'token-unbound', odd)
  }
})

test('the memory holds as many as were asked for, and at most twice as many', async () => {
  const size = 10
  const { source, verifier } = setUp({}, size)
  const texts = Array.from({ length: 3 * size }, (_, n) => token({ jti: `token-${n}` }))
  for (const text of texts) assert.is(await ask(verifier, text), 'none')
  assert.is(source.asked, texts.length)
  for (const text of texts.slice(-size)) assert.is(await ask(verifier, text), 'none')
  assert.is(source.asked, texts.length)
  // The oldest are forgotten and verified anew.
  for (const text of texts.slice(0, size)) assert.is(await ask(verifier, text), 'none')
  assert.is(source.asked, texts.length + size)
})

test('a token that names no key is tried with four keys at most', async () => {
  const text = makeToken({ header: { alg: 'RS256' }, claims, with: keys.rsa })
  const others = Array.from({ length: 3 }, (_, n) => jwkOf({ ...keys.foreignRsa, kid: `k${n}` }))
  const four = { keys: [...others, jwkOf(keys.rsa)] }
  const five = { keys: [...four.keys, jwkOf({ ...keys.foreignRsa, kid: 'k4' })] }
  for (const [document, reason] of [
    [four, 'none'],
    [five, 'token-key-unknown'],
    // Keys of other kinds are not tried.
    [{ keys: [...four.keys, jwkOf(keys.p256), jwkOf(keys.pss, { alg: 'PS256' })] }, 'none'],
  ] as const) {
    const { source, verifier } = setUp()
    source.replace(document)
    assert.is(await ask(verifier, text), reason)
  }
})

test('rules that cannot work are refused', () => {
  const rows: [string, () => unknown][] = [
    ['two entries are for the same issuer', () => verifierOf([rules(), rules()])],
    ['the algorithms of', () => verifierOf([rules({ algorithms: [] })])],
    ['the algorithms of', () => verifierOf([rules({ algorithms: ['RS256', 'HS256'] })])],
    ['the algorithms of', () => verifierOf([rules({ algorithms: ['none'] })])],
    [
      '`sub` is not a JSON Pointer',
      () => verifierOf([rules({ claims: { ...rules().claims, id: 'sub' } })]),
    ],
  ]
  for (const [message, make] of rows) {
    assert.throws(make, (thrown: unknown) => {
      return (
        thrown instanceof GuardError &&
        thrown.code === 'GUARD_CONFIG_INVALID' &&
        thrown.message.includes(message)
      )
    })
  }
})

test('what is a token by its form', () => {
  const { verifier } = setUp()
  const rows: [text: string, owns: boolean][] = [
    [token(), true],
    ['eyJ.x', true],
    ['e30.', true],
    ['ewo.', true],
    ['eyJhbGciOiJSUzI1NiJ9', false],
    ['mcp_eyJhbGciOiJSUzI1NiJ9', false],
    ['', false],
    ['.', false],
    ['opaque.token.of-an-issuer', false],
    ['e.e.e', false],
    [`${idp}.x`, false],
  ]
  for (const [text, owns] of rows) assert.is(verifier.owns(text), owns, text)
})

test.run()
