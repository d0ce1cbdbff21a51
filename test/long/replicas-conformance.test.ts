/**
 * Two processes with one key, behind an address that gives each request to the next of them, pass
 * what one passes: the official conformance suite of both eras as a server and as a client's way to
 * one, and server-everything. No row has an exception that a single gateway has not.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientRows, proveClients } from '../conformance/client-scenarios.js'
import { type Gateways, serveGateways } from '../conformance/gateways.js'
import { proveEverything } from '../conformance/prove-everything.js'
import { openWays, proveSame, type Start, type Ways } from '../conformance/prove-same.js'
import { legacyRows, modernRow } from '../conformance/server-rows.js'
import { lackOfSuite } from '../conformance/suite.js'
import { testUnless } from '../runner/skip.js'
import { allowAll } from '../support/peer-items.js'
import { loud, type PeerServer, startEverything } from '../support/peers.js'
import { type Replicas, shares, startReplicas } from '../support/replicas.js'

const testSuite = testUnless(lackOfSuite, test)
const started: Replicas[] = []
let everything: PeerServer
let legacy: Ways
let modern: Ways
let gateways: Gateways

const start: Start = async (options) => {
  const replicas = await startReplicas(options)
  started.push(replicas)
  return replicas
}

test.before(
  loud(async () => {
    everything = await startEverything()
    legacy = await openWays(start)
    modern = await openWays(start)
    gateways = await serveGateways(start)
    console.log(`\nTurns are taken by ${started[0]?.kind}`)
  }),
)

test.after(async () => {
  await gateways?.close()
  await modern?.close()
  await legacy?.close()
  await everything?.stop()
})

for (const [name, row] of Object.entries(legacyRows)) {
  testSuite(`${name}: each check as without a gateway`, () => proveSame(legacy, row))
}

testSuite('newest suite, 2026-07-28: each check as without a gateway', () =>
  proveSame(modern, modernRow),
)

for (const version of Object.keys(clientRows)) {
  testSuite(`${version}: each client scenario passes`, () => proveClients(version, gateways))
}

testSuite('server-everything: each check as without a gateway', async () => {
  const replicas = await start({
    upstreams: { everything: everything.url },
    anonymous: true,
    policy: allowAll,
  })
  await proveEverything(everything.url, `${replicas.url}/mcp/everything`).finally(replicas.close)
})

testSuite('both processes had the same part in it', async () => {
  for (const replicas of started.slice(0, 4)) {
    const counts = await shares(replicas)
    const [least, most] = [Math.min(...counts), Math.max(...counts)]
    assert.ok(least > 50 && most < 1.5 * least, counts.join())
  }
})

test.run()
