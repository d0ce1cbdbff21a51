import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js'
import { auditEvent } from '../support/audit-event.js'

const known = new Set(['tools/call', 'tools/list'])

function create(): Metrics {
  return createMetrics({ isKnownMethod: (method) => known.has(method) })
}

/** The samples whose line starts so. */
async function samples(metrics: Metrics, start: string): Promise<string[]> {
  const text = await metrics.render()
  return text.split('\n').filter((line) => line.startsWith(start))
}

test('messages by outcome, method, server and era; a stranger is other, nothing is none', async () => {
  const metrics = create()
  const { outcome } = metrics.observer
  outcome?.(auditEvent())
  outcome?.(auditEvent())
  outcome?.(auditEvent({ outcome: 'denied', method: 'evil/method\n"}', era: 'legacy' }))
  outcome?.(
    auditEvent({
      event: 'refused',
      outcome: 'unauthenticated',
      method: null,
      server: null,
      era: null,
    }),
  )
  assert.equal(await samples(metrics, 'mcp_guard_messages_total{'), [
    'mcp_guard_messages_total{outcome="forwarded",method="tools/call",server="everything",era="modern"} 2',
    'mcp_guard_messages_total{outcome="denied",method="other",server="everything",era="legacy"} 1',
    'mcp_guard_messages_total{outcome="unauthenticated",method="none",server="none",era="none"} 1',
  ])
})

test('durations land in real buckets, in seconds', async () => {
  const metrics = create()
  metrics.observer.outcome?.(
    auditEvent({ duration_us: { total: 30_000, decide: 40, upstream: 20_000 } }),
  )
  metrics.observer.outcome?.(
    auditEvent({ event: 'refused', duration_us: { total: 9e6, decide: 0, upstream: 0 } }),
  )
  metrics.observer.outcome?.(
    auditEvent({ decision_id: null, duration_us: { total: 1, decide: 0, upstream: 0 } }),
  )
  const rows: [string, string[]][] = [
    [
      'mcp_guard_message_duration_seconds_bucket{le="0.025"',
      ['mcp_guard_message_duration_seconds_bucket{le="0.025",outcome="forwarded"} 1'],
    ],
    [
      'mcp_guard_message_duration_seconds_bucket{le="0.05"',
      ['mcp_guard_message_duration_seconds_bucket{le="0.05",outcome="forwarded"} 2'],
    ],
    [
      'mcp_guard_decide_duration_seconds_bucket{le="0.00001"',
      ['mcp_guard_decide_duration_seconds_bucket{le="0.00001"} 0'],
    ],
    [
      'mcp_guard_decide_duration_seconds_bucket{le="0.00005"',
      ['mcp_guard_decide_duration_seconds_bucket{le="0.00005"} 1'],
    ],
    ['mcp_guard_decide_duration_seconds_count', ['mcp_guard_decide_duration_seconds_count 1']],
    [
      'mcp_guard_upstream_duration_seconds_sum',
      ['mcp_guard_upstream_duration_seconds_sum{server="everything"} 0.02'],
    ],
    [
      'mcp_guard_upstream_duration_seconds_count',
      ['mcp_guard_upstream_duration_seconds_count{server="everything"} 1'],
    ],
  ]
  for (const [start, expected] of rows) assert.equal(await samples(metrics, start), expected)
})

test('codes, limits, hidden and dropped items, dropped answers', async () => {
  const metrics = create()
  const { outcome } = metrics.observer
  outcome?.(auditEvent({ outcome: 'rejected', code: 'parse-error' }))
  outcome?.(auditEvent({ outcome: 'failed', code: 'GUARD_UPSTREAM_TIMEOUT' }))
  outcome?.(auditEvent({ outcome: 'limited', code: 'limit:user' }))
  outcome?.(auditEvent({ hidden: 7, dropped: 2 }))
  outcome?.(auditEvent({ event: 'dropped', code: 'foreign-id' }))
  assert.equal(await samples(metrics, 'mcp_guard_refused_total'), [
    'mcp_guard_refused_total{code="parse-error"} 1',
    'mcp_guard_refused_total{code="GUARD_UPSTREAM_TIMEOUT"} 1',
    'mcp_guard_refused_total{code="foreign-id"} 1',
  ])
  const rows: [string, string][] = [
    ['mcp_guard_limited_total', '{limit="user"} 1'],
    ['mcp_guard_list_items_hidden_total', ' 7'],
    ['mcp_guard_list_items_dropped_total', ' 2'],
    ['mcp_guard_answers_dropped_total', ' 1'],
  ]
  for (const [name, value] of rows) assert.equal(await samples(metrics, name), [name + value])
  const messages = await samples(metrics, 'mcp_guard_messages_total{outcome="forwarded"')
  assert.match(messages[0] ?? '', / 1$/)
})

