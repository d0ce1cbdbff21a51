/** The production decision point asked with facts. Types only. */
import type { Decision } from '../domain.js'

export interface Decider {
  readonly revision: string
  /** One question, exactly as the facts put it; the facts are shown as the gateway would show them. */
  decide(facts: object): Decided
  /** The same facts shown whole, whatever the policy reads. The decision has to be the same. */
  decideWhole(facts: object): Decided
}

export interface Decided {
  readonly decision: Decision
  /** What is wrong with the policy's answer; null when nothing is. */
  readonly problem: string | null
  /** Units of work. */
  readonly spent: number
}
