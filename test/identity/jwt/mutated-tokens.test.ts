/**
 * Whatever is done to the text of a good token, it is good no more: 10^5 mutations of tokens of every
 * kind of key, while the good ones are remembered. Bits, characters, segments, spellings, members.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Random, seededRandom } from '../../support/random.js'
import { makeToken, segment } from '../../support/tokens.js'
import { claims, withUnusedBit } from './cases/making.js'
import { circumstances, hs, keys, rules, secret, secretRules, verifierOf } from './issuers.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const wanted = Number(process.env['MUTATIONS'] ?? 100_000)
const batch = 500

const rich = {
  ...claims,
  jti: 'token-1',
  scope: 'mcp:tools mcp:admin',
  realm_access: { roles: ['dev'] },
  act: { sub: 'agent' },
}
const good: readonly string[] = [
  makeToken({ header: { alg: 'RS256', kid: 'rsa' }, claims: rich, with: keys.rsa }),
  makeToken({ header: { alg: 'PS256', kid: 'pss', typ: 'JWT' }, claims: rich, with: keys.pss }),
  makeToken({ header: { alg: 'ES256', kid: 'p256' }, claims: rich, with: keys.p256 }),
  makeToken({
    header: { alg: 'EdDSA', kid: 'ed' },
    claims: { ...rich, sub: 'bob' },
    with: keys.ed,
  }),
  makeToken({ header: { alg: 'HS256' }, claims: { ...rich, iss: hs }, with: { secret } }),
  makeToken({
    header: { alg: 'HS512' },
    claims: { ...rich, iss: hs, sub: 'bob' },
    with: { secret },
  }),
]
const goodTexts = new Set(good)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

type Mutation = (text: string, random: Random) => string

function ofSegment(change: (part: string, random: Random) => string): Mutation {
  return (text, random) => {
    const parts = text.split('.')
    const at = random.below(parts.length)
    parts[at] = change(parts[at] ?? '', random)
    return parts.join('.')
  }
}

function ofBytes(change: (bytes: Buffer, random: Random) => Buffer): Mutation {
  return ofSegment((part, random) =>
    change(Buffer.from(part, 'base64url'), random).toString('base64url'),
  )
}

/** Header or claims as an object, the signature kept. */
function ofMembers(
  at: 0 | 1,
  change: (object: Record<string, unknown>, random: Random) => unknown,
) {
  return (text: string, random: Random): string => {
    const parts = text.split('.')
    const object = JSON.parse(Buffer.from(parts[at] ?? '', 'base64url').toString())
    parts[at] = segment(JSON.stringify(change(object, random)))
    return parts.join('.')
  }
}

function replaceAt(text: string, at: number, by: string, count = 1): string {
  return `${text.slice(0, at)}${by}${text.slice(at + count)}`
}

function character(random: Random): string {
  return alphabet[random.below(64)] ?? ''
}

