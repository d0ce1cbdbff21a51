/**
 * Real servers, and a policy that goes by digests: about half of everything they offer is allowed.
 * What a client sees in its lists and what a client that never lists may use are the same set.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createMcpClient, type McpClient } from '../../src/cli/mcp-client.js'
import type { Json, JsonObject } from '../../src/domain.js'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { loud, type PeerServer, startEverything, startModern } from '../support/peers.js'

const byDigest = {
  'main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["digest"]}

decision := {"allow": true, "reasons": ["server"]} if input.resource.type == "server"

decision := {"allow": true, "reasons": ["digest"]} if {
	contains("01234567", substring(input.resource.digest, 70, 1))
}
`,
}

let everything: PeerServer
let modern: PeerServer
let gateway: Gateway

test.before(
  loud(async () => {
    ;[everything, modern] = await Promise.all([startEverything(), startModern()])
    gateway = await startGateway({
      upstreams: { everything: everything.url, modern: modern.url },
      policy: byDigest,
    })
  }),
)

test.after(async () => {
  await gateway?.close()
  await everything?.stop()
  await modern?.stop()
})

const families = [
  { kind: 'tools', list: 'tools/list', use: 'tools/call', by: 'name' },
  { kind: 'prompts', list: 'prompts/list', use: 'prompts/get', by: 'name' },
  { kind: 'resources', list: 'resources/list', use: 'resources/read', by: 'uri' },
] as const

/** These wait, or ask the client for something; they are not needed to show anything here. */
const slow = /long|sampling|elicit|roots|research|async|subscriber|logging|simulate/

async function connect(url: string, isModern: boolean): Promise<McpClient> {
  const client = createMcpClient({
    url,
    key: keyOf('alice'),
    modern: isModern,
    version: '0.0.0',
    timeoutMs: 20_000,
  })
  assert.is(await client.connect(), null)
  return client
}

async function namesOf(client: McpClient, { kind, list, by }: (typeof families)[number]) {
  const names: string[] = []
  let cursor: Json | undefined
  do {
    const answer = await client.request(list, cursor === undefined ? {} : { cursor })
    assert.is(answer.kind, 'result', JSON.stringify(answer))
    const { result } = answer as { result: JsonObject }
    for (const item of result[kind] as JsonObject[]) names.push(String(item[by]))
    cursor = result['nextCursor']
  } while (typeof cursor === 'string')
  return names
}

async function mayUse(client: McpClient, use: string, by: string, name: string): Promise<boolean> {
  const answer = await client.request(use, { [by]: name, arguments: {} })
  return !JSON.stringify(answer).includes('Denied by policy')
}

const ways = [
  { server: 'everything', isModern: false },
  { server: 'modern', isModern: false },
  { server: 'modern', isModern: true },
] as const

for (const { server, isModern } of ways) {
  test(`${server}, ${isModern ? 'modern' : 'legacy'}: allowed is what is listed, with a list and without`, async () => {
    const direct = await connect(server === 'modern' ? modern.url : everything.url, isModern)
    const url = `${gateway.url}/mcp/${server}`
    const listing = await connect(url, isModern)
    const never = await connect(url, isModern)
    const judged = { allowed: 0, denied: 0 }
    for (const family of families) {
      const { use, by } = family
      const offered = await namesOf(direct, family)
      const quick = offered.filter((name) => !slow.test(name)).slice(0, 12)
      const before: boolean[] = []
      for (const name of quick) before.push(await mayUse(never, use, by, name))
      const listed = new Set(await namesOf(listing, family))
      for (const [index, name] of quick.entries()) {
        assert.is(listed.has(name), before[index], `${use} ${name}, never listed`)
        assert.is(await mayUse(listing, use, by, name), before[index], `${use} ${name}, listed`)
        judged[before[index] ? 'allowed' : 'denied'] += 1
      }
    }
    assert.ok(judged.allowed > 0 && judged.denied > 0, JSON.stringify(judged))
    await Promise.all([direct.close(), listing.close(), never.close()])
  })
}

test.run()
