/**
 * Probes and the operator's listener: a stranger learns the status and nothing else; reasons,
 * revision and metrics are for whoever may use the admin listener.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../support/connection.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { closedPortUrl, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: { url: upstream.url, required: true } } })
const unready = await startGateway({
  upstreams: { up: upstream.url, gone: { url: await closedPortUrl(), required: true } },
})
const token = 'admin-token-of-at-least-thirty-two-characters'
const guarded = await startGateway({ upstreams: { up: upstream.url }, admin: { token } })

test.after(async () => {
  for (const one of [gateway, unready, guarded]) await one.close()
  await upstream.close()
})

async function probe(on: Gateway, path: string, headers: Record<string, string | null> = {}) {
  const answer = await on.send({ verb: 'GET', as: null, path, headers })
  return [answer.status, answer.body]
}

const probes = [
  { path: '/health', on: gateway, expected: [200, '{"status":"healthy"}'] },
  { path: '/live', on: gateway, expected: [200, '{"status":"alive"}'] },
  { path: '/ready', on: gateway, expected: [200, '{"ready":true}'] },
  { path: '/health', on: unready, expected: [200, '{"status":"healthy"}'] },
  { path: '/live', on: unready, expected: [200, '{"status":"alive"}'] },
  { path: '/ready', on: unready, expected: [503, '{"ready":false}'] },
]
for (const { path, on, expected } of probes) {
  test(`public ${path}: ${expected[0]}, nothing but the status`, async () => {
    assert.equal(await probe(on, path), expected)
  })
}

test('a probe is known by its path alone and needs no Host of ours', async () => {
  assert.equal(await probe(gateway, '/live', { host: '10.1.2.3:8080' }), [
    200,
    '{"status":"alive"}',
  ])
  assert.is((await gateway.send({ as: null, path: '/live', body: {} })).status, 404)
  assert.is((await probe(gateway, '/live/'))[0], 404)
  assert.is((await probe(gateway, '/metrics'))[0], 404)
})

test('admin health: revision, upstreams, no problem', async () => {
  const answer = await gateway.admin('/health')
  const { policy, ...rest } = JSON.parse(answer.body)
  assert.equal(rest, {
    status: 'healthy',
    ready: true,
    reason: null,
    upstreams: [{ name: 'up', path: '/mcp/up', required: true }],
  })
  assert.match(policy.revision, /^sha256:[0-9a-f]{64}$/)
  assert.ok(Math.abs(Date.parse(policy.activated) - Date.now()) < 60_000)
  assert.is(policy.problem, null)
})

test('admin readiness says why not', async () => {
  const answer = await unready.admin('/ready')
  assert.equal(
    [answer.status, answer.body],
    [503, '{"ready":false,"reason":"upstream `gone` does not answer"}'],
  )
  assert.equal((await unready.admin('/live')).body, '{"status":"alive"}')
  assert.equal((await gateway.admin('/ready')).body, '{"ready":true}')
})

test('metrics count what happened', async () => {
  await gateway.send({ body: call('open-tool') })
  await gateway.send({ body: call('hidden-tool') })
  await gateway.send({ as: null, body: call('open-tool') })
  const answer = await gateway.admin('/metrics')
  assert.match(answer.headers.get('content-type') ?? '', 'text/plain')
  for (const [outcome, method] of [
    ['forwarded', 'tools/call'],
    ['denied', 'tools/call'],
    ['unauthenticated', ''],
  ]) {
    const line = answer.body.split('\n').find((one) => one.includes(`outcome="${outcome}"`))
    assert.ok(line?.includes(`method="${method}`), `${outcome}: ${line}`)
  }
  assert.match(answer.body, /policy_active_info\{revision="sha256:[0-9a-f]{64}"\} 1/)
  assert.not.match(answer.body, 'alice')
  assert.not.match(answer.body, 'open-tool')
})

const strangers: readonly Record<string, string>[] = [
  { host: 'evil.example' },
  { host: 'localhost.evil.example' },
  { origin: 'https://evil.example' },
  { origin: 'http://localhost:3000' },
  { origin: 'null' },
]
for (const headers of strangers) {
  test(`admin refuses ${JSON.stringify(headers)}: 403`, async () => {
    for (const path of ['/health', '/metrics', '/live', '/ready', '/x']) {
      const answer = await gateway.admin(path, headers)
      assert.equal(
        [answer.status, answer.body],
        [403, '{"error":"this Host or Origin is not served here"}'],
      )
    }
  })
}

test('admin with a token: nothing without it, whatever the Host', async () => {
  const wrong = ['', 'Bearer ', `Bearer ${token}x`, `Basic ${token}`, token, `Bearer ${token} x`]
  for (const authorization of wrong) {
    const answer = await guarded.admin('/health', { authorization })
    assert.equal([answer.status, answer.body], [401, '{"error":"the admin token is required"}'])
    assert.is(answer.headers.get('www-authenticate'), 'Bearer realm="mcp-guard-admin"')
  }
  const right = { authorization: `Bearer ${token}` }
  assert.is((await guarded.admin('/health', right)).status, 200)
  assert.is((await guarded.admin('/health', { ...right, host: 'guard.internal' })).status, 200)
})

test('admin knows four paths and GET', async () => {
  assert.is((await gateway.admin('/')).status, 404)
  assert.is((await gateway.admin('/mcp/up')).status, 404)
  const connection = await Connection.open(gateway.adminUrl)
  connection.send(`POST /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n`)
  assert.is((await connection.answer()).status, 405)
  connection.close()
})

test('the public listener serves no operator', async () => {
  const answer = await gateway.send({
    verb: 'GET',
    path: '/health',
    headers: { host: 'localhost' },
  })
  assert.not.match(answer.body, 'revision')
})

test.run()
