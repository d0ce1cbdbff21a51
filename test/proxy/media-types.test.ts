/**
 * What a request is made of and what its client can read, by Content-Type and Accept: 415 and 406,
 * with one record each, and nothing reaches the server.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Sent, startGateway } from '../support/gateway.js'
import { brief, call, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })
test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const both = 'Accept has to take application/json and text/event-stream'
const json = 'the body must be application/json, not encoded'

const refused: readonly (readonly [what: string, status: number, text: string, sent: Sent])[] = [
  ['POST that takes JSON alone', 406, both, post({ accept: 'application/json' })],
  ['POST that takes events alone', 406, both, post({ accept: 'text/event-stream' })],
  ['POST that takes neither', 406, both, post({ accept: 'text/html' })],
  ['POST that says nothing in its Accept', 406, both, post({ accept: '' })],
  ['POST with a weight of 0', 406, both, post({ accept: '*/*, application/json;q=0' })],
  [
    'GET that takes no events',
    406,
    'Accept has to take text/event-stream',
    get('application/json'),
  ],
  ['text/plain', 415, json, post({ 'content-type': 'text/plain' })],
  ['no type', 415, json, post({ 'content-type': null })],
  ['another charset', 415, json, post({ 'content-type': 'application/json; charset=utf-16' })],
  ['a list of types', 415, json, post({ 'content-type': 'application/json, text/plain' })],
  ['JSON of another kind', 415, json, post({ 'content-type': 'application/json-seq' })],
  ['a compressed body', 415, json, post({ 'content-encoding': 'gzip' })],
]

for (const [what, status, text, sent] of refused) {
  test(`${status}: ${what}`, async () => {
    const earlier = (await gateway.audit()).length
    assert.equal(seenByCaller(await gateway.send(sent)), {
      status,
      // A body that nobody reads must not be taken for the next request.
      headers: { 'content-type': 'application/json', ...(sent.body && { connection: 'close' }) },
      body: `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":${JSON.stringify(text)},"data":{"requestId":"<id>"}}}`,
    })
    const code = status === 406 ? 'accept-refused' : 'media-type-refused'
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'rejected', code, status, method: null },
    ])
    assert.is(upstream.seen.length, 0)
  })
}

const taken: readonly (readonly [what: string, sent: Sent])[] = [
  ['Accept: */*', post({ accept: '*/*' })],
  ['no Accept', post({ accept: null })],
  ['two Accept headers', post({ accept: ['application/json', 'text/event-stream'] })],
  ['a type in capitals', post({ 'content-type': 'Application/JSON; charset="UTF-8"' })],
]

for (const [what, sent] of taken) {
  test(`200: ${what}`, async () => {
    assert.is((await gateway.send(sent)).status, 200)
    assert.is(upstream.seen.length, 1)
  })
}

function post(headers: Sent['headers'] & object): Sent {
  return { headers, body: call('open-tool') }
}

function get(accept: string): Sent {
  return { verb: 'GET', headers: { accept } }
}

test.run()
