/**
 * No header of a caller steers the gateway or passes as its own word: neither those by which other
 * gateways were steered, nor one that `Connection` nominates, nor a session id of the caller's making.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, openSession } from '../support/messages.js'
import { startUpstream, upstreamSession } from '../support/upstream.js'

const upstream = await startUpstream()
const elsewhere = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url, other: elsewhere.url } })
test.after(async () => {
  await gateway.close()
  await upstream.close()
  await elsewhere.close()
})

const other = new URL(elsewhere.url).host
const steering = {
  'mcp-init-host': other,
  'mcp-server': 'other',
  'x-mcp-server': 'other',
  'x-mcp-target-url': elsewhere.url,
  'x-original-url': '/mcp/other',
  'x-rewrite-url': '/mcp/other',
  'x-forwarded-host': other,
  'x-forwarded-user': 'root',
  'x-user': 'root',
  'x-http-method-override': 'DELETE',
  'mcp-guard-subject': 'root',
  mcp_session_id: 'never',
  cookie: 'session=root',
  'proxy-authorization': 'Basic cm9vdDpyb290',
  connection: 'authorization, host, mcp-session-id',
  forwarded: `host=${other}`,
}

test('headers that steered others: the same server, the same caller, and none of them passes', async () => {
  const headers = { ...steering, 'mcp-session-id': await openSession(gateway) }
  const answer = await gateway.send({ headers, body: call('open-tool') })
  assert.is(answer.status, 200)
  assert.is(elsewhere.seen.length, 0)
  const seen = upstream.seen.at(-1)
  assert.is(seen?.headers.get('mcp-session-id'), upstreamSession)
  assert.is(seen?.headers.get('host'), new URL(upstream.url).host)
  for (const name of [...Object.keys(steering), 'authorization']) {
    if (name !== 'connection') assert.is(seen?.headers.get(name), undefined, name)
  }
  const event = (await gateway.audit()).at(-1)
  assert.equal([event?.subject?.id, event?.server, event?.outcome], ['alice', 'up', 'forwarded'])
})

test('who says that it is somebody, without a key, is nobody', async () => {
  const before = upstream.seen.length
  const answer = await gateway.send({ as: null, headers: steering, body: call('open-tool') })
  assert.is(answer.status, 401)
  assert.is(upstream.seen.length, before)
})

test.run()
