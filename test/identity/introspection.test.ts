/**
 * Opaque tokens at a real introspection endpoint over HTTP: what is asked and how, what is made of the
 * answer, how long it counts, and that nobody is let in by an endpoint that cannot tell.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../src/domain.js'
import { createFetcher } from '../../src/fetcher/create-fetcher.js'
import { parseJson } from '../../src/guard/parse-json.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { createIntrospection, type IntrospectionRules } from '../../src/identity/introspection.js'
import type { TokenCircumstances, TokenVerifier } from '../../src/identity/verifiers.js'
import { presented } from '../support/presented.js'
import { answer, type Service, silent, startService } from '../support/service.js'
import { segment } from '../support/tokens.js'

const issuer = 'https://as.example'
const resource = 'https://gateway.example/mcp/one'
const nowMs = Date.UTC(2030, 0, 1)
const now = nowMs / 1000
const good = {
  active: true,
  iss: issuer,
  sub: 'alice',
  aud: resource,
  exp: now + 600,
  scope: 'mcp:tools files:write',
  client_id: 'app',
  token_type: 'Bearer',
}

const fetcher = createFetcher()
let service: Service
let monotonicMs = 0

test.before(async () => {
  service = await startService(answer(good))
})

test.before.each(() => {
  service.reply = answer(good)
  asked().length = 0
  monotonicMs = 0
})

test.after(async () => {
  await fetcher.close()
  await service.down()
})

function asked(): unknown[] {
  return service.asked as unknown[]
}

function rules(more: Partial<IntrospectionRules> = {}): IntrospectionRules {
  return {
    issuer,
    method: 'oauth',
    audiences: (server) => [`https://gateway.example/mcp/${server}`],
    leewayMs: 30_000,
    claims: {
      id: '/sub',
      roles: null,
      groups: null,
      scopes: '/scope',
      tenant: null,
      clientId: '/client_id',
      actors: null,
    },
    revoked: [],
    url: `${service.url}/introspect`,
    client: { id: 'the gateway', secret: 'p%ss:w+rd ü' },
    maxAgeMs: 30_000,
    privateAddresses: false,
    alsoJwts: false,
    ...more,
  }
}

function verifier(more: Partial<IntrospectionRules> = {}): TokenVerifier {
  const clock = { nowMs: () => nowMs, monotonicMs: () => monotonicMs }
  const isForeign = (text: string) => text.startsWith('mcp_')
  return createIntrospection(rules(more), { fetcher, parseJson, isForeign, clock })
}

const circumstances: TokenCircumstances = {
  server: 'one',
  nowMs,
  thumbprint: null,
  refusesWork: () => null,
}

async function reasonOf(
  response: Json,
  more: Partial<TokenCircumstances> = {},
  moreRules: Partial<IntrospectionRules> = {},
): Promise<string> {
  service.reply = answer(response)
  const verified = await verifier(moreRules).verify('token', { ...circumstances, ...more })
  return verified.ok ? 'accepted' : verified.reason
}

const thumbprint = 'A'.repeat(43)

const rows: readonly (readonly [what: string, response: object, reason: string])[] = [
  ['inactive', { active: false }, 'token-inactive'],
  ['inactive, whatever else it says', { ...good, active: false }, 'token-inactive'],
  ['another issuer', { ...good, iss: 'https://other.example' }, 'token-issuer'],
  ['its issuer with a slash', { ...good, iss: `${issuer}/` }, 'token-issuer'],
  ['an issuer that is no text', { ...good, iss: null }, 'token-issuer'],
  ['made out to nobody', { ...good, aud: undefined }, 'token-audience'],
  ['made out to another server', { ...good, aud: `${resource}s` }, 'token-audience'],
  ['made out to the origin', { ...good, aud: 'https://gateway.example' }, 'token-audience'],
  ['with a slash at the end', { ...good, aud: `${resource}/` }, 'token-audience'],
  ['a path in capitals', { ...good, aud: resource.toUpperCase() }, 'token-audience'],
  ['an audience that is no text', { ...good, aud: 7 }, 'token-claims'],
  ['over', { ...good, exp: now }, 'credential-expired'],
  ['without an end', { ...good, exp: undefined }, 'token-claims'],
  ['an end that is a text', { ...good, exp: String(now + 600) }, 'token-claims'],
  ['not yet valid', { ...good, nbf: now + 31 }, 'credential-not-yet-valid'],
  ['without a subject', { ...good, sub: undefined }, 'token-claims'],
  ['a subject that is no text', { ...good, sub: 7 }, 'token-claims'],
  ['scopes that are none', { ...good, scope: 'a  b' }, 'token-claims'],
  ['bound to a key', { ...good, cnf: { jkt: thumbprint } }, 'token-unbound'],
  ['bound to a certificate', { ...good, cnf: { 'x5t#S256': thumbprint } }, 'token-unbound'],
  ['of the type DPoP', { ...good, token_type: 'DPoP' }, 'token-type'],
  ['a refresh token', { ...good, token_use: 'refresh_token' }, 'token-type'],
  ['another issuer and made out to us', { ...good, iss: 'x', aud: resource }, 'token-issuer'],
]

for (const [what, response, reason] of rows) {
  test(`refused: ${what}`, async () => {
    assert.is(await reasonOf(response as Json), reason)
  })
}

test('accepted: who it is, by what the server says', async () => {
  const verified = await verifier().verify('token', circumstances)
  assert.ok(verified.ok)
  const { subject, expiresAtMs, credentialId } = verified.identity
  assert.equal(subject, {
    id: 'alice',
    kind: 'user',
    issuer,
    method: 'oauth',
    client_id: 'app',
    actors: [],
    roles: [],
    groups: [],
    scopes: ['mcp:tools', 'files:write'],
    tenant: null,
    expires_at: '2030-01-01T00:10:00.000Z',
    claims: { scope: 'mcp:tools files:write', client_id: 'app' },
  })
  assert.is(expiresAtMs, nowMs + 600_000)
  assert.match(credentialId, /^sha256:[0-9a-f]{12}$/)
  assert.is(verified.bound, false)
})

const accepted: readonly (readonly [what: string, response: object])[] = [
  ['the issuer left out', { ...good, iss: undefined }],
  ['the type left out', { ...good, token_type: undefined }],
  ['the type in other letters', { ...good, token_type: 'bEARER' }],
  ['one audience among others', { ...good, aud: ['x', resource] }],
  ['scheme and host in capitals', { ...good, aud: 'HTTPS://GATEWAY.example/mcp/one' }],
  ['valid from within the leeway', { ...good, nbf: now + 29 }],
]

for (const [what, response] of accepted) {
  test(`accepted: ${what}`, async () => {
    assert.is(await reasonOf(response as Json), 'accepted')
  })
}

test('bound to the certificate that is presented: one credential', async () => {
  service.reply = answer({ ...good, cnf: { 'x5t#S256': thumbprint } })
  const verified = await verifier().verify('token', { ...circumstances, thumbprint })
  assert.ok(verified.ok && verified.bound)
})

test('revoked by the operator', async () => {
  const revoked = [{ sub: 'alice', issuedBeforeMs: null }]
  assert.is(await reasonOf(good, {}, { revoked }), 'token-revoked')
})

test('the question: a form, the credential of the gateway encoded as it has to be', async () => {
  await verifier().verify('a+b/c=&d', circumstances)
  const [one] = service.asked
  assert.is(one?.verb, 'POST')
  assert.is(one?.path, '/introspect')
  assert.is(one?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.is(one?.body, 'token=a%2Bb%2Fc%3D%26d&token_type_hint=access_token')
  const basic = Buffer.from(`${one?.headers.authorization}`.replace('Basic ', ''), 'base64')
  assert.is(basic.toString(), 'the+gateway:p%25ss%3Aw%2Brd+%C3%BC')
})

test('an answer counts for its time and not longer; the audience is asked each time', async () => {
  const one = verifier()
  for (const atMs of [0, 29_999]) {
    monotonicMs = atMs
    assert.is((await one.verify('token', circumstances)).ok, true)
    const other = await one.verify('token', { ...circumstances, server: 'two' })
    assert.equal(other, { ok: false, reason: 'token-audience' })
  }
  assert.is(service.asked.length, 1)
  monotonicMs = 30_000
  service.reply = answer({ active: false })
  assert.equal(await one.verify('token', circumstances), { ok: false, reason: 'token-inactive' })
  assert.is(service.asked.length, 2)
})

test('the time of an answer begins with the question', async () => {
  const one = verifier()
  service.reply = (asking, response) => {
    monotonicMs = 20_000
    answer(good)(asking, response)
  }
  assert.is((await one.verify('token', circumstances)).ok, true)
  service.reply = answer({ active: false })
  monotonicMs = 30_000
  assert.is((await one.verify('token', circumstances)).ok, false)
})

test('a remembered token is over when it is over', async () => {
  const one = verifier({ maxAgeMs: 3_600_000 })
  assert.is((await one.verify('token', circumstances)).ok, true)
  const later = { ...circumstances, nowMs: nowMs + 600_000 }
  assert.equal(await one.verify('token', later), { ok: false, reason: 'credential-expired' })
  assert.is(service.asked.length, 1)
})

test('a refusal counts for five seconds at most', async () => {
  const one = verifier()
  service.reply = answer({ active: false })
  for (const atMs of [0, 4_999]) {
    monotonicMs = atMs
    await one.verify('token', circumstances)
  }
  assert.is(service.asked.length, 1)
  monotonicMs = 5_000
  service.reply = answer(good)
  assert.is((await one.verify('token', circumstances)).ok, true)
})

test('maxAge 0: each request asks', async () => {
  const one = verifier({ maxAgeMs: 0 })
  await one.verify('token', circumstances)
  await one.verify('token', circumstances)
  assert.is(service.asked.length, 2)
})

test('one question for all who come with a token at once, none for another token’s answer', async () => {
  const one = verifier()
  const all = await Promise.all(Array.from({ length: 50 }, () => one.verify('t', circumstances)))
  assert.ok(all.every(({ ok }) => ok))
  assert.is(service.asked.length, 1)
  await one.verify('T', circumstances)
  assert.is(service.asked.length, 2)
})

test('many made-up tokens do not drive out a good one', async () => {
  const one = verifier()
  await one.verify('good', circumstances)
  service.reply = answer({ active: false })
  for (let round = 0; round < 20; round += 1) {
    const texts = Array.from({ length: 110 }, (_, index) => `made-up-${round}-${index}`)
    await Promise.all(texts.map((text) => one.verify(text, circumstances)))
  }
  assert.is(service.asked.length, 2201)
  assert.is((await one.verify('good', circumstances)).ok, true)
  assert.is(service.asked.length, 2201)
})

test('whoever was wrong too often is refused without a question', async () => {
  const refusal = { ok: false, reason: 'failures-limited', retryAfterMs: 1000 } as const
  const limited = { ...circumstances, refusesWork: () => refusal }
  assert.equal(await verifier().verify('token', limited), refusal)
  assert.is(service.asked.length, 0)
})

test('whoever makes tokens up is not asked about for ever', async () => {
  service.reply = answer({ active: false })
  const failures = createFailures({ max: 3, perMs: 60_000 })
  const keys = createKeyRing([])
  const identify = createIdentify({ keys, tokens: [verifier()], failures, anonymous: false })
  const reasons = new Set<string>()
  for (let n = 0; n < 40; n += 1) {
    const identified = await identify(presented(['authorization', `Bearer made-up-${n}`]), nowMs)
    if (!identified.ok) reasons.add(identified.reason)
  }
  assert.is(service.asked.length, 30)
  assert.equal([...reasons], ['token-inactive', 'failures-limited'])
})

const faults: readonly (readonly [what: string, reply: () => Service['reply'], text: RegExp])[] = [
  ['500', () => answer({}, 'application/json', 500), /answers 500; see its log/],
  ['401', () => answer({ error: 'invalid_client' }, 'application/json', 401), /invalid_client/],
  ['HTML', () => answer('<html>', 'text/html'), /text\/html instead of JSON/],
  ['a list', () => answer([good]), /does not say whether a token is active/],
  ['active as a text', () => answer({ ...good, active: 'true' }), /whether a token is active/],
  ['nothing of active', () => answer({ sub: 'alice' }), /whether a token is active/],
  ['a doubled member', () => answer('{"active":false,"active":true}'), /cannot be read as JSON/],
  ['too much', () => answer({ ...good, more: 'x'.repeat(70_000) }), /more than 65536 bytes/],
]

for (const [what, reply, text] of faults) {
  test(`nobody can tell: ${what}`, async () => {
    service.reply = reply()
    const one = verifier()
    const thrown = await Promise.resolve(one.verify('token', circumstances)).then(
      () => null,
      (error: unknown) => error as { code?: string; message?: string },
    )
    assert.is(thrown?.code, 'GUARD_IDENTITY_UNAVAILABLE')
    assert.match(thrown?.message ?? '', text)
    assert.not.match(thrown?.message ?? '', /p%ss|w\+rd|alice/)
    // It is no answer, so the next one asks again.
    service.reply = answer(good)
    assert.is((await one.verify('token', circumstances)).ok, true)
  })
}

test('an endpoint that went down: what is remembered counts for its time, then nobody can tell', async () => {
  const one = verifier()
  await one.verify('token', circumstances)
  await service.down()
  try {
    monotonicMs = 29_999
    assert.is((await one.verify('token', circumstances)).ok, true)
    monotonicMs = 30_000
    const thrown = await Promise.resolve(one.verify('token', circumstances)).catch(
      (error: unknown) => error as { code?: string },
    )
    assert.is((thrown as { code?: string }).code, 'GUARD_IDENTITY_UNAVAILABLE')
  } finally {
    await service.up()
  }
})

test('an endpoint that says nothing is given up after five seconds', async () => {
  service.reply = silent
  const startedMs = performance.now()
  const thrown = await Promise.resolve(verifier().verify('token', circumstances)).catch(
    (error: unknown) => error as { message?: string },
  )
  assert.match((thrown as { message?: string }).message ?? '', /did not answer within 5 s/)
  assert.ok(performance.now() - startedMs < 7_000)
})

const jwtOf = (claims: object) => `${segment({ alg: 'ES256' })}.${segment(claims)}.AA`

const owned: readonly (readonly [what: string, text: string, alone: boolean, beside: boolean])[] = [
  ['an opaque text', 'opaque', true, true],
  ['a text with dots', 'a.b.c', true, true],
  ['an API key', 'mcp_something', false, false],
  ['a JWT of this issuer', jwtOf({ iss: issuer }), true, false],
  ['a JWT of another', jwtOf({ iss: 'https://other.example' }), false, false],
  ['a JWT that does not say', jwtOf({}), false, false],
  ['a JWT that says it twice', `e30.${segment(`{"iss":"x","iss":"${issuer}"}`)}.AA`, false, false],
  ['what only begins like a JWT', 'eyJ.x.y', false, false],
]

for (const [what, text, alone, beside] of owned) {
  test(`is sent there: ${what}: ${alone} without keys, ${beside} beside keys`, () => {
    assert.is(verifier({ alsoJwts: true }).owns(text), alone)
    assert.is(verifier().owns(text), beside)
  })
}

test.run()
