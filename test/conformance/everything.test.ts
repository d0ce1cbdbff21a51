/**
 * A server that was not made for the official conformance suite fails and passes the same checks
 * through the gateway as without it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { loud, type PeerServer, startEverything } from '../support/peers.js'
import { countOf, differences, scenariosOf } from './compare.js'
import { lackOfSuite, runSuite } from './suite.js'

const testSuite = testUnless(lackOfSuite, test)
let everything: PeerServer
let gateway: Gateway

test.before(
  loud(async () => {
    everything = await startEverything()
    const upstreams = { everything: everything.url }
    gateway = await startGateway({ upstreams, anonymous: true, policy: allowAll })
  }),
)

test.after(async () => {
  await gateway?.close()
  await everything?.stop()
})

testSuite('server-everything: each check as without a gateway', async () => {
  const [direct, through] = [
    await runNewest(everything.url),
    await runNewest(`${gateway.url}/mcp/everything`),
  ]
  for (const findings of [direct, through]) {
    const [passed, failed] = [countOf(findings, 'SUCCESS'), countOf(findings, 'FAILURE')]
    console.log(`\n${scenariosOf(findings).length} scenarios, ${passed} passed, ${failed} failed`)
  }
  assert.is(scenariosOf(direct).length, 33)
  assert.equal(differences(direct, through), [])
})

function runNewest(url: string) {
  const args = ['server', '--url', url, '--requirements', '2025-11-25']
  return runSuite('@modelcontextprotocol/conformance', args)
}

test.run()
