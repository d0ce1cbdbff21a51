/**
 * A server that was not made for the official conformance suite fails and passes the same checks
 * through the gateway as without it.
 */
import { test } from 'uvu'
import { testUnless } from '../runner/skip.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { loud, type PeerServer, startEverything } from '../support/peers.js'
import { proveEverything } from './prove-everything.js'
import { lackOfSuite } from './suite.js'

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

testSuite('server-everything: each check as without a gateway', () =>
  proveEverything(everything.url, `${gateway.url}/mcp/everything`),
)

test.run()
