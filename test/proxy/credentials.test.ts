/**
 * Who is not identified learns nothing and is not read: a constant 401 before the body, whatever is
 * wrong with the credential; only the audit tells the cases apart.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf, startGateway } from '../support/gateway.js'
import { brief, call, pinned, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const upstreams = { up: upstream.url }
const gateway = await startGateway({ upstreams, callers: { alice: [], bob: [] } })
const open = await startGateway({ upstreams, anonymous: true })

test.after(async () => {
  await gateway.close()
  await open.close()
  await upstream.close()
})

const unauthenticated = {
  status: 401,
  headers: {
    'content-type': 'application/json',
    'www-authenticate': 'Bearer realm="mcp-guard"',
    connection: 'close',
  },
  body: '{"jsonrpc":"2.0","id":null,"error":{"code":1401,"message":"authentication required","data":{"requestId":"<id>"}}}',
}
const alice = keyOf('alice')
const rows: readonly {
  what: string
  headers: Record<string, string | string[]>
  code: string
}[] = [
  { what: 'none', headers: {}, code: 'credential-missing' },
  { what: 'unknown', headers: { authorization: 'Bearer nobody' }, code: 'credential-unknown' },
  {
    what: 'another scheme',
    headers: { authorization: 'Basic YTpi' },
    code: 'credential-malformed',
  },
  { what: 'an empty one', headers: { authorization: 'Bearer ' }, code: 'credential-malformed' },
  {
    what: 'two words',
    headers: { authorization: `Bearer ${alice} x` },
    code: 'credential-malformed',
  },
  {
    what: 'a prefix',
    headers: { authorization: `Bearer ${alice.slice(0, -1)}` },
    code: 'credential-unknown',
  },
  {
    what: 'a good one twice',
    headers: { authorization: [`Bearer ${alice}`, `Bearer ${alice}`] },
    code: 'credential-doubled',
  },
  {
    what: 'two kinds at once',
    headers: { authorization: `Bearer ${alice}`, 'x-api-key': alice },
    code: 'credential-doubled',
  },
  {
    what: 'a good and a bad one',
    headers: { authorization: `Bearer ${alice}`, 'x-api-key': 'nobody' },
    code: 'credential-doubled',
  },
  { what: 'an unknown X-API-Key', headers: { 'x-api-key': 'nobody' }, code: 'credential-unknown' },
]

for (const { what, headers, code } of rows) {
  test(`${what}: 401, the body unread`, async () => {
    const earlier = (await gateway.audit()).length
    // The body never comes, so whoever read it would not answer.
    const connection = await gateway.open({
      as: null,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': '100000' },
    })
    assert.equal(seenByCaller(await connection.answer()), unauthenticated)
    connection.close()
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'unauthenticated', code, status: 401, method: null },
    ])
    assert.equal(events[0]?.subject, null)
    assert.is(events[0]?.bytes_in, 0)
    assert.equal(upstream.seen.length, 0)
  })
}

for (const verb of ['GET', 'DELETE']) {
  test(`${verb} without a credential: 401`, async () => {
    const answer = await gateway.send({ verb, as: null })
    assert.is(answer.status, 401)
    assert.is(pinned(answer.body), unauthenticated.body)
    assert.equal(upstream.seen.length, 0)
  })
}

test('a credential in the address is none', async () => {
  const answer = await gateway.send({
    as: null,
    path: `/mcp/up?key=${alice}`,
    body: call('open-tool'),
  })
  assert.is(answer.status, 404)
  assert.equal(upstream.seen.length, 0)
})

test('the two ways to present a key are equal', async () => {
  for (const headers of [{ authorization: `bearer ${alice}` }, { 'x-api-key': alice }]) {
    const answer = await gateway.send({ as: null, headers, body: call('open-tool') })
    assert.is(answer.status, 200)
  }
})

test('anonymous: nobody is let in as somebody, a wrong key is still refused', async () => {
  const nobody = await open.send({ as: null, body: call('open-tool') })
  assert.is(nobody.status, 200)
  const wrong = await open.send({
    as: null,
    headers: { 'x-api-key': 'nobody' },
    body: call('open-tool'),
  })
  assert.is(wrong.status, 401)
  const subjects = (await open.audit()).map(({ subject }) => subject?.id ?? null)
  assert.equal(subjects, ['anonymous', null])
})

test('no credential reaches the audit or the log', async () => {
  const texts = JSON.stringify([await gateway.audit(), await open.audit(), gateway.logged])
  for (const secret of [alice, 'YTpi']) assert.not.ok(texts.includes(secret))
})

test.run()
