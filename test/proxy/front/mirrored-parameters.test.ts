/**
 * Clients whose transport has no headers, in front of a server that insists on `Mcp-Param-*`
 * (2026-07-28): what they were told of a tool says which headers their calls get.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../../support/gateway.js'
import { call, initialize, modern } from '../../support/messages.js'
import { serveSse } from '../../support/sse-client.js'
import { serveStdio } from '../../support/stdio-client.js'
import { json, result, startUpstream } from '../../support/upstream.js'

let annotation: string | null = 'Region'
const upstream = await startUpstream(({ message, headers }, response) => {
  const { id, method } = message
  if (id === undefined) return void response.writeHead(202).end()
  if (method === 'tools/list') {
    const region = { type: 'string', ...(annotation && { 'x-mcp-header': annotation }) }
    const inputSchema = { type: 'object', properties: { region } }
    return json(response, result(id, { tools: [{ name: 'routed', inputSchema }] }))
  }
  const missing = annotation !== null && !headers.has(`mcp-param-${annotation.toLowerCase()}`)
  if (method !== 'tools/call' || !missing) {
    return json(response, result(id, { protocolVersion: '2025-11-25', content: [] }))
  }
  const error = { code: -32020, message: 'Mcp-Param-Region is missing' }
  json(response, { jsonrpc: '2.0', id, error }, 400)
})
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.before.each(() => {
  annotation = 'Region'
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const calling = modern('tools/call', { name: 'routed', arguments: { region: 'Zürich ' } })
const sentParameters = () =>
  upstream.seen
    .filter(({ message }) => message.method === 'tools/call')
    .map(({ headers }) => [...headers].filter(([name]) => name.startsWith('mcp-param-')))

interface Client {
  ask(message: unknown, id: string): Promise<Record<string, unknown>>
  close(): Promise<void>
}

const clients: Readonly<Record<string, () => Promise<Client>>> = {
  async stdio() {
    const rig = serveStdio(gateway)
    return {
      ask(message, id) {
        rig.send({ ...Object(message), id })
        return rig.receives((one) => one['id'] === id)
      },
      async close() {
        rig.input.end()
        await rig.served
      },
    }
  },
  async sse() {
    const rig = await serveSse(gateway)
    return {
      async ask(message, id) {
        await rig.send({ ...Object(message), id })
        return rig.receives(id)
      },
      close: async () => rig.close(),
    }
  },
}

for (const [transport, open] of Object.entries(clients)) {
  test(`${transport}: a call without a list is the server's to refuse, and passes after one`, async () => {
    const client = await open()
    const refused = await client.ask(calling.body, 'a')
    const error = { code: -32020, message: 'Mcp-Param-Region is missing' }
    assert.equal(refused, { jsonrpc: '2.0', id: 'a', error })
    await client.ask(modern('tools/list').body, 'b')
    assert.equal((await client.ask(calling.body, 'c'))['result'], {
      protocolVersion: '2025-11-25',
      content: [],
    })
    assert.equal(sentParameters(), [[], [['mcp-param-region', '=?base64?WsO8cmljaCA=?=']]])
    await client.close()
  })

  test(`${transport}: the newest list counts, and is another client's in nothing`, async () => {
    const [client, other] = [await open(), await open()]
    await client.ask(modern('tools/list').body, 'a')
    annotation = null
    await client.ask(calling.body, 'b')
    await other.ask(calling.body, 'c')
    await client.ask(modern('tools/list').body, 'd')
    await client.ask(calling.body, 'e')
    annotation = 'Place'
    await client.ask(modern('tools/list').body, 'f')
    await client.ask(calling.body, 'g')
    assert.equal(
      sentParameters().map((headers) => headers.map(([name]) => name)),
      [['mcp-param-region'], [], [], ['mcp-param-place']],
    )
    await client.close()
    await other.close()
  })

  test(`${transport}: a call of an earlier version has no such header`, async () => {
    annotation = null
    const client = await open()
    await client.ask(initialize, 'a')
    annotation = 'Region'
    await client.ask(modern('tools/list').body, 'b')
    annotation = null
    await client.ask(call('routed', { arguments: { region: 'x' } }), 'c')
    assert.equal(sentParameters(), [[]])
    await client.close()
  })
}

test.run()
