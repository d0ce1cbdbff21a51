/**
 * The official conformance suite finds the same through the gateway as without it: what 2026-07-28
 * requires.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { loud } from '../support/peers.js'
import { offered } from './fixture-grants.js'
import { listAll } from './list-all.js'
import { openWays, proveSame, type Ways } from './prove-same.js'
import { modernRow } from './server-rows.js'
import { lackOfSuite } from './suite.js'

const testSuite = testUnless(lackOfSuite, test)
let ways: Ways

test.before(
  loud(async () => {
    ways = await openWays()
  }),
)

test.after(() => ways?.close())

// First, because the suite makes the lists change.
test('the grants name all that the server lists', async () => {
  assert.equal(await listAll(ways.fixture.url), offered)
  assert.equal(await listAll(`${ways.granting.url}/mcp/fixture`), offered)
})

testSuite('newest suite, 2026-07-28: each check as without a gateway', () =>
  proveSame(ways, modernRow),
)

test.run()
