/**
 * Outcomes and policy events as Prometheus metrics (text format 0.0.4), for dashboards and alerts.
 * Numbers only: no label holds a subject, an address, an item's name or anything else without a
 * bound. Names and labels are what dashboards match on; a pin freezes them.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import type { AuditEvent, CatalogueEvent, KeysEvent, Observer, PolicyEvent } from '../domain.js'
import { createKnownGate, createLabelGate } from './labels.js'
import { registerProcessMetrics } from './process-metrics.js'
import { Durations, Tally } from './tallies.js'

export interface MetricsOptions {
  /** Whether a method may be a label; every other method is counted as `other`. */
  readonly isKnownMethod: (method: string) => boolean
}

export interface Metrics {
  readonly observer: Observer
  /** Of what `render` returns. */
  readonly contentType: string
  render(): Promise<string>
}

const maxLabelValues = 100
// From a tenth of a millisecond, which a decision takes, to half a minute, which a slow tool takes.
const quickBuckets = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1]
const slowBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const limitCode = 'limit:'

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  registerProcessMetrics(registry)
  const durations = createDurations()
  const observeOutcome = createOutcomeMetrics(registry, durations, options)
  const observePolicy = createPolicyMetrics(registry)
  const observeCatalogue = createCatalogueMetrics(registry)
  const observeKeys = createKeysMetrics(registry)
  return {
    observer: {
      outcome: observeOutcome,
      policy: observePolicy,
      catalogue: observeCatalogue,
      keys: observeKeys,
    },
    contentType: registry.contentType,
    async render() {
      const histograms = Object.values(durations).map((each) => each.render())
      return [await registry.metrics(), ...histograms].join('\n')
    },
  }
}

function createDurations() {
  return {
    message: new Durations({
      name: 'mcp_guard_message_duration_seconds',
      help: 'From the first byte of a message to its record.',
      label: 'outcome',
      bounds: slowBuckets,
    }),
    decide: new Durations({
      name: 'mcp_guard_decide_duration_seconds',
      help: "Time the policy's decisions about one message took.",
      label: null,
      bounds: quickBuckets,
    }),
    upstream: new Durations({
      name: 'mcp_guard_upstream_duration_seconds',
      help: 'Time spent waiting for the server.',
      label: 'server',
      bounds: slowBuckets,
    }),
  }
}

function createOutcomeMetrics(
  registry: Registry,
  durations: ReturnType<typeof createDurations>,
  options: MetricsOptions,
) {
  const registers = [registry]
  const labelNames = ['outcome', 'method', 'server', 'era'] as const
  const messages = new Tally(labelNames)
  new Counter({
    name: 'mcp_guard_messages_total',
    help: 'Messages and refused requests by how they ended.',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of messages.counts()) this.inc(labels, count)
    },
  })
  const refused = counter('mcp_guard_refused_total', 'Refusals and failures by code.', 'code')
  const limited = counter('mcp_guard_limited_total', 'Messages over a limit, by limit.', 'limit')
  const hidden = counter('mcp_guard_list_items_hidden_total', 'List items hidden by policy.')
  const dropped = counter(
    'mcp_guard_list_items_dropped_total',
    'List items that were unreadable or invalid.',
  )
  const answers = counter('mcp_guard_answers_dropped_total', 'Frames of servers not passed on.')
  const streams = new Gauge({
    name: 'mcp_guard_streams_open',
    help: 'Long-lived streams that are open.',
    registers,
  })

  function counter<Label extends string>(name: string, help: string, ...labelNames: Label[]) {
    return new Counter({ name, help, labelNames, registers })
  }

  const methodLabel = createKnownGate(options.isKnownMethod)
  const serverLabel = createLabelGate(maxLabelValues)
  const codeLabel = createLabelGate(maxLabelValues)
  const limitLabel = createLabelGate(maxLabelValues)

  function observeMessage(event: AuditEvent): void {
    const { outcome, era, duration_us: durationUs } = event
    const server = serverLabel(event.server)
    messages.add(outcome, methodLabel(event.method), server, era ?? 'none')
    if (event.event !== 'message') return
    durations.message.observe(outcome, durationUs.total / 1e6)
    if (event.decision_id !== null) durations.decide.observe('', durationUs.decide / 1e6)
    if (durationUs.upstream > 0) durations.upstream.observe(server, durationUs.upstream / 1e6)
  }

  function observeCode(code: string): void {
    if (code.startsWith(limitCode)) limited.inc({ limit: limitLabel(code.slice(limitCode.length)) })
    else refused.inc({ code: codeLabel(code) })
  }

  return function observeOutcome(event: AuditEvent): void {
    if (event.code !== null) observeCode(event.code)
    if (event.hidden > 0) hidden.inc(event.hidden)
    if (event.dropped > 0) dropped.inc(event.dropped)
    switch (event.event) {
      case 'message':
      case 'refused':
        return observeMessage(event)
      case 'dropped':
        return answers.inc()
      case 'stream.opened':
        return streams.inc()
      case 'stream.closed':
        return streams.dec()
      default:
        return event.event satisfies never
    }
  }
}

