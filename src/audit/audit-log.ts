/**
 * The audit as a step that may refuse. Room for a record is reserved before anything is forwarded;
 * the record is written before the answer's last byte. A failed write closes the door: no room is
 * given until the lines that failed are written, tried at most once a second. Those lines are kept
 * (there is one per reservation at most), so what ran unrecorded for a moment is recorded late.
 *
 * Written means handed to the operating system: this survives the process, not a power cut.
 */
import type { AuditEvent, AuditLog, Observer, Reservation } from '../domain.js'
import { describeThrown, GuardError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { auditLine } from './event.js'
import { createFileSink, type Sink } from './file-sink.js'
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
  let failedAtMs: number | null = null
  let closing: Promise<void> | null = null
  let closed = false
  let onIdle: (() => void) | null = null

  function reserve(): Reservation | null {
    if (closing !== null || reserved >= maxReservations || !isWritable()) return null
    reserved += 1
    let open = true
    function settle(): boolean {
      if (!open) return false
      open = false
      reserved -= 1
      return true
    }
    return {
      record(event) {
        if (!settle()) throw new TypeError('a reservation is good for one record')
        try {
          write(event)
        } finally {
          if (reserved === 0) onIdle?.()
        }
      },
      release() {
        if (settle() && reserved === 0) onIdle?.()
      },
    }
  }

  function write(event: AuditEvent): void {
    unwritten.push(auditLine(event))
    // The number of a closed descriptor may by now belong to another file.
    if (closed || !isWritable() || !flush()) {
      throw new GuardError('GUARD_AUDIT_UNAVAILABLE', 'the audit cannot be written')
    }
  }

  /** Whether the last write went well; after a failure, a new try once a second. */
  function isWritable(): boolean {
    if (failedAtMs === null) return true
    return clock.monotonicMs() - failedAtMs >= retryMs && flush()
  }

  function flush(): boolean {
    let written = 0
    try {
      for (const line of unwritten) {
        sink.write(line)
        written += 1
      }
    } catch (thrown) {
      unwritten = unwritten.slice(written)
      if (failedAtMs === null) log('error', 'the audit cannot be written', describeThrown(thrown))
      failedAtMs = clock.monotonicMs()
      return false
    }
    unwritten = []
    if (failedAtMs !== null) log('info', 'the audit is written again', `${written} kept lines`)
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
    flush()
    closed = true
    sink.close()
  }

  return {
    reserve,
    reopen: () => sink.reopen(),
    close() {
      closing ??= closeWhenIdle()
      return closing
    },
  }
}