test('open streams go up and down', async () => {
  const metrics = create()
  const say = (event: 'stream.opened' | 'stream.closed') => {
    metrics.observer.outcome?.(auditEvent({ event }))
  }
  say('stream.opened')
  say('stream.opened')
  say('stream.closed')
  assert.equal(await samples(metrics, 'mcp_guard_streams_open'), ['mcp_guard_streams_open 1'])
})

test('one active revision at a time, activations and faults', async () => {
  const metrics = create()
  const { policy } = metrics.observer
  policy?.({ type: 'activated', revision: 'sha256:a', durationMs: 5 })
  policy?.({ type: 'activated', revision: 'sha256:b', durationMs: 5 })
  policy?.({ type: 'refused', message: 'main.rego:1:1: unexpected', keeps: 'sha256:b' })
  policy?.({ type: 'fault', revision: 'sha256:b', reason: 'decision-malformed' })
  policy?.({
    type: 'alarm',
    revision: 'sha256:b',
    subject: 'alice',
    issuer: 'api-keys',
    faults: 10,
    windowMs: 60_000,
  })
  policy?.({ type: 'asked', result: 'changed' })
  policy?.({ type: 'asked', result: 'failed' })
  policy?.({ type: 'rolled-back', revision: 'sha256:a', from: ['sha256:b'] })
  assert.equal(await samples(metrics, 'mcp_guard_policy_'), [
    'mcp_guard_policy_active_info{revision="sha256:b"} 1',
    'mcp_guard_policy_activations_total{result="activated"} 2',
    'mcp_guard_policy_activations_total{result="refused"} 1',
    'mcp_guard_policy_faults_total{reason="decision-malformed"} 1',
    'mcp_guard_policy_alarms_total 1',
    'mcp_guard_policy_polls_total{result="changed"} 1',
    'mcp_guard_policy_polls_total{result="failed"} 1',
    'mcp_guard_policy_rolled_back 1',
  ])
  policy?.({ type: 'released', revision: 'sha256:b', from: ['sha256:b'] })
  assert.equal(await samples(metrics, 'mcp_guard_policy_rolled_back'), [
    'mcp_guard_policy_rolled_back 0',
  ])
})

test('lists that the gateway asked for, by server, list and what came of it', async () => {
  const metrics = create()
  const { catalogue } = metrics.observer
  catalogue?.({ server: 'files', list: 'tools', result: 'learnt' })
  catalogue?.({ server: 'files', list: 'tools', result: 'learnt' })
  catalogue?.({ server: 'files', list: 'prompts', result: 'failed' })
  assert.equal(await samples(metrics, 'mcp_guard_catalogue_'), [
    'mcp_guard_catalogue_fetches_total{server="files",list="tools",result="learnt"} 2',
    'mcp_guard_catalogue_fetches_total{server="files",list="prompts",result="failed"} 1',
  ])
})

test('strangers cannot make time series without end', async () => {
  const metrics = create()
  for (let count = 0; count < 10_000; count += 1) {
    const text = `x${count}`
    metrics.observer.outcome?.(
      auditEvent({ code: count % 2 === 0 ? text : `limit:${text}`, method: text, server: text }),
    )
    metrics.observer.policy?.({ type: 'fault', revision: text, reason: text })
  }
  const lines = (await metrics.render()).split('\n').filter((line) => /^mcp_guard_/.test(line))
  // Four gates of 100 values and `other`; the upstream histogram has 17 lines for each server.
  assert.ok(lines.length < 2_500, String(lines.length))
  for (const name of ['refused_total', 'limited_total', 'policy_faults_total']) {
    assert.is(lines.filter((line) => line.startsWith(`mcp_guard_${name}{`)).length, 101, name)
  }
})

test('labels that could break the text format do not get in', async () => {
  const metrics = create()
  for (const code of ['a"b\nc', 'x'.repeat(65), '\u2028', '', 'ä']) {
    metrics.observer.outcome?.(auditEvent({ code }))
  }
  assert.equal(await samples(metrics, 'mcp_guard_refused_total'), [
    'mcp_guard_refused_total{code="other"} 5',
  ])
})

test('two registries do not share counts, and the process is described', async () => {
  const [first, second] = [create(), create()]
  first.observer.outcome?.(auditEvent({ hidden: 1 }))
  assert.equal(await samples(second, 'mcp_guard_list_items_hidden_total'), [
    'mcp_guard_list_items_hidden_total 0',
  ])
  const text = await second.render()
  assert.match(text, /^process_resident_memory_bytes [1-9]\d{6,}$/m)
  assert.match(text, /^process_cpu_seconds_total \d/m)
  assert.match(text, /^nodejs_eventloop_utilization [01]/m)
  assert.match(first.contentType, /^text\/plain; version=0\.0\.4/)
})

test.run()
