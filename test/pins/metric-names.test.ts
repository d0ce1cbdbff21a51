/** Dashboards and alerts match on these. A change here is a change for every operator. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { auditEvent } from '../support/audit-event.js'

const pinned = `
mcp_guard_answers_dropped_total counter
mcp_guard_catalogue_fetches_total counter server,list,result
mcp_guard_decide_duration_seconds histogram le
mcp_guard_key_loads_total counter issuer,result
mcp_guard_limited_total counter limit
mcp_guard_list_items_dropped_total counter
mcp_guard_list_items_hidden_total counter
mcp_guard_message_duration_seconds histogram le,outcome
mcp_guard_messages_total counter outcome,method,server,era
mcp_guard_policy_activations_total counter result
mcp_guard_policy_active_info gauge revision
mcp_guard_policy_alarms_total counter
mcp_guard_policy_faults_total counter reason
mcp_guard_policy_polls_total counter result
mcp_guard_policy_rolled_back gauge
mcp_guard_refused_total counter code
mcp_guard_streams_open gauge
mcp_guard_upstream_duration_seconds histogram le,server
nodejs_eventloop_utilization gauge
process_cpu_seconds_total counter
process_resident_memory_bytes gauge
process_start_time_seconds gauge
`

test('names, types and labels of all metrics, each with a help text', async () => {
  const metrics = createMetrics({ isKnownMethod: () => true })
  metrics.observer.outcome?.(auditEvent({ code: 'parse-error' }))
  metrics.observer.outcome?.(auditEvent({ code: 'limit:user' }))
  metrics.observer.policy?.({ type: 'activated', revision: 'r', durationMs: 1 })
  metrics.observer.policy?.({ type: 'asked', result: 'unchanged' })
  metrics.observer.catalogue?.({ server: 's', list: 'tools', result: 'learnt' })
  metrics.observer.keys?.({ issuer: 'https://idp.example', result: 'loaded' })
  metrics.observer.policy?.({ type: 'fault', revision: 'r', reason: 'x' })
  const lines = (await metrics.render()).split('\n')
  const described = lines
    .filter((line) => line.startsWith('# TYPE '))
    .map((line) => {
      const [, , name = '', type = ''] = line.split(' ')
      assert.ok(
        lines.some((each) => each.startsWith(`# HELP ${name} `) && each.endsWith('.')),
        name,
      )
      const sample = lines.find((each) => new RegExp(`^${name}(_bucket)?[{ ]`).test(each)) ?? ''
      const labels = [...sample.matchAll(/(\w+)="/g)].map((match) => match[1]).join(',')
      return `${name} ${type} ${labels}`.trim()
    })
  assert.is(described.sort().join('\n'), pinned.trim())
})

test.run()
