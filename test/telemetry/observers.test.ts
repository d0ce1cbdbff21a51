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
    catalogue: () => {
      throw new TypeError('catalogue')
    },
    keys: () => {
      throw new TypeError('keys')
    },
    log: () => {
      throw new TypeError('log')
    },
  }
  const listening: Observer = {
    outcome: (event) => heard.push(event.outcome),
    policy: (event) => heard.push(event.type),
    catalogue: ({ server, list, result }) => heard.push(`${server} ${list} ${result}`),
    keys: ({ issuer, result }) => heard.push(`${issuer} ${result}`),
    log: (level, text, fields) => heard.push(`${level} ${text} ${JSON.stringify(fields)}`),
  }
  const all = combine([listening, broken, deaf, listening])
  all.outcome?.(auditEvent())
  all.policy?.({ type: 'activated', revision: 'r', durationMs: 1 })
  all.catalogue?.({ server: 's', list: 'tools', result: 'failed' })
  all.keys?.({ issuer: 'i', result: 'loaded' })
  all.log?.('info', 'said', { a: 1 })
  const expected = ['forwarded', 'activated', 's tools failed', 'i loaded', 'info said {"a":1}']
  assert.equal(
    heard,
    expected.flatMap((each) => [each, each]),
  )
})

test('nobody listening is fine', () => {
  const nobody = combine([])
  nobody.outcome?.(auditEvent())
  nobody.policy?.({ type: 'fault', revision: 'r', reason: 'x' })
  nobody.log?.('error', 'said')
  assert.equal(Object.keys(nobody), ['outcome', 'policy', 'catalogue', 'keys', 'log'])
})

test.run()
