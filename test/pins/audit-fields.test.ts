/** Whoever collects the audit matches on these, and on their order as little as possible. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditLine } from '../../src/audit/event.js'
import { auditEvent } from '../support/audit-event.js'

const pinned =
  '{"time":"2026-11-22T09:00:00.000Z","event":"message","outcome":"forwarded",' +
  '"request_id":"request-1","decision_id":"decision-1","revision":"sha256:abc",' +
  '"reasons":["tool-granted"],"code":null,"direction":"client","kind":"request",' +
  '"method":"tools/call","era":"modern","server":"everything",' +
  '"resource":{"type":"tool","id":"echo"},' +
  '"subject":{"id":"alice","issuer":"mcp-guard","tenant":"acme","method":"api-key"},' +
  '"credential":"sha256:0123456789ab","client":{"name":"inspector","version":"1.0.0"},' +
  '"session":null,"ip":"10.0.0.7","transport":"http","limits":[{"name":"user","tier":"gold"}],' +
  '"hidden":0,"dropped":0,"status":200,"bytes_in":120,"bytes_out":340,' +
  '"duration_us":{"total":900,"decide":12,"upstream":700}}\n'

test('the bytes of an audit line', () => {
  assert.is(auditLine(auditEvent()), pinned)
})

test('an audit line in which nothing is known', () => {
  const line = auditLine(
    auditEvent({
      decision_id: null,
      revision: null,
      reasons: [],
      kind: null,
      method: null,
      era: null,
      server: null,
      resource: null,
      subject: null,
      credential: null,
      client: null,
      limits: null,
      status: null,
    }),
  )
  assert.equal(Object.keys(JSON.parse(line)), Object.keys(JSON.parse(pinned)))
  for (const name of ['resource', 'subject', 'client', 'limits', 'status']) {
    assert.is(JSON.parse(line)[name], null, name)
  }
})

test.run()
