/** What an audit event gives to ask with, of every method there is and of every outcome. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditLine } from '../../src/audit/event.js'
import { readAskedFor } from '../../src/cli/explain/facts.js'
import { UsageError } from '../../src/cli/terminal.js'
import type { AuditEvent } from '../../src/domain.js'
import { knownMethods, methodInfo } from '../../src/mcp/methods.js'
import { auditEvent } from '../support/audit-event.js'
import { folder } from './support.js'

const audit = join(folder, 'audit.ndjson')
const policy = { path: 'policies', budget: 1, verify: null }

function record(change: Partial<AuditEvent>): void {
  writeFileSync(audit, auditLine(auditEvent({ decision_id: 'd-1', ...change })))
}

function ask(id = 'd-1') {
  return readAskedFor({ audit, words: [id] }, { policy, factsFor: () => ({}) })
}

const hosts = ['stream/open', 'session/close']
const ids: ReadonlyMap<string, string> = new Map([
  ['server', 'everything'],
  ['resource', 'file:///a'],
])

function kindOf(method: string): 'request' | 'notification' | 'response' {
  if (method === 'response') return 'response'
  return method.startsWith('notifications/') ? 'notification' : 'request'
}

for (const method of knownMethods()) {
  test(`an event of ${method} is read whole`, () => {
    const { resourceType, direction: from } = methodInfo(method)
    const type = resourceType === 'completion' ? 'prompt' : resourceType
    const named = { type, id: ids.get(type) ?? 'one' }
    const hasBody = !hosts.includes(method)
    const [kind, direction] = [kindOf(method), from === 'server' ? from : 'client'] as const
    record({
      method,
      direction,
      kind: hasBody ? kind : null,
      resource: hasBody ? named : null,
      limits: direction === 'server' ? null : [],
    })
    const { facts, recorded } = ask()
    const { context, resource } = facts
    assert.equal([context.kind, context.direction, recorded?.allow], [kind, direction, true])
    assert.equal([resource.type, resource.id], [type, named.id])
  })
}

test('a filter of what is listened to is about the server and names the resource', () => {
  record({ method: 'subscriptions/listen', resource: { type: 'resource', id: 'file:///a' } })
  const { resource } = ask().facts
  assert.is(resource.type, 'server')
  assert.equal(resource.params, { notifications: { resourceSubscriptions: ['file:///a'] } })
})

const outcomes: readonly (readonly [change: Partial<AuditEvent>, allowed: boolean])[] = [
  [{ outcome: 'denied', limits: null }, false],
  // A stream that lost its right keeps the limits that it was opened under.
  [
    {
      event: 'stream.closed',
      outcome: 'denied',
      method: 'stream/open',
      kind: null,
      resource: null,
    },
    false,
  ],
  [{ outcome: 'limited' }, true],
  [{ outcome: 'failed' }, true],
  [{ outcome: 'abandoned' }, true],
  [{ event: 'dropped', outcome: 'failed' }, true],
  [{ direction: 'server', outcome: 'denied', limits: null }, false],
  [{ direction: 'server', outcome: 'forwarded', limits: null }, true],
]

for (const [change, allowed] of outcomes) {
  const { event = 'message', outcome, direction = 'client' } = change
  test(`${event} ${outcome} of a ${direction} was ${allowed ? 'allowed' : 'denied'}`, () => {
    record(change)
    assert.is(ask().recorded?.allow, allowed)
  })
}

const undecided: readonly (readonly [change: Partial<AuditEvent>, id: string, message: string])[] =
  [
    [
      {
        event: 'refused',
        outcome: 'rejected',
        decision_id: null,
        code: 'json-syntax',
        method: null,
      },
      'request-1',
      'request-1 was not decided by policy: event refused, outcome rejected, json-syntax',
    ],
    [
      { event: 'dropped', outcome: 'failed', decision_id: null, subject: null, code: 'a-b' },
      'request-1',
      'request-1 was not decided by policy: event dropped, outcome failed, a-b',
    ],
    [
      { outcome: 'unauthenticated', decision_id: null, code: null, subject: null },
      'request-1',
      'request-1 was not decided by policy: event message, outcome unauthenticated',
    ],
    [{}, 'request-1', 'request-1 is the id of a request; its decision is d-1'],
    [
      { resource: { type: 'server', id: 'everything' }, reasons: ['item-missing'] },
      'd-1',
      'd-1 was not decided by policy: the message does not say what its tools/call is about',
    ],
    [{ subject: null }, 'd-1', 'd-1 was not decided by policy: its event has no method, server or'],
  ]

for (const [change, id, message] of undecided) {
  test(`not decided: ${message}`, () => {
    record(change)
    assert.throws(
      () => ask(id),
      (thrown: Error) => thrown instanceof UsageError && thrown.message.startsWith(message),
    )
  })
}

test.run()
