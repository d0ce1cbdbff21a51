/**
 * Whatever breaks while it is found out who is calling, nobody is let in by it: every function that is
 * called on the way throws, rejects, answers nonsense or never answers, for a caller whose credential
 * is good, where callers without one are let in as well. The answer is 401 or 503, there is exactly
 * one record, and nothing arrives at the server. Whoever leaves meanwhile is on record as well.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identify } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import type { Fetcher } from '../../src/fetcher/fetcher.js'
import { parseJson } from '../../src/guard/parse-json.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify, type IdentifyOptions } from '../../src/identity/identify.js'
import { createIntrospection, type IntrospectionMeans } from '../../src/identity/introspection.js'
import { createRemoteKeys } from '../../src/identity/jwks/remote-keys.js'
import type { KeySource } from '../../src/identity/jwt/key-source.js'
import type { IssuerRules } from '../../src/identity/jwt/rules.js'
import { createJwtVerifier } from '../../src/identity/jwt/verifier.js'
import { vetKeySet } from '../../src/identity/jwt/vet-keys.js'
import type { CertificateVerifier, TokenVerifier } from '../../src/identity/verifiers.js'
import { systemClock } from '../../src/lib/clock.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { type Journey, travel } from '../support/identity-rig.js'
import { until } from '../support/stdio.js'
import { token } from './jwt/cases/making.js'
import { idp, jwks, keysOf, rules } from './jwt/issuers.js'

// ── Faults ──────────────────────────────────────────────────────────────────────────────────────

/** Whatever a function is asked, it answers so. */
// biome-ignore lint/suspicious/noExplicitAny: it stands for functions of every type
type Fault = (...given: any[]) => any

function plant(): never {
  throw new Error('planted')
}

const throwing: Readonly<Record<string, Fault>> = {
  throws: plant,
  'throws a text': () => {
    // biome-ignore lint/style/useThrowOnlyError: libraries throw such
    throw 'planted'
  },
  'throws nothing': () => {
    // biome-ignore lint/style/useThrowOnlyError: libraries throw such
    throw undefined
  },
  'throws an error of another room': () => {
    throw new GuardError('GUARD_CONFIG_INVALID', 'planted')
  },
  'throws what cannot be read': () => {
    throw Object.create(null, { message: { get: plant } })
  },
}

const rejecting: Readonly<Record<string, Fault>> = {
  rejects: () => Promise.reject(new Error('planted')),
  'rejects with nothing': () => Promise.reject(undefined),
  'rejects with an error of another room': () =>
    Promise.reject(new GuardError('GUARD_INTERNAL', 'planted')),
}

const nonsense: Readonly<Record<string, Fault>> = {
  'answers undefined': () => undefined,
  'answers null': () => null,
  'answers {}': () => ({}),
  'answers {ok: true}': () => ({ ok: true }),
  'answers {ok: false}': () => ({ ok: false }),
  'answers true': () => true,
  'answers a text': () => 'planted',
}

const promised = Object.fromEntries(
  Object.entries(nonsense).map(([what, fault]) => [`${what}, later`, async () => fault()]),
)

const never: Fault = () => new Promise(() => undefined)

// ── What is called on the way ───────────────────────────────────────────────────────────────────

interface Seam {
  /** Of a caller who is let in where nothing breaks. */
  readonly credential: readonly string[]
  readonly identify: (fault: Fault | null) => Identify | Promise<Identify>
  /** Default: all of them. */
  readonly faults?: Readonly<Record<string, Fault>>
  /** It may be waited for. */
  readonly waits?: boolean
}

const keyText = 'the-key-of-alice-with-enough-characters'
const entry = {
  ...{ id: 'alice', sha256: sha256Hex(keyText), kind: 'user' as const },
  ...{ roles: [], groups: [], scopes: [], tenant: null, claims: {} },
  ...{ expiresAtMs: null, notBeforeMs: null, disabled: false },
}
const apiKey = ['x-api-key', keyText]
const jwt = ['authorization', `Bearer ${token()}`]
const opaque = ['authorization', 'Bearer an-opaque-token']

function identifyWith(more: Partial<IdentifyOptions>): Identify {
  return createIdentify({
    keys: createKeyRing([entry]),
    failures: createFailures({ max: 1000, perMs: 60_000 }),
    anonymous: true,
    ...more,
  })
}

function tokensOf(more: Partial<IssuerRules> = {}, parse = parseJson): Identify {
  const issuers = [rules(more)]
  return identifyWith({ tokens: [createJwtVerifier({ issuers, parseJson: parse })] })
}

