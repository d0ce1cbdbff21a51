import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Observer } from '../../src/domain.js'
import { combine } from '../../src/telemetry/observers.js'
import { auditEvent } from '../support/audit-event.js'

test('every observer hears everything, also after one that throws or has no ears', () => {
  const heard: string[] = []
  const deaf: Observer = {}
  const broken: Observer = {
    outcome: () => {
      throw new TypeError('outcome')
    },
    policy: () => {
      throw new TypeError('policy')
    },
    log: () => {
      throw new TypeError('log')
    },
  }
  const listening: Observer = {
    outcome: (event) => heard.push(event.outcome),
    policy: (event) => heard.push(event.type),
    log: (level, text, fields) => heard.push(`${level} ${text} ${JSON.stringify(fields)}`),
  }
  const all = combine([listening, broken, deaf, listening])
  all.outcome?.(auditEvent())
  all.policy?.({ type: 'activated', revision: 'r', durationMs: 1 })
  all.log?.('info', 'said', { a: 1 })
  const expected = ['forwarded', 'activated', 'info said {"a":1}'].flatMap((each) => [each, each])
  assert.equal(heard, expected)
})

test('nobody listening is fine', () => {
  const nobody = combine([])
  nobody.outcome?.(auditEvent())
  nobody.policy?.({ type: 'fault', revision: 'r', reason: 'x' })
  nobody.log?.('error', 'said')
  assert.equal(Object.keys(nobody), ['outcome', 'policy', 'log'])
})

test.run()
