/**
 * The gateway's own credential for a server: when a token is asked for, with what, how long it is
 * used, and what happens where there is none.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { createFetcher } from '../../src/fetcher/create-fetcher.js'
import {
  type ClientCredentials,
  createUpstreamCredential,
} from '../../src/identity/upstream-credential.js'
import { createTestClock } from '../support/clock.js'
import { answer, type Service, startService } from '../support/service.js'

const fetcher = createFetcher()
let service: Service
test.before(async () => {
  service = await startService(answer({}))
})
test.after(async () => {
  await fetcher.close()
  await service.down()
})

function tokens(more: object = {}) {
  let count = 0
  const before = service.asked.length
  service.reply = (asked, response) => {
    count += 1
    answer({ access_token: `token-${count}`, token_type: 'bearer', expires_in: 600, ...more })(
      asked,
      response,
    )
  }
  return { asked: () => service.asked.length - before }
}

function client(more: Partial<ClientCredentials> = {}) {
  const clock = createTestClock()
  const options: ClientCredentials = {
    kind: 'client-credentials',
    tokenUrl: `${service.url}/token`,
    clientId: 'mcp guard',
    clientSecret: 'canary:secret',
    scopes: ['a', 'b'],
    resource: 'https://mcp.example/mcp',
    privateAddresses: false,
    ...more,
  }
  return { clock, credential: createUpstreamCredential(options, { fetcher, clock }) }
}

async function problemOf(headers: unknown): Promise<string> {
  try {
    await headers
  } catch (thrown) {
    if (!(thrown instanceof GuardError)) throw thrown
    assert.is(thrown.code, 'GUARD_UPSTREAM_UNREACHABLE')
    assert.not.match(thrown.message, 'canary')
    return thrown.message
  }
  throw new Error('it did not fail')
}

test('a static header is always the same, and a 401 changes nothing', () => {
  const credential = createUpstreamCredential(
    { kind: 'header', name: 'X-Api-Key', value: 'abc' },
    { fetcher },
  )
  const lines = credential.headers() as readonly string[]
  assert.equal(lines, ['x-api-key', 'abc'])
  assert.not(credential.refused(lines))
})

test('what the token endpoint is asked', async () => {
  tokens()
  const { credential } = client()
  assert.equal(await credential.headers(), ['authorization', 'Bearer token-1'])
  const asked = service.asked.at(-1)
  assert.is(`${asked?.verb} ${asked?.path}`, 'POST /token')
  assert.equal(
    [...new URLSearchParams(asked?.body)],
    [
      ['grant_type', 'client_credentials'],
      ['scope', 'a b'],
      ['resource', 'https://mcp.example/mcp'],
    ],
  )
  const basic = asked?.headers.authorization?.replace('Basic ', '') ?? ''
  assert.is(Buffer.from(basic, 'base64').toString(), 'mcp+guard:canary%3Asecret')
  await client({ scopes: [], resource: null }).credential.headers()
  assert.is(service.asked.at(-1)?.body, 'grant_type=client_credentials')
})

test('one request for all who wait, and none until shortly before the end', async () => {
  const endpoint = tokens()
  const { clock, credential } = client()
  const all = await Promise.all(Array.from({ length: 50 }, () => credential.headers()))
  assert.ok(all.every((lines) => lines[1] === 'Bearer token-1'))
  clock.forward(570_000 - 1)
  assert.ok(Array.isArray(credential.headers()), 'no promise')
  assert.is(endpoint.asked(), 1)
  clock.forward(1)
  assert.is((await credential.headers())[1], 'Bearer token-2')
  assert.is(endpoint.asked(), 2)
})

for (const [what, more, untilMs] of [
  ['a week', { expires_in: 604_800 }, 3_600_000 - 30_000],
  ['as text', { expires_in: '600' }, 570_000],
  ['unsaid', { expires_in: undefined }, 300_000 - 30_000],
  ['ten seconds', { expires_in: 10 }, 8_000],
] as const) {
  test(`how long a token is used that lives ${what}`, async () => {
    const endpoint = tokens(more)
    const { clock, credential } = client()
    await credential.headers()
    clock.forward(untilMs - 1)
    await credential.headers()
    assert.is(endpoint.asked(), 1)
    clock.forward(1)
    await credential.headers()
    assert.is(endpoint.asked(), 2)
  })
}

test('a refused token is fetched anew, unless it has only just come', async () => {
  const endpoint = tokens()
  const { clock, credential } = client()
  const first = await credential.headers()
  assert.not(credential.refused(first))
  assert.is((await credential.headers())[1], 'Bearer token-1')
  clock.forward(10_000)
  assert.ok(credential.refused(first))
  assert.ok(credential.refused(first), 'said by another request that had it too')
  const [one, other] = await Promise.all([credential.headers(), credential.headers()])
  assert.is(one[1], 'Bearer token-2')
  assert.is(other, one)
  assert.ok(credential.refused(first), 'there is another by now')
  assert.not(credential.refused(one))
  assert.is(endpoint.asked(), 2)
})

for (const [what, reply, told] of [
  [
    'an error',
    answer({ error: 'invalid_client' }, 'application/json', 401),
    '401 (invalid_client)',
  ],
  ['HTML', answer('<html>canary', 'text/html'), 'text/html instead of JSON'],
  ['no object', answer(['canary']), 'without a usable access_token'],
  ['null', answer('null'), 'without a usable access_token'],
  ['no token', answer({ token_type: 'Bearer' }), 'without a usable access_token'],
  [
    'a line break in it',
    answer({ access_token: 'canary\r\nx-evil: 1', token_type: 'Bearer' }),
    'without a usable access_token',
  ],
  [
    'another type',
    answer({ access_token: 'canary', token_type: 'DPoP' }),
    'another token_type than Bearer',
  ],
  ['no type', answer({ access_token: 'canary' }), 'another token_type than Bearer'],
  [
    'a token that is over',
    answer({ access_token: 'canary', token_type: 'Bearer', expires_in: 0 }),
    'a token that is over',
  ],
  [
    'no number',
    answer({ access_token: 'canary', token_type: 'Bearer', expires_in: 'soon' }),
    'a token that is over',
  ],
] as const) {
  test(`a token endpoint that answers with ${what}`, async () => {
    service.reply = reply
    const told502 = await problemOf(client().credential.headers())
    assert.match(told502, 'no credential for the server: ')
    assert.match(told502, told)
  })
}

test('an endpoint that fails five times in a row is left alone for a second', async () => {
  service.reply = answer({}, 'application/json', 500)
  const before = service.asked.length
  const { clock, credential } = client()
  for (let count = 0; count < 5; count += 1) await problemOf(credential.headers())
  assert.match(await problemOf(credential.headers()), 'the last requests for a token failed')
  assert.is(service.asked.length - before, 5)
  tokens()
  clock.forward(1000)
  assert.is((await credential.headers())[1], 'Bearer token-1')
})

test.run()
