/**
 * Tells of evaluations that failed and were answered by a denial, and raises an alarm about a
 * principal whose questions do that too often. Whoever watches decides nothing: a throw is ignored.
 */
import type { Decision, Observer, PolicyEvent, Subject } from '../domain.js'
import { systemClock } from '../lib/clock.js'
import { denial } from './decision.js'
import { alarmingFaults, createFaultWatch, faultWindowMs } from './fault-watch.js'

export type FaultReason = 'policy-fault' | 'policy-budget' | 'decision-malformed'

/** Gives the denial. */
export type Fault = (subject: Subject, reason: FaultReason, problem: string) => Decision

export function createFaults(revision: string, observer: Observer | undefined): Fault {
  const watch = createFaultWatch()

  function tell(event: PolicyEvent): void {
    try {
      observer?.policy?.(event)
    } catch {
      // Whoever watches decides nothing.
    }
  }

  return function fault(subject, reason, problem) {
    tell({ type: 'fault', revision, reason: `${reason}: ${problem}` })
    if (watch.count(subject, systemClock.monotonicMs())) {
      const { id, issuer } = subject
      const [faults, windowMs] = [alarmingFaults, faultWindowMs]
      tell({ type: 'alarm', revision, subject: id, issuer, faults, windowMs })
    }
    return denial(reason)
  }
}
