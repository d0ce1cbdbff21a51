import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent, LogLevel, PolicyEvent } from '../../src/domain.js'
import { createLogObserver } from '../../src/telemetry/log.js'
import { auditEvent } from '../support/audit-event.js'
import { createTestClock } from '../support/clock.js'

function create(level: LogLevel = 'debug', json = true) {
  const clock = createTestClock()
  const lines: string[] = []
  const observer = createLogObserver({ write: (line) => lines.push(line), json, level, clock })
  return { clock, lines, observer }
}

test('outcomes: who has to act decides the level, and what went well is no line', () => {
  const rows: [Partial<AuditEvent>, string | null, string?][] = [
    [{}, null],
    [{ event: 'stream.opened' }, null],
    [{ outcome: 'denied', reasons: ['tool-not-granted'] }, 'debug', 'denied'],
    [{ outcome: 'limited', code: 'limit:user' }, 'debug', 'limited'],
    [
      { event: 'refused', outcome: 'unauthenticated', code: 'credential-unknown' },
      'debug',
      'unauthenticated',
    ],
    [{ outcome: 'rejected', code: 'parse-error' }, 'debug', 'rejected'],
    [{ outcome: 'rejected', code: 'constructor' }, 'debug', 'rejected'],
    [{ outcome: 'abandoned' }, 'debug', 'abandoned'],
    [{ outcome: 'failed', code: 'GUARD_AUDIT_UNAVAILABLE' }, null],
    [{ event: 'dropped', code: 'foreign-id' }, 'warn', 'something a server sent was not passed on'],
    [{ dropped: 2 }, 'warn', 'list items of a server could not be read and were left out'],
  ]
  for (const [more, level, text] of rows) {
    const { lines, observer } = create()
    observer.outcome?.(auditEvent(more))
    const said = lines.map((line) => JSON.parse(line))
    const what = JSON.stringify(more)
    assert.is(said.length, level === null ? 0 : 1, what)
    if (level === null) continue
    assert.is(said[0].level, level, what)
    assert.is(said[0].text, text, what)
    assert.is(said[0].request_id, 'request-1', what)
  }
})

test('a line says which request, code, server and method, and not who', () => {
  const { lines, observer } = create()
  observer.outcome?.(auditEvent({ event: 'dropped', code: 'foreign-id', reasons: [] }))
  assert.equal(JSON.parse(lines[0] ?? ''), {
    time: '2026-11-22T09:00:00.000Z',
    level: 'warn',
    text: 'something a server sent was not passed on',
    request_id: 'request-1',
    decision_id: 'decision-1',
    code: 'foreign-id',
    server: 'everything',
    method: 'tools/call',
  })
})

test('policy events', () => {
  const rows: [PolicyEvent, string][] = [
    [
      { type: 'activated', revision: 'sha256:a', durationMs: 12.4 },
      'info  policy activated revision=sha256:a duration_ms=12',
    ],
    [
      { type: 'refused', message: 'main.rego:1:1: unexpected', keeps: 'sha256:a' },
      'error policy refused, sha256:a stays active: main.rego:1:1: unexpected',
    ],
    [
      { type: 'refused', message: 'no such folder', keeps: null },
      'error policy refused, no policy is active: no such folder',
    ],
    [
      { type: 'fault', revision: 'sha256:a', reason: 'decision-malformed' },
      'warn  policy failed and its answer is a denial reason=decision-malformed revision=sha256:a',
    ],
    [
      {
        type: 'alarm',
        revision: 'sha256:a',
        subject: 'alice',
        issuer: 'api-keys',
        faults: 10,
        windowMs: 60_000,
      },
      'error the policy fails again and again for one caller subject=alice issuer=api-keys faults=10 window_ms=60000 revision=sha256:a',
    ],
  ]
  for (const [event, expected] of rows) {
    const { lines, observer } = create('debug', false)
    observer.policy?.(event)
    assert.equal(lines, [`2026-11-22T09:00:00.000Z ${expected}\n`])
  }
})

test('lines below the level are not written', () => {
  const levels: LogLevel[] = ['debug', 'info', 'warn', 'error']
  for (const [index, lowest] of levels.entries()) {
    const { lines, observer } = create(lowest)
    for (const level of levels) observer.log?.(level, 'said')
    assert.equal(
      lines.map((line) => JSON.parse(line).level),
      levels.slice(index),
    )
  }
})

test('texts of others stay in their line, in both forms', () => {
  const hostile = 'a\n2026-11-22T09:00:00.000Z error forged\r\u001b[2J\u202e\u2028\0 \ud800'
  const json = create()
  json.observer.log?.('warn', hostile, { detail: hostile, level: 'error', time: 'x' })
  assert.is(json.lines.length, 1)
  assert.not.match(json.lines[0]?.slice(0, -1) ?? '', /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  const said = JSON.parse(json.lines[0] ?? '')
  assert.is(said.level, 'warn')
  assert.is(said.text, hostile.replace('\ud800', '\ufffd'))

  const people = create('debug', false)
  people.observer.log?.('warn', hostile, { detail: hostile })
  const [first = '', second = '', end] = (people.lines[0] ?? '').split('\n')
  assert.match(first, /^2026-11-22T09:00:00\.000Z warn {2}a detail="a\\n2026/)
  assert.is(
    second,
    '    2026-11-22T09:00:00.000Z error forged\\u000d\\u001b[2J\\u202e\\u2028\\u0000 \ufffd',
  )
  assert.is(end, '')
})

test('long texts are cut', () => {
  const { lines, observer } = create()
  observer.log?.('error', 'x'.repeat(1_000_000), { detail: 'y'.repeat(1_000_000) })
  assert.ok((lines[0] ?? '').length < 10_000)
})

test('100 lines a second; what was left out is counted with the next line', () => {
  const { lines, observer, clock } = create()
  for (let count = 0; count < 1_000; count += 1) observer.log?.('error', 'flood')
  assert.is(lines.length, 100)
  clock.forward(1_000)
  observer.log?.('error', 'after')
  assert.equal(
    lines
      .slice(100)
      .map((line) => JSON.parse(line))
      .map(({ text, count }) => [text, count]),
    [
      ['lines were left out of the log', 900],
      ['after', undefined],
    ],
  )
})

test.run()
