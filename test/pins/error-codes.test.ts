/** Peers and dashboards match on these codes, statuses and texts. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, errorTable, GuardError } from '../../src/errors.js'

const pinned = `
GUARD_CONFIG_INVALID 500 operator internal error
GUARD_POLICY_INVALID 503 operator no policy is active
GUARD_POLICY_UNAVAILABLE 503 operator no policy is active
GUARD_AUDIT_UNAVAILABLE 503 operator the request could not be recorded
GUARD_IDENTITY_UNAVAILABLE 503 operator who is calling cannot be verified at the moment
GUARD_STOPPING 503 operator the gateway is stopping
GUARD_UPSTREAM_UNREACHABLE 502 upstream the server behind the gateway cannot be reached
GUARD_UPSTREAM_INVALID 502 upstream the server behind the gateway gave an answer that cannot be passed on
GUARD_UPSTREAM_BUSY 503 upstream the server behind the gateway is busy
GUARD_UPSTREAM_TIMEOUT 504 upstream the server behind the gateway did not answer in time
GUARD_INTERNAL 500 operator internal error
`

test('codes, statuses, faults and public texts of all errors', () => {
  const described = Object.keys(errorTable).map((code) => {
    const error = new GuardError(code as ErrorCode, 'for the log')
    return `${code} ${error.status} ${error.fault} ${error.publicMessage}`
  })
  assert.is(described.join('\n'), pinned.trim())
})

test.run()
