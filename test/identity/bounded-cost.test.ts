/**
 * What a stranger can make the gateway work and remember: junk as long as headers may be costs about
 * as much as a few digests of it, and however many are wrong from however many addresses, memory stays
 * where it was.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identify } from '../../src/domain.js'
import { parseJson } from '../../src/guard/parse-json.js'
import { createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { createIntrospection } from '../../src/identity/introspection.js'
import type { TokenVerifier } from '../../src/identity/verifiers.js'
import { sha256Hex } from '../../src/lib/secrets.js'
import { presented } from '../support/presented.js'
import { segment } from '../support/tokens.js'
import { idp, rules, secretRules, verifierOf } from './jwt/issuers.js'

function identifyWith(tokens: readonly TokenVerifier[], max = 1_000_000_000): Identify {
  const failures = createFailures({ max, perMs: 60_000 })
  return createIdentify({ keys: createKeyRing([]), tokens, failures, anonymous: false })
}

const jwtVerifier = verifierOf([rules(), secretRules()])
const longest = 16_384
const fill = (text: string) => text.repeat(Math.ceil(longest / text.length)).slice(0, longest)
/** A JWT whose claims (or header) are this text; as long as tokens may be, if the text is long. */
const withClaims = (json: string) =>
  `${segment({ alg: 'ES256' })}.${segment(json.slice(0, 12_000))}.AAAA`
const withHeader = (json: string) => `${segment(json.slice(0, 12_000))}.${segment({})}.AAAA`
const members = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`m${n}`, 0])))

const junk: Readonly<Record<string, string>> = {
  'one letter': fill('a'),
  'a word that begins like a token': fill('eyJ'),
  'nothing but dots': `e${fill('y.')}`.slice(0, longest),
  'a token of many segments': fill('eyJhbGciOiJFUzI1NiJ9.'),
  'a header of one long name': withHeader(`{"alg":"ES256","${fill('n')}":1}`),
  'a header with a long kid': withHeader(`{"alg":"ES256","kid":"${'k'.repeat(11_900)}"}`),
  'a header that is nested': withHeader(fill('[')),
  'claims that are nested': withClaims(fill('[')),
  'claims that are nested objects': withClaims(fill('{"a":')),
  'claims of one long text': withClaims(`{"iss":"${'i'.repeat(11_900)}"}`),
  'claims of one long number': withClaims(`{"iss":${'9'.repeat(11_900)}}`),
  'claims with as many escapes': withClaims(`{"iss":"${'\\u0061'.repeat(1900)}"}`),
  'a known issuer, and an end that is none': withClaims(
    JSON.stringify({ iss: idp, aud: 'mcp', exp: 'x'.repeat(11_000) }),
  ),
  'a key that is too long': `x-api-key ${fill('k')}`,
  'spaces before what is no text': `authorization Bearer${' '.repeat(longest)}\u00ff`,
  'another scheme': `authorization ${fill('Basic ')}`,
}

/** Microseconds; of the quietest of many short batches, which nobody else took a part of. */
function cost(run: () => unknown): number {
  const batches = Array.from({ length: 60 }, () => {
    const startNs = process.hrtime.bigint()
    for (let count = 0; count < 10; count += 1) run()
    return Number(process.hrtime.bigint() - startNs) / 10_000
  })
  return Math.min(...batches)
}

const yardstick = fill('y')

/**
 * Less than 100 us where a digest of as many bytes takes 10 us, which every text needs; machines
 * that are slow or busy take more for both, hence twice that.
 */
function isCheap(run: () => unknown): void {
  const us = cost(run)
  const digestUs = cost(() => sha256Hex(yardstick))
  assert.ok(us < 20 * digestUs, `${us.toFixed(0)} us, the digest ${digestUs.toFixed(0)} us`)
}

function headersOf(text: string): string[] {
  const [, name = 'authorization', value = `Bearer ${text}`] =
    /^(x-api-key|authorization) ([\s\S]*)$/.exec(text) ?? []
  return ['host', 'localhost', name, value]
}

for (const [what, text] of Object.entries(junk)) {
  test(`16 KiB of junk are refused for next to nothing: ${what}`, () => {
    const identify = identifyWith([jwtVerifier])
    const asked = presented(headersOf(text))
    const identified = identify(asked, Date.now())
    assert.ok(!(identified instanceof Promise) && !identified.ok, 'nobody waits for anything')
    isCheap(() => identify(asked, Date.now()))
  })
}

test('claims with very many members cost a few times what reading any JSON of them costs', () => {
  const json = members(1200)
  const identify = identifyWith([jwtVerifier])
  const asked = presented(headersOf(withClaims(json)))
  assert.ok(json.length < 12_000)
  const us = cost(() => identify(asked, Date.now()))
  const bare = cost(() => JSON.parse(json))
  assert.ok(us < 6 * bare, `${us.toFixed(0)} us, JSON.parse ${bare.toFixed(0)} us`)
})

test('a hundred headers beside a credential are looked through for next to nothing', () => {
  const identify = identifyWith([jwtVerifier])
  const others = Array.from({ length: 100 }, (_, n) => [`x-other-${n}`, 'v'.repeat(150)]).flat()
  isCheap(() => identify(presented([...others, 'x-api-key', 'nobody']), Date.now()))
})

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapMb(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

const wrong: Readonly<Record<string, (index: number) => string>> = {
  keys: (index) => `mcp_${index}-is-no-key-of-anybody-but-it-looks-like-one`,
  tokens: (index) => `${segment({ alg: 'ES256', kid: `k${index}` })}.${segment({ iss: idp })}.AAAA`,
  'tokens that only their server can read': (index) => `opaque-${index}-${'o'.repeat(1000)}`,
}

for (const [what, make] of Object.entries(wrong)) {
  test(`wrong ${what} from ever more addresses: memory is bounded`, async () => {
    const { issuer, method, audiences, leewayMs, claims, revoked } = rules()
    const client = { id: 'gateway', secret: 'secret' }
    const url = `${idp}/introspect`
    const bounds = { maxAgeMs: 60_000, privateAddresses: false, alsoJwts: false }
    const asking = createIntrospection(
      { issuer, method, audiences, leewayMs, claims, revoked, url, client, ...bounds },
      {
        fetcher: { postForm: async () => ({ active: false }) },
        parseJson,
        isForeign: (text) => text.startsWith('mcp_'),
      },
    )
    const identify = identifyWith([asking, jwtVerifier], 20)
    const send = async (from: number, to: number) => {
      for (let index = from; index < to; index += 1) {
        const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
        const identified = await identify(
          presented(['authorization', `Bearer ${make(index)}`], { address }),
          Date.now(),
        )
        assert.not.ok(identified.ok)
      }
    }
    // Whatever has a bound is full by then.
    await send(0, 52_000)
    const fullMb = heapMb()
    await send(52_000, 78_000)
    const grownMb = heapMb() - fullMb
    assert.ok(grownMb < 4, `${grownMb.toFixed(1)} MB more`)
    assert.ok(fullMb < 120, `${fullMb.toFixed(0)} MB`)
  })
}

test.run()
