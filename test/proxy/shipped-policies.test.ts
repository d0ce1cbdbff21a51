/** The shipped policies as a whole gateway: who sees and may use what, and how much. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, pinned, request } from '../support/messages.js'
import { json, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { everything: upstream.url, other: upstream.url },
  policy: 'shipped',
  callers: { admin: ['admin'], reader: ['reader'], nobody: [] },
})
const offeredTools = ['echo', 'get-sum', 'get-env', 'delete_file', 'get-tiny-image']

test.before.each(() => {
  upstream.script = (seen, response) =>
    seen.message.method === 'tools/list'
      ? json(response, result(seen.message.id, { tools: offeredTools.map((name) => ({ name })) }))
      : mcpServer()(seen, response)
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

async function listed(as: string, path = '/mcp/everything'): Promise<string[]> {
  const answer = await gateway.send({ as, path, body: request('tools/list') })
  return JSON.parse(answer.body).result.tools.map(({ name }: { name: string }) => name)
}

async function callable(as: string, path = '/mcp/everything'): Promise<string[]> {
  const names: string[] = []
  for (const name of offeredTools) {
    const sent = call(name, { arguments: { message: 'hi' } })
    const { body } = await gateway.send({ as, path, body: sent })
    if (JSON.parse(body).result.isError !== true) names.push(name)
  }
  return names
}

const rows = [
  { as: 'admin', path: '/mcp/everything', names: ['echo', 'get-sum', 'get-env', 'get-tiny-image'] },
  { as: 'reader', path: '/mcp/everything', names: ['echo', 'get-sum', 'get-tiny-image'] },
  { as: 'nobody', path: '/mcp/everything', names: [] },
  { as: 'admin', path: '/mcp/other', names: [] },
]
for (const { as, path, names } of rows) {
  test(`${as} at ${path}: listed and callable are ${JSON.stringify(names)}`, async () => {
    assert.equal(await listed(as, path), names)
    assert.equal(await callable(as, path), names)
  })
}

test('a destructive tool lacks a scope, and only the audit says so', async () => {
  const answer = await gateway.send({ as: 'admin', body: call('delete_file') })
  assert.is(
    pinned(answer.body),
    '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Denied by policy (decision <id>). Retrying will not help."}],"isError":true}}',
  )
  assert.equal((await gateway.audit()).at(-1)?.reasons, ['scope-missing'])
})

test('a bound on an argument holds for calls', async () => {
  const long = call('echo', { arguments: { message: 'x'.repeat(2001) } })
  assert.match((await gateway.send({ as: 'reader', body: long })).body, '"isError":true')
  const none = call('echo', { arguments: {} })
  assert.match((await gateway.send({ as: 'reader', body: none })).body, '"isError":true')
  assert.equal(upstream.seen.length, 0)
})

test('a URI that climbs is refused, one below the grant passes', async () => {
  const uris = [
    'demo://resource/static/document/../secret',
    'demo://resource/static/document/%2e%2e/secret',
    'demo://resource/static/document/features.md',
  ]
  for (const uri of uris)
    await gateway.send({ as: 'reader', body: request('resources/read', { uri }) })
  assert.equal(
    upstream.seen.flatMap(({ message: { method, params } }) =>
      method === 'resources/read' ? [params?.['uri']] : [],
    ),
    [uris[2]],
  )
})

test('housekeeping is open to every identified caller, other methods to none', async () => {
  for (const method of ['ping', 'initialize', 'logging/setLevel']) {
    const params = method === 'initialize' ? { protocolVersion: '2025-11-25' } : {}
    const { body } = await gateway.send({ as: 'nobody', body: request(method, params) })
    assert.not.ok(body.includes('1403'), method)
  }
  const unknown = await gateway.send({ as: 'reader', body: request('vendor/reset') })
  assert.match(unknown.body, '"code":-32601')
  const { outcome, reasons } = await gateway.event(({ method }) => method === 'vendor/reset')
  assert.equal([outcome, reasons], ['denied', ['not-granted']])
})

test('the tier’s bucket of a tool runs dry before the caller’s', async () => {
  const statuses: number[] = []
  for (let count = 0; count < 12; count++) {
    statuses.push((await gateway.send({ as: 'reader', body: call('get-tiny-image') })).status)
  }
  assert.ok(statuses.filter((status) => status === 200).length <= 11)
  assert.is(statuses.at(-1), 429)
  assert.equal((await gateway.audit()).at(-1)?.limits, [
    { name: 'tool', tier: 'standard' },
    { name: 'user', tier: 'standard' },
  ])
  assert.is((await gateway.send({ as: 'reader', body: call('get-sum') })).status, 200)
})

test.run()