const mutations: readonly Mutation[] = [
  // A bit of the text.
  (text, random) => {
    const at = random.below(text.length)
    return replaceAt(text, at, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(7))))
  },
  // A bit of what it decodes to.
  ofBytes((bytes, random) => {
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes
  }),
  (text, random) => replaceAt(text, random.below(text.length), character(random)),
  (text, random) => replaceAt(text, random.below(text.length), ''),
  (text, random) => replaceAt(text, random.below(text.length), character(random), 0),
  (text, random) => {
    const at = random.below(text.length)
    const one = text[at] ?? ''
    return replaceAt(text, at, one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())
  },
  (text, random) => {
    const at = random.below(text.length - 1)
    return replaceAt(text, at, `${text[at + 1]}${text[at]}`, 2)
  },
  // The same bytes in another spelling.
  ofSegment(withUnusedBit),
  ofSegment((part, random) => part + '='.repeat(1 + random.below(2))),
  ofSegment((part) => part.replaceAll('-', '+').replaceAll('_', '/')),
  (text, random) =>
    replaceAt(text, random.below(text.length), ' \t\n\r\0%+/=~ä'[random.below(11)] ?? ' ', 0),
  // Segments: cut, doubled, left out, taken from others.
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => text.slice(1 + random.below(text.length - 1)),
  (text, random) => text + character(random).repeat(1 + random.below(8)),
  ofBytes((bytes, random) => bytes.subarray(0, random.below(bytes.length))),
  ofBytes((bytes, random) =>
    Buffer.concat([bytes, Buffer.alloc(1 + random.below(4), random.below(256))]),
  ),
  ofBytes((bytes, random) => Buffer.alloc(bytes.length, random.below(2) * 255)),
  (text, random) => {
    const parts = [0, 1, 2].map(
      (at) => (random.below(2) === 0 ? text : other(random)).split('.')[at],
    )
    return parts.join('.')
  },
  (text, random) => {
    const parts = text.split('.')
    const order = [
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
      [0, 0, 2],
      [0, 1, 1],
    ]
    return (order[random.below(order.length)] ?? []).map((at) => parts[at]).join('.')
  },
  ofSegment((part) => `${part}.${part}`),
  ofSegment(() => ''),
  // Members, the signature kept.
  ofMembers(1, (object, random) => {
    const names = Object.keys(object)
    const { [names[random.below(names.length)] ?? '']: _, ...rest } = object
    return rest
  }),
  ofMembers(1, (object, random) => ({ ...object, exp: claims.exp + 1 + random.below(1_000_000) })),
  ofMembers(1, (object, random) => ({ ...object, sub: `user${random.below(1000)}` })),
  ofMembers(1, (object, random) => ({
    ...object,
    [`claim${random.below(1000)}`]: random.below(9),
  })),
  ofMembers(1, (object, random) => ({
    ...object,
    realm_access: { roles: [`r${random.below(99)}`] },
  })),
  ofMembers(1, (object) => Object.fromEntries(Object.entries(object).reverse())),
  ofMembers(0, (object, random) => ({ ...object, alg: algorithm(random) })),
  ofMembers(0, (object, random) => ({ ...object, kid: kid(random) })),
  ofMembers(0, (object, random) => ({ ...object, alg: algorithm(random), kid: kid(random) })),
  ofMembers(0, (object, random) => ({
    ...object,
    typ: ['JWT', 'at+jwt', 'jwt'][random.below(3)] ?? '',
    x: 1,
  })),
  ofMembers(0, ({ alg }) => ({ alg, x: 1 })),
]

function other(random: Random): string {
  return good[random.below(good.length)] ?? ''
}

function algorithm(random: Random): string {
  const names = ['none', 'RS256', 'RS384', 'PS256', 'ES256', 'ES384', 'EdDSA', 'HS256', 'HS384']
  return names[random.below(names.length)] ?? ''
}

function kid(random: Random): string {
  return Object.values(keys)[random.below(Object.keys(keys).length)]?.kid ?? ''
}

/** The next so many that are no good token. */
function mutants(from: number, random: Random): string[] {
  const texts: string[] = []
  while (texts.length < batch) {
    let text = mutations[(from + texts.length) % mutations.length]?.(other(random), random) ?? ''
    // Some twice: two faults do not make it good.
    if (random.below(8) === 0) text = mutations[random.below(3)]?.(text, random) ?? text
    if (!goodTexts.has(text) && text !== '') texts.push(text)
  }
  return texts
}

test(`${wanted} mutations of ${good.length} good tokens: none is let in (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const verifier = verifierOf([rules(), secretRules()])
  const at = circumstances()
  const reasons: Record<string, number> = {}
  for (let done = 0; done < wanted; done += batch) {
    // Known and remembered throughout.
    for (const text of good) assert.ok((await verifier.verify(text, at)).ok)
    const texts = mutants(done, random)
    const results = await Promise.all(texts.map((text) => verifier.verify(text, at)))
    for (const [index, result] of results.entries()) {
      const reason = result.ok ? 'none' : result.reason
      assert.is.not(reason, 'none', `seed ${seed}: ${texts[index]}`)
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
  }
  // Otherwise it would be about the form alone.
  for (const [reason, share] of Object.entries(least)) {
    assert.ok((reasons[reason] ?? 0) >= wanted * share, `${reason}: ${JSON.stringify(reasons)}`)
  }
  if (process.env['SHOW'] !== undefined) console.log(reasons)
})

/** Shares of the mutations that get so far at least. */
const least = {
  'token-signature': 0.2,
  'token-malformed': 0.2,
  'token-algorithm': 0.01,
  'token-key-unknown': 0.0005,
  'token-issuer': 0.002,
  'token-claims': 0.001,
}

test.run()