const fixed = () => keysOf(vetKeySet(jwks))
const all = { ...throwing, ...nonsense }
const later = { ...all, ...rejecting, ...promised }

/** A certificate that is somebody's. */
const certificate: CertificateVerifier = {
  identifies: true,
  read: () => ({
    found: 'certificate',
    certificate: {
      ...{ subject: 'CN=alice', issuer: 'CN=ca', serial: '1', thumbprint: 'A'.repeat(43) },
      ...{ dnsNames: [], uris: [], emails: [], notAfterMs: null },
    },
  }),
  identify: ({ subject }) =>
    createKeyRing([entry]).verify(subject === 'CN=alice' ? keyText : '', Date.now()),
}

function tokenVerifier(more: Partial<TokenVerifier>): TokenVerifier {
  const jwtVerifier = createJwtVerifier({ issuers: [rules()], parseJson })
  return { ...jwtVerifier, ...more }
}

function remote(fetcher: Pick<Fetcher, 'getJson'>, url: string | null, clock = systemClock) {
  const times = { maxAgeMs: 600_000, maxStaleMs: 3_600_000, privateAddresses: false }
  return createRemoteKeys({ issuer: idp, url, ...times }, { fetcher, observer: {}, clock })
}

const keysUrl = `${idp}/keys`
const served: Fetcher['getJson'] = (url) =>
  Promise.resolve(url === keysUrl ? (jwks as object) : { issuer: idp, jwks_uri: keysUrl }) as never

const answered = {
  active: true,
  sub: 'alice',
  aud: 'mcp',
  exp: Math.floor(Date.now() / 1000) + 600,
}

function introspecting(more: Partial<IntrospectionMeans>): Identify {
  const { keys, algorithms, type, ...issuer } = rules()
  const client = { id: 'gateway', secret: 'secret' }
  const asked = { url: `${idp}/introspect`, client, maxAgeMs: 1000, privateAddresses: false }
  const verifier = createIntrospection(
    { ...issuer, ...asked, alsoJwts: keys === null || algorithms.length === 0 || type !== null },
    { fetcher: { postForm: async () => answered }, parseJson, isForeign: () => false, ...more },
  )
  return identifyWith({ tokens: [verifier] })
}

