/**
 * What a server says about caching is about its own answer, not about what is left of it for one
 * caller: no shared cache may keep an answer of the gateway's, however it is framed.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { passAnswer } from '../support/answer-rig.js'
import { startGateway } from '../support/gateway.js'
import { call, notification, request } from '../support/messages.js'
import { json, mcpServer, type Script, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const shared = 'public, max-age=3600'
const saying = (script: Script): Script => {
  return (seen, response) => {
    response.setHeader('cache-control', shared)
    response.setHeader('expires', 'Fri, 01 Jan 2100 00:00:00 GMT')
    response.setHeader('age', '1')
    response.setHeader('etag', '"a"')
    return script(seen, response)
  }
}
const refusing: Script = ({ message }, response) => {
  const error = { code: -32601, message: 'Method not found' }
  json(response, { jsonrpc: '2.0', id: message.id, error }, 404)
}
const stream = 'no-store, no-transform'
const rows = [
  { what: 'JSON', script: mcpServer(), body: call('open-tool'), expected: 'no-store' },
  { what: 'a JSON list', script: mcpServer(), body: request('tools/list'), expected: 'no-store' },
  { what: 'a JSON error', script: refusing, body: call('open-tool'), expected: 'no-store' },
  {
    what: 'no body',
    script: mcpServer(),
    body: notification('notifications/progress'),
    expected: 'no-store',
  },
  { what: 'events', script: mcpServer({ sse: true }), body: call('open-tool'), expected: stream },
  { what: 'a GET stream', script: mcpServer(), body: null, expected: stream },
] as const

for (const { what, script, body, expected } of rows) {
  test(`${what}: ${expected}`, async () => {
    upstream.script = saying(script)
    const connection = await gateway.open(body === null ? { verb: 'GET' } : { body })
    const head = await connection.head()
    connection.close()
    assert.is(head?.headers.get('cache-control'), expected)
    for (const name of ['expires', 'age', 'etag']) assert.is(head?.headers.get(name), undefined)
  })
}

test('the header is not even read from a server', async () => {
  for (const type of ['application/json', 'text/event-stream']) {
    const headers = { 'content-type': type, 'cache-control': shared }
    const message = '{"jsonrpc":"2.0","id":1,"result":{}}'
    const text = type === 'application/json' ? message : `data: ${message}\n\n`
    const view = await passAnswer(
      { status: 200, headers, chunks: [Buffer.from(text)] },
      { expected: { type: 'own', id: 1 }, allowed: () => true },
    )
    assert.equal([view.status, view.cacheControl], [200, undefined])
  }
})

test.run()
