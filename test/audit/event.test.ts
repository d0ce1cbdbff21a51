import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditLine } from '../../src/audit/event.js'
import type { AuditEvent } from '../../src/domain.js'
import { auditEvent } from '../support/audit-event.js'

/** What a line of the audit may hold: no control, format or separator character but its end. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

function roundTrip(event: AuditEvent): AuditEvent {
  const line = auditLine(event)
  assert.ok(line.endsWith('}\n'))
  assert.not.match(line.slice(0, -1), unsafe)
  return JSON.parse(line)
}

test('hostile texts stay inside their line and their member', () => {
  const rows: [string, string][] = [
    ['line ends', 'a\r\n{"event":"message"}\n'],
    ['ANSI', '\u001b[2J\u001b[31mred\u009b'],
    ['bidi', 'safe\u202e\u2066txt.exe\u2069'],
    ['U+2028 and U+2029', 'a\u2028b\u2029c'],
    ['NUL and DEL', 'a\0b\u007f'],
    ['zero width and BOM', '\ufeffa\u200bb\u00ad'],
    ['tag characters', 'a\u{e0041}\u{e007f}'],
    ['JSON in JSON', '"},"outcome":"forwarded","x":{"a":"'],
    ['separators of other formats', 'CEF:0|a=b\\]"'],
    ['other scripts', 'größe 名前 \u{1f600}'],
  ]
  for (const [what, text] of rows) {
    const event = auditEvent({
      method: text,
      resource: { type: 'tool', id: text },
      client: { name: text, version: text },
      reasons: [text],
    })
    assert.equal(roundTrip(event), event, what)
  }
})

test('lone surrogates become U+FFFD', () => {
  const event = roundTrip(auditEvent({ method: 'a\ud800b', ip: '\udc00' }))
  assert.is(event.method, 'a\ufffdb')
  assert.is(event.ip, '\ufffd')
})

test('texts are cut at 256 characters, ids at 1,024, never inside a character', () => {
  const long = 'x'.repeat(1_000_000)
  const pairs = `x${'\u{1f600}'.repeat(2_000)}`
  const event = roundTrip(
    auditEvent({
      method: long,
      server: pairs,
      resource: { type: long, id: long },
      subject: { id: pairs, issuer: long, tenant: long, method: long },
      reasons: Array.from({ length: 1_000 }, () => long),
      limits: Array.from({ length: 1_000 }, () => ({ name: long, tier: long })),
    }),
  )
  assert.is(event.method, `${'x'.repeat(255)}…`)
  assert.is(event.server, `x${'\u{1f600}'.repeat(127)}…`)
  assert.is(event.resource?.id, `${'x'.repeat(1_023)}…`)
  assert.is(event.resource?.type.length, 256)
  assert.is(event.subject?.id, `x${'\u{1f600}'.repeat(511)}…`)
  assert.is(event.subject?.issuer.length, 1_024)
  assert.is(event.subject?.tenant?.length, 256)
  assert.is(event.reasons.length, 32)
  assert.is(event.limits?.length, 32)
})

test('numbers are whole, finite and not negative', () => {
  const event = roundTrip(
    auditEvent({
      hidden: -1,
      dropped: Number.NaN,
      status: 404,
      bytes_in: Number.POSITIVE_INFINITY,
      bytes_out: 1.4,
      duration_us: { total: 1e15, decide: -0.5, upstream: 2.6 },
    }),
  )
  assert.equal([event.hidden, event.dropped, event.bytes_in, event.bytes_out], [0, 0, 0, 1])
  assert.is(event.status, 404)
  assert.equal(event.duration_us, { total: 1e15, decide: 0, upstream: 3 })
})

test('a member that is not of the schema never gets in', () => {
  const secret = 'Bearer mcp_secret'
  const event = auditEvent({
    resource: Object.assign({ type: 'tool', id: 'a' }, { arguments: secret }),
  })
  const subject = Object.assign(
    { id: 'a', issuer: 'b', tenant: null, method: 'c' },
    { token: secret },
  )
  Object.assign(event, { authorization: secret, subject, toJSON: () => secret })
  assert.not.match(auditLine(event), 'secret')
})

test('property: any text in any place is one line that reads back whole', () => {
  const seed = Date.now()
  console.log(`seed ${seed}`)
  const text = fc.string({ unit: 'binary', maxLength: 250 })
  fc.assert(
    fc.property(text, text, text, (first, second, third) => {
      const event = auditEvent({ method: first, ip: second, resource: { type: 'tool', id: third } })
      const back = roundTrip(event)
      assert.is(back.method, wellFormed(first))
      assert.is(back.ip, wellFormed(second))
      assert.is(back.resource?.id, wellFormed(third))
    }),
    { seed, numRuns: 3_000 },
  )
})

function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

test.run()
