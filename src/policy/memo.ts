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
  /** The decision must be frozen. */
  set(group: string, key: string, decision: Decision): void
  bytes(): number
}

export const defaultMemoBytes = 8 * 1024 * 1024
const maxKeyLength = 2_048

/** 0: remembers nothing. */
export function createMemo(maxBytes: number): Memo {
  const decisions = createGenerations<Decision>(maxBytes, decisionBytes)
  return {
    get(group, key) {
      return isKept(group, key) ? decisions.get(group, key) : undefined
    },
    set(group, key, decision) {
      if (isKept(group, key)) decisions.set(group, key, decision)
    },
    bytes: () => decisions.bytes(),
  }
}

function isKept(group: string, key: string): boolean {
  return group.length + key.length <= maxKeyLength
}

/** As if none were shared with another entry. */
function decisionBytes(decision: Decision): number {
  let bytes = 200 + textBytes(decision.reasons)
  if (!decision.allow) return bytes + textBytes(decision.challenge?.scopes ?? [])
  for (const { name, tier, key } of decision.limits ?? []) {
    bytes += 200 + textBytes([name, tier]) + textBytes(key)
  }
  return bytes
}

function textBytes(texts: readonly string[]): number {
  let bytes = 0
  for (const text of texts) bytes += 32 + 2 * text.length
  return bytes
}
