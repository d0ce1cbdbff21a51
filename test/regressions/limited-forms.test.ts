/**
 * `refusals.limited: error` puts a limit into the answer itself, for everything but a discovery,
 * whose caller would take an error for a server of another era.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { modern, pinned, request } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const methods = ['resources/read', 'server/discover', 'prompts/get', 'tools/call']
const limits = methods.map((method) => `limit:${method}`)
const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: limits, bob: limits },
  refusals: { limited: 'error' },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const read = { uri: 'file:///open/1' }
const rows = [
  { sent: modern('resources/read', read), as: 'alice', status: 200 },
  { sent: { body: request('resources/read', read) }, as: 'bob', status: 200 },
  { sent: modern('prompts/get', { name: 'open' }), as: 'alice', status: 200 },
  { sent: modern('server/discover'), as: 'alice', status: 503 },
  { sent: modern('tools/call', { name: 'open-tool' }), as: 'alice', status: 429 },
]
for (const { sent, as, status } of rows) {
  const { method } = sent.body as { method: string }
  test(`${method} of ${as} over its limit: ${status} with error 1429`, async () => {
    assert.is((await gateway.send({ ...sent, as })).status, 200)
    const earlier = upstream.seen.length
    const answer = await gateway.send({ ...sent, as })
    assert.is(answer.status, status)
    assert.is(answer.headers.get('retry-after'), '1')
    assert.is(
      pinned(answer.body),
      '{"jsonrpc":"2.0","id":1,"error":{"code":1429,"message":"Too many requests (decision <id>). Retry after 1 s.","data":{"decisionId":"<id>","retryAfterSeconds":1}}}',
    )
    assert.is(upstream.seen.length, earlier)
    assert.is((await gateway.audit()).at(-1)?.status, status)
  })
}

test.run()