function createCatalogueMetrics(registry: Registry) {
  const fetches = new Counter({
    name: 'mcp_guard_catalogue_fetches_total',
    help: 'Lists that the gateway asked servers for to know what a message names.',
    labelNames: ['server', 'list', 'result'],
    registers: [registry],
  })
  const serverLabel = createLabelGate(maxLabelValues)

  return function observeCatalogue({ server, list, result }: CatalogueEvent): void {
    fetches.inc({ server: serverLabel(server), list, result })
  }
}

function createKeysMetrics(registry: Registry) {
  const loads = new Counter({
    name: 'mcp_guard_key_loads_total',
    help: 'Times that the verification keys of an issuer of tokens were asked for.',
    labelNames: ['issuer', 'result'],
    registers: [registry],
  })
  const issuerLabel = createLabelGate(maxLabelValues)

  return function observeKeys({ issuer, result }: KeysEvent): void {
    loads.inc({ issuer: issuerLabel(issuer), result })
  }
}

function createPolicyMetrics(registry: Registry) {
  const registers = [registry]
  const active = new Gauge({
    name: 'mcp_guard_policy_active_info',
    help: 'The policy revision that decides; always 1.',
    labelNames: ['revision'],
    registers,
  })
  const activations = new Counter({
    name: 'mcp_guard_policy_activations_total',
    help: 'Policies that were activated or refused.',
    labelNames: ['result'],
    registers,
  })
  const faults = new Counter({
    name: 'mcp_guard_policy_faults_total',
    help: 'Evaluations that failed and were answered by a denial.',
    labelNames: ['reason'],
    registers,
  })
  const alarms = new Counter({
    name: 'mcp_guard_policy_alarms_total',
    help: 'Times that the policy failed again and again for one caller; the log names who.',
    registers,
  })
  const asked = new Counter({
    name: 'mcp_guard_policy_polls_total',
    help: 'Times that the server of a bundle URL was asked for a new policy.',
    labelNames: ['result'],
    registers,
  })
  const held = new Gauge({
    name: 'mcp_guard_policy_rolled_back',
    help: "1 while an operator's rollback is in force.",
    registers,
  })
  const reasonLabel = createLabelGate(maxLabelValues)

  return function observePolicy(event: PolicyEvent): void {
    switch (event.type) {
      case 'activated':
        active.reset()
        active.set({ revision: event.revision }, 1)
        return activations.inc({ result: 'activated' })
      case 'refused':
        return activations.inc({ result: 'refused' })
      case 'asked':
        return asked.inc({ result: event.result })
      case 'rolled-back':
        return held.set(1)
      case 'released':
        return held.set(0)
      case 'fault':
        return faults.inc({ reason: reasonLabel(event.reason.split(':', 1)[0] ?? '') })
      case 'alarm':
        return alarms.inc()
      default:
        return event satisfies never
    }
  }
}
