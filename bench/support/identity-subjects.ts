/** Callers of every kind, each with a request of its own, and what finding out who they are may cost. */
import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import type { Identify, Presented } from '../../src/domain.js'
import { parseJson } from '../../src/guard/parse-json.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { createFixedKeys } from '../../src/identity/jwt/fixed-keys.js'
import { createJwtVerifier } from '../../src/identity/jwt/verifier.js'
import { vetKeySet, vetSecret } from '../../src/identity/jwt/vet-keys.js'
import { randomKeyText, sha256Hex } from '../../src/lib/secrets.js'
import type { TimedSubject, Times } from './stopwatch.js'
import { table } from './table.js'

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const algorithms = ['ES256', 'RS256', 'HS256'] as const
type Algorithm = (typeof algorithms)[number]

const secret = randomBytes(48).toString('base64url')
const secretKey = createSecretKey(Buffer.from(secret))
const pairs: Readonly<Record<Algorithm, Pair>> = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  HS256: { privateKey: secretKey, publicKey: secretKey },
}
const audience = 'mcp'
const issuerOf = (algorithm: Algorithm) => `https://${algorithm.toLowerCase()}.example`
const claims = { id: '/sub', roles: '/roles', groups: null, scopes: '/scope', tenant: null }

const warmSamples = 1000
/** Each is a signature that nobody has seen. */
const coldSamples = 40
/** Tokens in memory beside the one that comes again. */
const othersRemembered = 5000

function keysOf(algorithm: Algorithm) {
  const jwk = { ...pairs[algorithm].publicKey.export({ format: 'jwk' }), kid: 'one' }
  const vetted = algorithm === 'HS256' ? vetSecret(secret) : vetKeySet({ keys: [jwk] })
  if (!vetted.ok) throw new Error(vetted.problem)
  return createFixedKeys(vetted.set)
}

function identifyBy(keyTexts: readonly string[]): Identify {
  const entries = keyTexts.map((text, index) => ({
    ...{ id: `caller-${index}`, sha256: sha256Hex(text), kind: 'user' as const },
    ...{ roles: ['dev'], groups: [], scopes: [], tenant: null, claims: {} },
    ...{ expiresAtMs: null, notBeforeMs: null, disabled: false },
  }))
  const issuers = algorithms.map((algorithm) => ({
    issuer: issuerOf(algorithm),
    method: 'jwt' as const,
    keys: keysOf(algorithm),
    algorithms: [algorithm],
    audiences: () => [audience],
    type: null,
    leewayMs: 30_000,
    claims: { ...claims, clientId: '/client_id', actors: '/act' },
    revoked: [],
  }))
  return createIdentify({
    keys: createKeyRing(entries),
    tokens: [createJwtVerifier({ issuers, parseJson })],
    failures: createFailures({ max: 1_000_000_000, perMs: 60_000 }),
    anonymous: false,
  })
}

/** About 450 bytes, as issuers make them. */
function tokenOf(algorithm: Algorithm, id: string): Promise<string> {
  return new SignJWT({ client_id: 'cursor', scope: 'mcp:tools', roles: ['dev'], jti: id })
    .setProtectedHeader({ alg: algorithm, kid: 'one', typ: 'at+jwt' })
    .setIssuer(issuerOf(algorithm))
    .setAudience(audience)
    .setSubject(id)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(pairs[algorithm].privateKey)
}

/** As a client sends it, among what else it sends. */
function requestWith(...credential: readonly string[]): Presented {
  const headers = [
    ...['host', 'gateway.example', 'user-agent', 'bench/1', 'content-type', 'application/json'],
    ...['accept', 'application/json, text/event-stream', 'content-length', '120'],
    ...credential,
  ]
  const address = '127.0.0.1'
  return { headers, address, connection: { address, certificate: null }, server: 'one' }
}

const bearer = (text: string) => requestWith('authorization', `Bearer ${text}`)

function asked(identify: Identify, presented: Presented, expected: boolean) {
  const identified = identify(presented, Date.now())
  if (!(identified instanceof Promise)) return identified.ok === expected
  return identified.then(({ ok }) => ok === expected)
}

function warm(name: string, identify: Identify, presented: Presented, ok = true): TimedSubject {
  return { name, samples: warmSamples, prepare: () => () => asked(identify, presented, ok) }
}

