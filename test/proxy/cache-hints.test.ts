/**
 * What passed the policy passed it for one caller: no cache may give it to another, and nobody goes
 * by a list for longer than a minute.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { modern } from '../support/messages.js'
import { json, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const uri = 'file:///open/1'
const contents = '"contents":[{"uri":"file:///open/1","text":"x"}]'
const long = `"contents":[{"uri":"file:///open/1","text":"${'x'.repeat(300_000)}"}]`
const hour = '"ttlMs":3600000'
const whole = '"resultType":"complete"'

const rows = [
  {
    what: 'a read for everybody',
    result: `{${whole},${contents},${hour},"cacheScope":"public"}`,
    passed: `{${whole},${contents},${hour},"cacheScope":"private"}`,
  },
  {
    what: 'a read for the caller stays byte for byte',
    result: `{ "cacheScope" : "private" ,${contents},${hour}}`,
    passed: `{ "cacheScope" : "private" ,${contents},${hour}}`,
  },
  {
    what: 'a large read, the scope first',
    result: `{"cacheScope":"public",${long},${hour}}`,
    passed: `{"cacheScope":"private",${long},${hour}}`,
  },
  {
    what: 'a large read, the scope last and spelt with an escape',
    result: `{${long},${hour},"cacheScope":"\\u0070ublic"}`,
    passed: `{${long},${hour},"cacheScope":"private"}`,
  },
  {
    what: 'a scope that nobody knows',
    result: `{${contents},"cacheScope":"tenant"}`,
    passed: `{${contents},"cacheScope":"private"}`,
  },
  {
    what: 'a member of the same name inside the contents is data',
    result: `{"contents":[{"uri":"file:///open/1","cacheScope":"public","ttlMs":1e9}],"ttlMs":1}`,
    passed: `{"contents":[{"uri":"file:///open/1","cacheScope":"public","ttlMs":1e9}],"ttlMs":1}`,
  },
  {
    what: 'a list for an hour',
    method: 'tools/list',
    result: `{"tools":[],${hour},"cacheScope":"public"}`,
    passed: `{"tools":[],"ttlMs":60000,"cacheScope":"private"}`,
  },
  {
    what: 'a list for ever',
    method: 'tools/list',
    result: `{"ttlMs":1e400,"tools":[]}`,
    passed: `{"ttlMs":60000,"tools":[]}`,
  },
  {
    what: 'a list for a moment',
    method: 'tools/list',
    result: `{"ttlMs":5e2,"tools":[],"cacheScope":"private"}`,
    passed: `{"ttlMs":5e2,"tools":[],"cacheScope":"private"}`,
  },
] as const

for (const row of rows) {
  test(row.what, async () => {
    const { result, passed } = row
    upstream.script = ({ message }, response) => {
      json(response, `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`)
    }
    const sent = 'method' in row ? modern(row.method) : modern('resources/read', { uri })
    const answer = await gateway.send(sent)
    assert.is(answer.body, `{"jsonrpc":"2.0","id":1,"result":${passed}}`)
  })
}

test.run()
