/**
 * The client scenarios of the official conformance suite, both revisions, with a gateway between
 * the client and the suite's server: what a client sends and gets passes unchanged. Those about
 * authorization are left out; they check a client against the suite's own addresses.
 */
import { test } from 'uvu'
import { testUnless } from '../runner/skip.js'
import { loud } from '../support/peers.js'
import { clientRows, proveClients } from './client-scenarios.js'
import { type Gateways, serveGateways } from './gateways.js'
import { lackOfSuite } from './suite.js'

const testSuite = testUnless(lackOfSuite, test)
let gateways: Gateways

test.before(
  loud(async () => {
    gateways = await serveGateways()
  }),
)

test.after(() => gateways?.close())

for (const version of Object.keys(clientRows)) {
  testSuite(`${version}: each client scenario passes through the gateway`, () =>
    proveClients(version, gateways),
  )
}

test.run()
