/**
 * The official conformance suite finds the same through the gateway as without it: what 2025-11-25
 * requires, and all that the suite's last release before 2026-07-28 asks.
 */
import { test } from 'uvu'
import { testUnless } from '../runner/skip.js'
import { loud } from '../support/peers.js'
import { openWays, proveSame, type Ways } from './prove-same.js'
import { legacyRows } from './server-rows.js'
import { lackOfSuite } from './suite.js'

const testSuite = testUnless(lackOfSuite, test)
let ways: Ways

test.before(
  loud(async () => {
    ways = await openWays()
  }),
)

test.after(() => ways?.close())

for (const [name, row] of Object.entries(legacyRows)) {
  testSuite(`${name}: each check as without a gateway`, () => proveSame(ways, row))
}

test.run()
