/**
 * Every function that is called while it is found out who is calling, in a chain of its own whose
 * caller is let in, with one of them replaced by a fault.
 */
import type { Identify } from '../../../src/domain.js'
import { GuardError } from '../../../src/errors.js'
import type { Fetcher } from '../../../src/fetcher/fetcher.js'
import { parseJson } from '../../../src/guard/parse-json.js'
import { createKeyRing } from '../../../src/identity/api-key.js'
import { createFailures } from '../../../src/identity/failures.js'
import { createIdentify, type IdentifyOptions } from '../../../src/identity/identify.js'
import {
  createIntrospection,
  type IntrospectionMeans,
} from '../../../src/identity/introspection.js'
import { createRemoteKeys } from '../../../src/identity/jwks/remote-keys.js'
import type { KeySource } from '../../../src/identity/jwt/key-source.js'
import type { IssuerRules } from '../../../src/identity/jwt/rules.js'
import { createJwtVerifier } from '../../../src/identity/jwt/verifier.js'
import { vetKeySet } from '../../../src/identity/jwt/vet-keys.js'
import type { CertificateVerifier, TokenVerifier } from '../../../src/identity/verifiers.js'
import { systemClock } from '../../../src/lib/clock.js'
import { sha256Hex } from '../../../src/lib/secrets.js'
import { travel } from '../../support/identity-rig.js'
import { token } from '../jwt/cases/making.js'
import { idp, jwks, keysOf, rules } from '../jwt/issuers.js'

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

export const never: Fault = () => new Promise(() => undefined)

// ── What is called on the way ───────────────────────────────────────────────────────────────────

export interface Seam {
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
export const apiKey = ['x-api-key', keyText]
const jwt = ['authorization', `Bearer ${token()}`]
const opaque = ['authorization', 'Bearer an-opaque-token']

export function identifyWith(more: Partial<IdentifyOptions>): Identify {
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
  const { issuer, method, audiences, leewayMs, claims, revoked } = rules()
  const client = { id: 'gateway', secret: 'secret' }
  const asked = { url: `${idp}/introspect`, client, maxAgeMs: 1000, privateAddresses: false }
  const judged = { issuer, method, audiences, leewayMs, claims, revoked }
  const verifier = createIntrospection(
    { ...judged, ...asked, alsoJwts: false },
    { fetcher: { postForm: async () => answered }, parseJson, isForeign: () => false, ...more },
  )
  return identifyWith({ tokens: [verifier] })
}

export const seams: Readonly<Record<string, Seam>> = {
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
