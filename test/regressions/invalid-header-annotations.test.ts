/**
 * A tool whose definition asks for a header that no request may have (a line break in its name, the
 * name of another) would have clients send what the server chose. Such a tool is left out of every
 * list of 2026-07-28, the others stay as they are, and a policy that goes by definitions does not
 * know it. Of earlier versions the annotation is none.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { modern, request } from '../support/messages.js'
import { serveStdio } from '../support/stdio-client.js'
import { event, events, json, startUpstream } from '../support/upstream.js'

const tool = (name: string, header: string) =>
  `{ "name":"${name}", "inputSchema":{"type":"object","properties":{"a":{"type":"string","x-mcp-header":${header}}}},"annotations":{"readOnlyHint":true}}`
const plain =
  '{"name" : "plain","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}'
const good = tool('good', '"Region"')
const split = tool('split', '"Region\\r\\nAuthorization"')
const escaped = tool('escaped', '"a b"').replace('x-mcp-header', '\\u0078-mcp-header')
const hidden = tool('hidden-split', '"a b"')
const twice = tool('twice', '"A","x-mcp-header":"B"')

/** Items that are known; everything else about the server. */
const known = {
  'main.rego': `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if input.resource.type == "server"

decision := {"allow": true} if input.resource.known
`,
}

const upstream = await startUpstream(({ message }, response) => {
  const { id, method } = message
  if (id === undefined) return void response.writeHead(202).end()
  const list = `{"tools":[${[plain, split, good, escaped, hidden, twice].join(', ')}]}`
  const result = method === 'tools/list' ? list : '{"content":[]}'
  const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`
  if (!asEvents) return json(response, text)
  events(response, event(text))
  response.end()
})
let asEvents = false
const gateway = await startGateway({ upstreams: { up: upstream.url } })
const reading = await startGateway({ upstreams: { up: upstream.url }, policy: known })

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await reading.close()
  await upstream.close()
})

const left = `{"jsonrpc":"2.0","id":1,"result":{"tools":[${plain},${good}]`

for (const framing of ['JSON', 'events']) {
  test(`left out of a list, the others byte for byte, as ${framing}`, async () => {
    asEvents = framing === 'events'
    const earlier = (await gateway.audit()).length
    const { body } = await gateway.send(modern('tools/list'))
    assert.ok(body.includes(left), body)
    for (const name of ['split', 'escaped', 'twice']) assert.not.match(body, `"${name}"`)
    const recorded = (await gateway.audit()).slice(earlier)
    assert.equal(
      recorded.map(({ method, hidden, dropped }) => [method, hidden, dropped]),
      [['tools/list', 0, 4]],
    )
    asEvents = false
  })
}

test('left out for a client without headers too: all clients see one list', async () => {
  const rig = serveStdio(gateway)
  rig.send(modern('tools/list').body as object)
  const { result } = await rig.receives(({ id }) => id === 1)
  rig.input.end()
  await rig.served
  const { tools } = result as { tools: { name: string }[] }
  assert.equal(
    tools.map(({ name }) => name),
    ['plain', 'good'],
  )
})

test('of an earlier version the list stays', async () => {
  const { body } = await gateway.send({ body: request('tools/list') })
  const names = JSON.parse(body).result.tools.map(({ name }: { name: string }) => name)
  assert.equal(names, ['plain', 'split', 'good', 'escaped', 'twice'])
})

test('a policy that goes by definitions does not know it, listed before or not', async () => {
  const answers = []
  for (const name of ['good', 'split']) {
    const { body } = await reading.send(modern('tools/call', { name, arguments: {} }))
    answers.push(JSON.parse(body).result.isError === true ? 'refused' : 'passed')
  }
  assert.equal(answers, ['passed', 'refused'])
  const { body } = await reading.send(modern('tools/list'))
  assert.ok(body.includes(left), body)
  const again = await reading.send(modern('tools/call', { name: 'split', arguments: {} }))
  assert.ok(JSON.parse(again.body).result.isError)
  const called = upstream.seen.filter(({ message }) => message.method === 'tools/call')
  assert.equal(
    called.map(({ message }) => message.params?.['name']),
    ['good'],
  )
})

test.run()