/** Tokens of all rounds, each for one sample. */
function supplyOf(texts: readonly string[]): () => string {
  let next = 0
  return () => {
    const text = texts[next % texts.length] ?? ''
    next += 1
    return text
  }
}

async function coldSubjects(algorithm: Algorithm): Promise<TimedSubject[]> {
  // One memory for each round: nothing that is timed was verified before.
  const texts = await Promise.all(
    Array.from({ length: coldSamples }, (_, index) => tokenOf(algorithm, `cold-${index}`)),
  )
  const key = pairs[algorithm].publicKey
  const rules = { issuer: issuerOf(algorithm), audience, algorithms: [algorithm] }
  return [
    {
      name: `${algorithm} cold`,
      samples: coldSamples,
      prepare() {
        const identify = identifyBy([])
        const supply = supplyOf(texts.map(String))
        return () => asked(identify, bearer(supply()), true)
      },
    },
    {
      name: `${algorithm} bare jose`,
      samples: coldSamples,
      prepare() {
        const supply = supplyOf(texts)
        return () =>
          jwtVerify(supply(), key, rules).then(({ payload }) => payload.iss !== undefined)
      },
    },
  ]
}

export async function identitySubjects(): Promise<TimedSubject[]> {
  const few = Array.from({ length: 10 }, randomKeyText)
  const many = Array.from({ length: 10_000 }, randomKeyText)
  const [ofFew, ofMany] = [identifyBy(few), identifyBy(many)]
  const remembering = identifyBy(many)
  const token = await tokenOf('ES256', 'warm')
  for (let index = 0; index < othersRemembered; index += 1) {
    const other = await tokenOf('HS256', `other-${index}`)
    if (!(await asked(remembering, bearer(other), true))) throw new Error('not remembered')
  }
  for (const identify of [ofFew, remembering]) await identify(bearer(token), Date.now())
  const cold = await Promise.all(algorithms.map(coldSubjects))
  return [
    warm('API key, 10 keys', ofFew, bearer(few[5] ?? '')),
    warm('API key, 10,000 keys', ofMany, bearer(many[5000] ?? '')),
    warm('API key in X-API-Key, 10,000 keys', ofMany, requestWith('x-api-key', many[7] ?? '')),
    warm('unknown key, 10,000 keys', ofMany, bearer(randomKeyText()), false),
    warm('token again', ofFew, bearer(token)),
    warm('token again, 5,000 others', remembering, bearer(token)),
    warm('16 KB that is no token', ofFew, bearer('e'.repeat(16_000)), false),
    warm('16 KB that looks like a token', ofFew, bearer(`eyJ${'.e'.repeat(8_000)}`), false),
    ...cold.flat(),
  ]
}

export interface Cost {
  readonly name: string
  readonly limit: number | null
  readonly measured: number
}

export function costsOf(times: readonly Times[]): Cost[] {
  const p50 = (name: string) => times.find((one) => one.name === name)?.p50 ?? Number.NaN
  return [
    { name: 'API key, 10 keys, us', limit: 2, measured: p50('API key, 10 keys') },
    { name: 'API key, 10,000 keys, us', limit: 2, measured: p50('API key, 10,000 keys') },
    { name: 'token again, us', limit: 5, measured: p50('token again') },
    { name: 'token again, 5,000 others, us', limit: 5, measured: p50('token again, 5,000 others') },
    { name: '16 KB of no token, us', limit: 100, measured: p50('16 KB that is no token') },
    {
      name: '16 KB like a token, us',
      limit: 100,
      measured: p50('16 KB that looks like a token'),
    },
    ...algorithms.map((algorithm) => ({
      name: `${algorithm} cold, x bare jose`,
      limit: null,
      measured: p50(`${algorithm} cold`) / p50(`${algorithm} bare jose`),
    })),
  ]
}

/** A goal that was missed is marked; it does not fail the run, since a busy machine misses goals. */
export function costTable(costs: readonly Cost[]): string {
  const rows = costs.map(({ name, limit, measured }) => [
    name,
    limit === null ? '' : String(limit),
    measured.toFixed(2),
    limit === null || measured <= limit ? '' : 'MISSED',
  ])
  return table(['cost', 'at most', 'measured', ''], rows)
}
