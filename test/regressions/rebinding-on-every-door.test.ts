/**
 * DNS rebinding: a page of another site reaches no door of the gateway, whichever transport it tries.
 * Each door is asked with a strange Host and with a strange Origin, also by a caller with a key.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Sent, startGateway } from '../support/gateway.js'
import { initialize } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const strangers = [
  { host: 'evil.example' },
  { host: '127.0.0.1.evil.example' },
  { origin: 'http://evil.example' },
  { origin: 'null' },
]
const place = `/mcp/up/messages?session=${'A'.repeat(22)}`
const plain = { 'content-type': 'text/plain' }
const doors: Readonly<Record<string, Sent>> = {
  'POST, Streamable HTTP': { body: initialize },
  'POST as text': { body: initialize, headers: plain },
  'GET, Streamable HTTP': { verb: 'GET' },
  DELETE: { verb: 'DELETE' },
  preflight: { verb: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } },
  'the stream of HTTP+SSE': { verb: 'GET', path: '/mcp/up/sse' },
  'a place of HTTP+SSE': { path: place, body: initialize },
  'its preflight': { verb: 'OPTIONS', path: place },
}

for (const [door, sent] of Object.entries(doors)) {
  test(`${door}: 403, on record, and nothing reaches the server`, async () => {
    for (const stranger of strangers) {
      const earlier = (await gateway.audit()).length
      const headers = { ...sent.headers, ...stranger }
      assert.is((await gateway.send({ ...sent, headers })).status, 403, JSON.stringify(stranger))
      const [event, ...more] = (await gateway.audit()).slice(earlier)
      const code = 'host' in stranger ? 'host-refused' : 'origin-refused'
      assert.equal([event?.outcome, event?.code, more], ['rejected', code, []])
    }
    assert.is(upstream.seen.length, 0)
  })
}

for (const path of ['/metrics', '/health', '/ready', '/live']) {
  test(`the operators’ ${path}: 403`, async () => {
    for (const stranger of strangers) assert.is((await gateway.admin(path, stranger)).status, 403)
  })
}

test.run()
