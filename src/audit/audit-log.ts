/**
 * The audit as a step that may refuse. Room for a record is reserved before anything is forwarded;
 * the record is written before the answer's last byte. A failed write closes the door: no room is
 * given until the lines that failed are written, tried at most once a second. Those lines are kept
 * (there is one per reservation at most), so what ran unrecorded for a moment is recorded late.
 *
 * Written means handed to the operating system: this survives the process, not a power cut.
 */
import type { AuditLog, Observer, Reservation } from '../domain.js'
import { describeThrown, GuardError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { auditLine } from './event.js'
import { createFileSink, type Sink } from './file-sink.js'
import type { Written } from './line-writer.js'
import { createStdoutSink } from './stdout-sink.js'

export interface AuditLogOptions {
  /** `-` is standard output, anything else the path of a regular file. */
  readonly target: string
  readonly observer?: Observer
}

export interface ReopenableAuditLog extends AuditLog {
  /**
   * After a rotation: goes on in a file of the same path. Throws GuardError GUARD_CONFIG_INVALID
   * when it cannot be opened, and goes on in the old one.
   */
  reopen(): void
}

export interface AuditParts {
  readonly sink: Sink
  readonly clock: Clock
  readonly observer?: Observer
  /** How long close waits for the records of exchanges that are still open. Default 5 s. */
  readonly closeWaitMs?: number
}

interface Waiting {
  readonly line: string
  readonly done: (problem: unknown) => void
}

const nothing: Written = { ok: true }
const maxReservations = 10_000
const retryMs = 1_000

/** Throws GuardError GUARD_CONFIG_INVALID when the target cannot be opened. */
export function openAuditLog(options: AuditLogOptions): ReopenableAuditLog {
  const { target, observer } = options
  const sink = target === '-' ? createStdoutSink() : createFileSink(target)
  return createAuditLog({ sink, clock: systemClock, ...(observer && { observer }) })
}

export function createAuditLog(parts: AuditParts): ReopenableAuditLog {
  const { sink, clock, observer, closeWaitMs = 5_000 } = parts
  let reserved = 0
  let unwritten: string[] = []
  let waiting: Waiting[] = []
  let failedAtMs: number | null = null
  let closing: Promise<void> | null = null
  let closed = false
  let onIdle: (() => void) | null = null

  function reserve(): Reservation | null {
    if (closing !== null || reserved >= maxReservations || !isWritable()) return null
    reserved += 1
    let open = true
    function use(): void {
      if (!open) throw new TypeError('a reservation is good for one record')
      open = false
    }
    return {
      record(event) {
        use()
        try {
          unwritten.push(auditLine(event))
          if (!writeOut()) throw unavailable()
        } finally {
          free()
        }
      },
      recordSoon(event, done) {
        use()
        waiting.push({ line: auditLine(event), done })
        // All answers of one turn wait for one write (measured: 6 % of a call at 16 connections);
        // where there is no other exchange, there is nothing to wait for.
        if (reserved === 1) flushWaiting()
        else if (waiting.length === 1) setImmediate(flushWaiting)
      },
      release() {
        if (open) free()
        open = false
      },
    }
  }

  function free(): void {
    reserved -= 1
    if (reserved === 0) onIdle?.()
  }

  function flushWaiting(): void {
    const batch = waiting
    if (batch.length === 0) return
    waiting = []
    for (const { line } of batch) unwritten.push(line)
    const problem = writeOut() ? null : unavailable()
    const written = batch.length - unwritten.length
    for (const [index, { done }] of batch.entries()) {
      free()
      try {
        done(index < written ? null : problem)
      } catch (thrown) {
        log('error', 'an answer was not sent after its record', describeThrown(thrown))
      }
    }
  }

  function writeOut(): boolean {
    // The number of a closed descriptor may by now belong to another file.
    return !closed && isWritable() && flush()
  }

  /** Whether the last write went well; after a failure, a new try once a second. */
  function isWritable(): boolean {
    if (failedAtMs === null) return true
    return clock.monotonicMs() - failedAtMs >= retryMs && flush()
  }

  function flush(): boolean {
    const lines = unwritten
    const written = lines.length === 0 ? nothing : sink.write(lines)
    if (!written.ok) {
      unwritten = lines.slice(written.lines)
      const { problem } = written
      if (failedAtMs === null) log('error', 'the audit cannot be written', describeThrown(problem))
      failedAtMs = clock.monotonicMs()
      return false
    }
    unwritten = []
    if (failedAtMs !== null) log('info', 'the audit is written again', `${lines.length} kept lines`)
    failedAtMs = null
    return true
  }

  function log(level: 'error' | 'info', text: string, detail: string): void {
    try {
      observer?.log?.(level, text, { detail })
    } catch {
      // Observers watch; the audit goes on.
    }
  }

  async function closeWhenIdle(): Promise<void> {
    if (reserved > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, closeWaitMs)
        onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    flushWaiting()
    flush()
    closed = true
    sink.close()
  }

  return {
    reserve,
    flush: flushWaiting,
    reopen: () => sink.reopen(),
    close() {
      closing ??= closeWhenIdle()
      return closing
    },
  }
}

function unavailable(): GuardError {
  return new GuardError('GUARD_AUDIT_UNAVAILABLE', 'the audit cannot be written')
}