const seams: Readonly<Record<string, Seam>> = {
  identify: {
    credential: apiKey,
    identify: (fault) => fault ?? identifyWith({}),
    faults: later,
    waits: true,
  },
  'keys.verify': {
    credential: apiKey,
    identify: (fault) =>
      identifyWith(fault === null ? {} : { keys: { verify: fault as () => never } }),
    faults: later,
    waits: true,
  },
  'failures.counted': {
    credential: ['x-api-key', 'nobody'],
    identify: (fault) =>
      identifyWith({
        failures: { refusal: () => null, counted: fault ?? ((_, refused) => refused) },
      }),
    faults: later,
    waits: false,
  },
  'failures.refusal': {
    credential: jwt,
    identify: (fault) =>
      identifyWith({
        tokens: [tokenVerifier({})],
        failures: { refusal: fault ?? (() => null), counted: (_, refused) => refused },
      }),
    // Null is what it says of whoever was not wrong.
    faults: { ...throwing, ...rejecting, 'answers {}': () => ({}) },
  },
  'token.owns': {
    credential: jwt,
    identify: (fault) =>
      identifyWith({ tokens: [tokenVerifier(fault === null ? {} : { owns: fault })] }),
    // True is right: it is one.
    faults: throwing,
  },
  'token.verify': {
    credential: jwt,
    identify: (fault) =>
      identifyWith({ tokens: [tokenVerifier(fault === null ? {} : { verify: fault })] }),
    faults: later,
    waits: true,
  },
  'token.verify beside a certificate': {
    credential: jwt,
    identify: (fault) => {
      const bound: TokenVerifier['verify'] = async () => {
        const { read } = certificate
        const identified = certificate.identify((read as Fault)().certificate, 0)
        return identified.ok ? { ...identified, bound: true } : identified
      }
      const tokens = [tokenVerifier({ verify: fault ?? bound })]
      return identifyWith({ tokens, certificates: certificate })
    },
    faults: later,
    waits: true,
  },
  'certificates.read': {
    credential: [],
    identify: (fault) =>
      identifyWith({
        certificates: { ...certificate, ...(fault === null ? {} : { read: fault }) },
      }),
    faults: all,
  },
  'certificates.identify': {
    credential: [],
    identify: (fault) =>
      identifyWith({
        certificates: { ...certificate, ...(fault === null ? {} : { identify: fault }) },
      }),
    faults: later,
    waits: true,
  },
  'keys.keysFor': {
    credential: jwt,
    identify: (fault) => {
      const keys: KeySource = { ...fixed(), ...(fault === null ? {} : { keysFor: fault }) }
      return tokensOf({ keys })
    },
    faults: later,
    waits: true,
  },
  'keys.holds': {
    credential: jwt,
    async identify(fault) {
      let broken: Fault | null = null
      const keys = fixed()
      const holds: KeySource['holds'] = (...given) => (broken ?? keys.holds)(...given)
      const identify = tokensOf({ keys: { ...keys, holds } })
      await travel(identify, jwt).done
      broken = fault
      return identify
    },
    // True is right: it holds the key.
    faults: throwing,
  },
  'the key in the hands of jose': {
    credential: jwt,
    identify: (fault) => {
      const keys = fixed()
      if (fault === null) return tokensOf({ keys })
      const broken = (key: object) => new Proxy(key, { get: fault, getPrototypeOf: fault })
      return tokensOf({
        keys: {
          ...keys,
          keysFor: async (...given) =>
            (await keys.keysFor(...given)).map((one) => ({
              ...one,
              key: broken(one.key) as never,
            })),
        },
      })
    },
    faults: { ...throwing, ...nonsense },
  },
  parseJson: {
    credential: jwt,
    identify: (fault) => tokensOf({}, fault ?? parseJson),
    faults: all,
  },
  audiences: {
    credential: jwt,
    identify: (fault) => tokensOf(fault === null ? {} : { audiences: fault }),
    // A text has `includes` as well, and this one has no audience in it.
    faults: all,
  },
  'fetcher.getJson for keys': {
    credential: jwt,
    identify: (fault) => tokensOf({ keys: remote({ getJson: fault ?? served }, keysUrl) }),
    faults: later,
    waits: true,
  },
  'fetcher.getJson for metadata': {
    credential: jwt,
    identify: (fault) => tokensOf({ keys: remote({ getJson: fault ?? served }, null) }),
    faults: later,
    waits: true,
  },
  'the clock of remote keys': {
    credential: jwt,
    identify: (fault) => {
      const clock = fault === null ? systemClock : { ...systemClock, monotonicMs: fault }
      return tokensOf({ keys: remote({ getJson: served }, keysUrl, clock) })
    },
    faults: throwing,
  },
  'fetcher.postForm': {
    credential: opaque,
    identify: (fault) => introspecting(fault === null ? {} : { fetcher: { postForm: fault } }),
    faults: later,
    waits: true,
  },
  isForeign: {
    credential: opaque,
    identify: (fault) => introspecting(fault === null ? {} : { isForeign: fault }),
    // Whatever is not true asks the endpoint, which knows the token.
    faults: throwing,
  },
}

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
test.before.each(() => {
  unhandled.length = 0
})
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

function isRefused({ statuses, events, forwarded }: Journey, what: string): void {
  assert.is(forwarded, 0, `${what}: nothing arrives`)
  assert.ok(statuses.length === 1 && [401, 503].includes(statuses[0] ?? 0), `${what}: ${statuses}`)
  const status = statuses[0]
  const brief = events.map(({ outcome, status: recorded, subject }) => ({
    outcome,
    recorded,
    subject,
  }))
  const outcome = status === 401 ? 'unauthenticated' : 'failed'
  assert.equal(brief, [{ outcome, recorded: status, subject: null }], what)
}

for (const [name, { credential, identify, faults = {}, waits = false }] of Object.entries(seams)) {
  test(`${name}: whole, its caller is judged; broken, nobody is let in`, async () => {
    const whole = travel(await identify(null), credential)
    await whole.done
    if (name === 'failures.counted') isRefused(whole.journey, name)
    else assert.is(whole.journey.forwarded, 1, `${name} ${JSON.stringify(whole.journey)}`)
    for (const [what, fault] of Object.entries(faults)) {
      const { journey, done } = travel(await identify(fault), credential)
      await done
      await turn()
      isRefused(journey, `${name} ${what}`)
      assert.equal(unhandled, [], `${name} ${what}`)
    }
  })

  if (!waits) continue
  test(`${name}: never an answer, and the caller leaves or the gateway stops`, async () => {
    for (const why of ['client', 'stopping'] as const) {
      const travelling = travel(await identify(never), credential)
      await turn()
      assert.equal(travelling.journey, { statuses: [], events: [], forwarded: 0 })
      travelling.leave(why)
      await until(() => travelling.journey.events.length > 0, 'a record')
      await travelling.done
      travelling.leave('client')
      await turn()
      const { statuses, events, forwarded } = travelling.journey
      assert.equal(statuses, why === 'client' ? [] : [503])
      const outcomes = events.map(({ outcome, code }) => `${outcome} ${code}`)
      assert.equal(outcomes, [why === 'client' ? 'abandoned null' : 'failed GUARD_STOPPING'])
      assert.is(forwarded, 0)
    }
    assert.equal(unhandled, [])
  })
}

