/**
 * Which credentials an authorization server is asked about: what is no API key and no JWT of others.
 * Where it cannot be asked its callers are answered 503, and nobody else notices.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '../support/free-port.js'
import { keyOf, startGateway } from '../support/gateway.js'
import { call, pinned } from '../support/messages.js'
import { answer, startService } from '../support/service.js'
import { makeToken } from '../support/tokens.js'
import { startUpstream } from '../support/upstream.js'

const secret = 'a-secret-of-an-issuer-with-32-bytes-or-more'
const upstream = await startUpstream()
const port = await freePort()
const now = Math.floor(Date.now() / 1000)
const claims = { sub: 'carol', aud: `http://localhost:${port}/mcp/up`, exp: now + 600 }
const service = await startService(answer({ ...claims, active: true }))
const issuer = service.url
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], gone: [] },
  entries: { gone: { disabled: true } },
  listen: { port, publicUrl: `http://localhost:${port}` },
  identity: {
    jwt: [{ issuer: 'https://plain.example', secret, audience: ['us'] }],
    oauth: {
      authorizationServers: [
        {
          issuer,
          introspection: {
            url: `${issuer}/introspect`,
            clientId: 'us',
            clientSecret: 'client-secret',
            maxAge: '0s',
          },
        },
      ],
    },
  },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
  await service.down()
})

function signed(more: object): string {
  return makeToken({ header: { alg: 'HS256' }, claims: { ...claims, ...more }, with: { secret } })
}

type Row = readonly [
  what: string,
  header: 'authorization' | 'x-api-key',
  text: string,
  asked: boolean,
  who: string | null,
  code: string | null,
]

const rows: readonly Row[] = [
  ['an opaque token', 'authorization', 'opaque', true, 'carol', null],
  ['a JWT of the server', 'authorization', signed({ iss: issuer }), true, 'carol', null],
  [
    'a JWT of another issuer',
    'authorization',
    signed({ iss: 'https://plain.example', aud: 'us' }),
    false,
    'carol',
    null,
  ],
  [
    'a JWT of nobody',
    'authorization',
    signed({ iss: 'https://x.example' }),
    false,
    null,
    'token-issuer',
  ],
  ['an API key of any form', 'authorization', keyOf('alice'), false, 'alice', null],
  ['a disabled one', 'authorization', keyOf('gone'), false, null, 'credential-disabled'],
  ['what looks like one', 'authorization', 'mcp_x', false, null, 'credential-unknown'],
  ['a token as X-API-Key', 'x-api-key', 'opaque', false, null, 'credential-unknown'],
]

for (const [what, header, text, asked, who, code] of rows) {
  test(`${what}: the server is ${asked ? '' : 'not '}asked, ${who ?? code}`, async () => {
    const earlier = service.asked.length
    const headers = { [header]: header === 'authorization' ? `Bearer ${text}` : text }
    const got = await gateway.send({ as: null, headers, body: call('open-tool') })
    assert.is(got.status, who === null ? 401 : 200)
    assert.is(service.asked.length - earlier, asked ? 1 : 0)
    const event = (await gateway.audit()).at(-1)
    assert.is(event?.subject?.id ?? null, who)
    assert.is(event?.code ?? null, code)
  })
}

test('the server is down: 503 for its callers, API keys and JWTs work', async () => {
  await service.down()
  try {
    const opaque = await gateway.send({
      as: null,
      headers: { authorization: 'Bearer opaque' },
      body: call('open-tool'),
    })
    assert.is(opaque.status, 503)
    assert.is(opaque.headers.get('retry-after'), '1')
    assert.is(
      pinned(opaque.body),
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"who is calling cannot be verified at the moment","data":{"requestId":"<id>"}}}',
    )
    assert.is((await gateway.audit()).at(-1)?.code, 'GUARD_IDENTITY_UNAVAILABLE')
    assert.is((await gateway.send({ body: call('open-tool') })).status, 200)
    const jwt = signed({ iss: 'https://plain.example', aud: 'us' })
    const other = await gateway.send({
      as: null,
      headers: { authorization: `Bearer ${jwt}` },
      body: call('open-tool'),
    })
    assert.is(other.status, 200)
  } finally {
    await service.up()
  }
})

test('neither the token nor the gateway’s own secret is in the audit or the log', async () => {
  const texts = JSON.stringify([await gateway.audit(), gateway.logged])
  for (const text of ['"opaque', 'client-secret', 'eyJ']) assert.not.ok(texts.includes(text), text)
})

test.run()
