/**
 * Remembers what the policy decided, within one revision. A decision is a function of revision and
 * facts, and the key is exactly the facts that were sent: the text of action and context and the
 * names of interned subject and resource. Faults are not decisions and are never in here. Memory is
 * bounded by bytes, and facts with much text of their own are not kept: they would push out many
 * others and seldom come again.
 */
import type { Decision } from '../domain.js'
import { createGenerations } from './generations.js'

export interface Memo {
  get(group: string, key: string): Decision | undefined
  /** `answerLength`: of the text the decision was read from. The decision must be frozen. */
  set(group: string, key: string, decision: Decision, answerLength: number): void
  bytes(): number
}

export const defaultMemoBytes = 8 * 1024 * 1024
const maxKeyLength = 2_048
/** Bytes of objects for one character of JSON. */
const objectFactor = 4

/** 0: remembers nothing. */
export function createMemo(maxBytes: number): Memo {
  const decisions = createGenerations<Decision>(maxBytes)
  return {
    get(group, key) {
      return isKept(group, key) ? decisions.get(group, key) : undefined
    },
    set(group, key, decision, answerLength) {
      if (isKept(group, key)) decisions.set(group, key, decision, objectFactor * answerLength)
    },
    bytes: () => decisions.bytes(),
  }
}

function isKept(group: string, key: string): boolean {
  return group.length + key.length <= maxKeyLength
}