for (const [what, settle] of Object.entries({
  'lets it in': (identify: Identify) => identify,
  'rejects it': () => () => Promise.reject(new Error('planted')),
})) {
  test(`an answer that ${what} after its caller has left changes nothing`, async () => {
    let answer: () => void = () => undefined
    const wait = new Promise<void>((resolve) => {
      answer = resolve
    })
    const identify = settle(identifyWith({}))
    const travelling = travel((...given) => wait.then(() => identify(...given)), apiKey)
    await turn()
    travelling.leave('client')
    answer()
    await travelling.done
    await turn()
    const { statuses, events, forwarded } = travelling.journey
    assert.equal([statuses, events.map(({ outcome }) => outcome)], [[], ['abandoned']])
    assert.is(forwarded, 0)
    assert.equal(unhandled, [])
  })
}

test('a limiter that waits: who leaves meanwhile is on record, and nothing is sent', async () => {
  const limiter = { take: () => new Promise<never>(() => undefined) }
  const travelling = travel(identifyWith({}), apiKey, { limiter })
  await turn()
  travelling.leave('client')
  await travelling.done
  const { statuses, events, forwarded } = travelling.journey
  assert.equal([statuses, forwarded], [[], 0])
  assert.equal(
    events.map(({ outcome, subject }) => [outcome, subject?.id]),
    [['abandoned', 'alice']],
  )
})

// ── That no wait is forgotten ───────────────────────────────────────────────────────────────────

/** How often each file waits, and for which seams, or the test that breaks what it waits for. */
const waiting: Readonly<Record<string, readonly [count: number, ...by: readonly string[]]>> = {
  'identity/identify.ts': [3, 'token.verify', 'token.verify beside a certificate'],
  'identity/introspection.ts': [3, 'fetcher.postForm'],
  'identity/jwks/cached-keys.ts': [4, 'fetcher.getJson for keys'],
  'identity/jwks/discovery.ts': [2, 'fetcher.getJson for metadata'],
  'identity/jwks/file-keys.ts': [6, 'test/identity/jwks/file-keys.test.ts'],
  'identity/jwks/remote-keys.ts': [2, 'fetcher.getJson for keys', 'fetcher.getJson for metadata'],
  'identity/jwt/signature.ts': [3, 'keys.keysFor', 'the key in the hands of jose'],
  'identity/jwt/verifier.ts': [1, 'keys.keysFor'],
  // Not on this way: what the gateway itself shows to servers.
  'identity/upstream-credential.ts': [2, 'test/identity/upstream-credential.test.ts'],
  'proxy/identify.ts': [2, 'identify'],
  'proxy/while-there.ts': [3, 'identify'],
}

test('every place that waits has a row', () => {
  const found = [
    ...readdirSync('src/identity', { recursive: true, encoding: 'utf8' }).map((name) =>
      join('identity', name),
    ),
    'proxy/identify.ts',
    'proxy/while-there.ts',
  ]
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const code = readFileSync(join('src', name), 'utf8').replaceAll(
        /\/\*[\s\S]*?\*\/|\/\/.*/g,
        '',
      )
      const count = code.match(/\bawait\b|\.(?:then|catch|finally)\(|new Promise\b/g)?.length ?? 0
      return count === 0 ? [] : [[name, count] as const]
    })
  assert.equal(
    Object.fromEntries(found.sort()),
    Object.fromEntries(Object.entries(waiting).map(([name, [count]]) => [name, count])),
    'a wait came or went: see that what it waits for is broken above, then change the count',
  )
  for (const [, ...by] of Object.values(waiting)) {
    for (const row of by) assert.ok(Object.hasOwn(seams, row) || existsSync(row), row)
  }
})

test.run()
