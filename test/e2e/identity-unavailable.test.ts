/**
 * While nobody can tell who is calling, nobody is let in: an endpoint that never answers costs its
 * callers a bounded wait and an answer, those who leave meanwhile are on record, and a gateway that
 * stops tells those who still wait.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent } from '../../src/domain.js'
import type { Connection } from '../support/connection.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { call, initialize, request } from '../support/messages.js'
import { answer, type Service, silent, startService } from '../support/service.js'
import { until } from '../support/stdio.js'
import { startUpstream, type Upstream } from '../support/upstream.js'

const publicUrl = 'https://gateway.example'
const bearer = { authorization: 'Bearer an-opaque-token' }
let authorization: Service
let upstream: Upstream
let gateway: Gateway

test.before(async () => {
  authorization = await startService(silent)
  upstream = await startUpstream()
})

test.before.each(async () => {
  authorization.reply = silent
  upstream.seen.length = 0
  const introspection = {
    url: `${authorization.url}/introspect`,
    clientId: 'guard',
    clientSecret: 'secret',
  }
  gateway = await startGateway({
    upstreams: { up: upstream.url },
    listen: { publicUrl, drainTimeout: '1s' },
    identity: {
      oauth: { authorizationServers: [{ issuer: 'https://as.example', introspection }] },
    },
  })
})

test.after.each(() => gateway.close())
test.after(async () => {
  await upstream.close()
  await authorization.down()
})

const known = { active: true, sub: 'carol', aud: `${publicUrl}/mcp/up`, exp: 4_000_000_000 }

/** The endpoint was asked so often. */
const isAsked = (times: number) => until(() => authorization.asked.length >= times, 'a question')

function brief({ event, outcome, code, status, subject }: AuditEvent): object {
  return { event, outcome, code, status, subject }
}

test('an endpoint that never answers: 503 after its time, on record, nothing is sent on', async () => {
  const startMs = performance.now()
  const got = await gateway.send({ as: null, headers: bearer, body: call('open-tool') })
  const tookMs = performance.now() - startMs
  assert.ok(tookMs > 4000 && tookMs < 30_000, `${tookMs} ms`)
  assert.equal([got.status, got.headers.get('retry-after')], [503, '1'])
  assert.match(got.body, 'who is calling cannot be verified at the moment')
  assert.equal((await gateway.audit()).map(brief), [
    {
      event: 'refused',
      outcome: 'failed',
      code: 'GUARD_IDENTITY_UNAVAILABLE',
      status: 503,
      subject: null,
    },
  ])
  assert.is(upstream.seen.length, 0)
})

for (const [what, sent] of Object.entries({
  'a call': { body: call('open-tool') },
  'a call whose body is still on its way': {
    headers: { 'content-type': 'application/json', 'content-length': '1000' },
  },
  'a stream': { verb: 'GET' },
  'a stream of HTTP+SSE': { verb: 'GET', path: '/mcp/up/sse' },
})) {
  test(`who leaves meanwhile (${what}): on record at once, nothing is sent on`, async () => {
    const before = authorization.asked.length
    const headers = { ...bearer, ...('headers' in sent ? sent.headers : {}) }
    const connection = await gateway.open({ as: null, ...sent, headers })
    await isAsked(before + 1)
    connection.close()
    const expected = {
      event: 'refused',
      outcome: 'abandoned',
      code: null,
      status: null,
      subject: null,
    }
    assert.equal(brief(await gateway.event(({ outcome }) => outcome === 'abandoned')), expected)
    authorization.reply = answer(known)
    const next = { authorization: 'Bearer the-token-of-somebody-else' }
    const again = await gateway.send({ as: null, headers: next, body: request('ping') })
    assert.is(again.status, 200, 'somebody else is not concerned')
    const outcomes = (await gateway.audit()).map(({ outcome }) => outcome)
    assert.equal(outcomes, ['abandoned', 'forwarded'])
    assert.equal(
      upstream.seen.map(({ message }) => message.method),
      ['ping'],
    )
  })
}

test('a gateway that stops answers those who still wait', async () => {
  const before = authorization.asked.length
  const connection = await gateway.open({ as: null, headers: bearer, body: call('open-tool') })
  await isAsked(before + 1)
  const closing = gateway.guard.close()
  const { status } = await connection.answer()
  await closing
  assert.is(status, 503)
  const codes = (await gateway.audit()).map(({ code }) => code)
  assert.is(codes.length, 1)
  assert.ok(['GUARD_STOPPING', 'GUARD_IDENTITY_UNAVAILABLE'].includes(codes[0] ?? ''))
  connection.close()
})

async function openSse(): Promise<{ stream: Connection; place: string }> {
  const stream = await gateway.open({ verb: 'GET', path: '/mcp/up/sse' })
  await stream.head()
  const [, place = ''] = /^data: (.*)$/m.exec(await stream.until('\n\n')) ?? []
  return { stream, place }
}

test('a post beside a stream: 401 and 503 with one record each, one question, and who leaves', async () => {
  const { stream, place } = await openSse()
  const post = async (headers: Readonly<Record<string, string>>) => {
    const earlier = (await gateway.audit()).length
    const { status } = await gateway.send({ as: null, path: place, headers, body: initialize })
    const codes = (await gateway.audit()).slice(earlier).map(({ code }) => code)
    return [status, ...codes]
  }
  assert.equal(await post({ 'x-api-key': 'nobody' }), [401, 'credential-unknown'])
  authorization.reply = answer('no json')
  const before = authorization.asked.length
  assert.equal(await post(bearer), [503, 'GUARD_IDENTITY_UNAVAILABLE'])
  assert.is(authorization.asked.length, before + 1)
  authorization.reply = answer(known)
  assert.equal(await post(bearer), [404, 'session-foreign'])
  authorization.reply = silent
  const leaving = await gateway.open({
    as: null,
    path: place,
    headers: { authorization: 'Bearer another-token' },
    body: initialize,
  })
  await isAsked(before + 3)
  leaving.close()
  await gateway.event(({ outcome }) => outcome === 'abandoned')
  assert.is(upstream.seen.length, 0)
  stream.close()
})

test.run()
