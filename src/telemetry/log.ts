/**
 * The operator's log: faults that somebody has to act on, policy events, and what rooms say. It is
 * not the audit: what callers do wrong is only seen at debug, and lines over the rate are left out
 * and counted. Texts of callers and servers cannot break out of their line.
 */
import type { AuditEvent, Json, LogLevel, Observer, PolicyEvent } from '../domain.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { cutText, escapeUnprintable } from '../lib/printable.js'

export interface LogOptions {
  /** Gets one line with its line end. */
  readonly write: (line: string) => void
  /** true: one JSON object a line; false: a line for people. */
  readonly json: boolean
  /** Lines below it are not written. */
  readonly level: LogLevel
  readonly clock?: Clock
}

type Fields = Readonly<Record<string, Json>>

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const maxLinesPerSecond = 100
const maxCharacters = 8_192
const maxFieldCharacters = 1_024

export function createLogObserver(options: LogOptions): Observer {
  const { write, json, level: lowest, clock = systemClock } = options
  const format = json ? formatJson : formatText
  let secondStartMs = Number.NEGATIVE_INFINITY
  let lines = 0
  let leftOut = 0

  function log(level: LogLevel, text: string, fields: Fields = {}): void {
    if (levels.indexOf(level) < levels.indexOf(lowest)) return
    const nowMs = clock.monotonicMs()
    if (nowMs - secondStartMs >= 1_000) startSecond(nowMs)
    lines += 1
    if (lines > maxLinesPerSecond) leftOut += 1
    else writeLine(level, text, fields)
  }

  function startSecond(nowMs: number): void {
    if (leftOut > 0) writeLine('warn', 'lines were left out of the log', { count: leftOut })
    secondStartMs = nowMs
    lines = 0
    leftOut = 0
  }

  function writeLine(level: LogLevel, text: string, fields: Fields): void {
    const time = new Date(clock.nowMs()).toISOString()
    write(`${format(time, level, cutText(text, maxCharacters), cutFields(fields))}\n`)
  }

  return {
    log,
    outcome(event) {
      const level = levelOf(event)
      if (level !== null) log(level, textOf(event), fieldsOf(event))
    },
    policy: (event) => logPolicy(log, event),
  }
}

/** Null: no line. Failures are logged with their cause by whoever met them. */
function levelOf(event: AuditEvent): LogLevel | null {
  if (event.outcome === 'failed' && event.event !== 'dropped') return null
  // What a server sent and nobody gets.
  if (event.event === 'dropped' || event.dropped > 0) return 'warn'
  return event.outcome === 'forwarded' ? null : 'debug'
}

function textOf(event: AuditEvent): string {
  if (event.event === 'dropped') return 'something a server sent was not passed on'
  if (event.dropped > 0) return 'list items of a server could not be read and were left out'
  return event.outcome
}

function fieldsOf(event: AuditEvent): Fields {
  const { code, server, method, dropped, reasons } = event
  return {
    request_id: event.request_id,
    ...(event.decision_id !== null && { decision_id: event.decision_id }),
    ...(code !== null && { code }),
    ...(server !== null && { server }),
    ...(method !== null && { method }),
    ...(reasons.length > 0 && { reasons }),
    ...(dropped > 0 && { dropped }),
  }
}

function logPolicy(
  log: (level: LogLevel, text: string, fields?: Fields) => void,
  event: PolicyEvent,
): void {
  switch (event.type) {
    case 'activated': {
      const { revision, durationMs } = event
      return log('info', 'policy activated', { revision, duration_ms: Math.round(durationMs) })
    }
    case 'refused': {
      const kept = event.keeps === null ? 'no policy is active' : `${event.keeps} stays active`
      return log('error', `policy refused, ${kept}: ${event.message}`)
    }
    case 'asked':
      return
    case 'rolled-back':
    case 'released': {
      const { type, revision, from } = event
      const text = type === 'released' ? 'the rollback is over' : 'rolled back by the operator'
      return log('warn', text, { revision, rolled_back_from: [...from] })
    }
    case 'fault':
      return log('warn', 'policy failed and its answer is a denial', {
        reason: event.reason,
        revision: event.revision,
      })
    case 'alarm': {
      const { subject, issuer, faults, windowMs, revision } = event
      const fields = { subject, issuer, faults, window_ms: windowMs, revision }
      return log('error', 'the policy fails again and again for one caller', fields)
    }
    default:
      return event satisfies never
  }
}

function cutFields(fields: Fields): Fields {
  const cut = Object.entries(fields).map(([name, value]): [string, Json] => [
    name,
    typeof value === 'string' ? cutText(value, maxFieldCharacters) : value,
  ])
  return Object.fromEntries(cut)
}

function formatJson(time: string, level: LogLevel, text: string, fields: Fields): string {
  const ours = { time, level, text }
  return escapeUnprintable(JSON.stringify({ ...ours, ...fields, ...ours }))
}

// A text of several lines stays readable; the indent keeps its lines from looking like new entries.
function formatText(time: string, level: LogLevel, text: string, fields: Fields): string {
  const lines = text.split('\n').map(escapeUnprintable)
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`)
  const first = `${lines[0] ?? ''}${escapeUnprintable(pairs.join(''))}`
  return [`${time} ${level.padEnd(5)} ${first}`, ...lines.slice(1)].join('\n    ')
}

function formatValue(value: Json): string {
  return typeof value === 'string' && /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value)
}
