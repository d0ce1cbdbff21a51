/**
 * Remembers what the policy decided, within one revision. A decision is a function of revision and
 * facts, and the key is exactly the facts that were sent: the text of action and context and the
 * names of interned subject and resource. Faults are not decisions and are never in here. Memory is
 * bounded by bytes, and facts with much text of their own are not kept: they would push out many
 * others and seldom come again. Those with some are kept when they come a second time, so that calls
 * with ever new arguments leave nothing behind.
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
/** A key without arguments is the name of an interned resource. */
const maxNameLength = 16
/** A power of two. */
const sightings = 8_192
const sampledCharacters = 64

/** 0: remembers nothing. */
export function createMemo(maxBytes: number): Memo {
  const decisions = createGenerations<Decision>(maxBytes, decisionBytes)
  const sighted = new Int32Array(maxBytes === 0 ? 0 : sightings)

  /** Another key's sample may be mistaken for it: that one is then kept a call early. */
  function comesAgain(key: string): boolean {
    if (key.length <= maxNameLength) return true
    const sample = sampleOf(key)
    const slot = sample & (sightings - 1)
    if (sighted[slot] === sample) return true
    sighted[slot] = sample
    return false
  }

  return {
    get(group, key) {
      return isKept(group, key) ? decisions.get(group, key) : undefined
    },
    set(group, key, decision) {
      if (isKept(group, key) && comesAgain(key)) decisions.set(group, key, decision)
    },
    bytes: () => decisions.bytes(),
  }
}

function isKept(group: string, key: string): boolean {
  return group.length + key.length <= maxKeyLength
}

/** FNV-1a over the length and characters spread over the whole key. */
function sampleOf(key: string): number {
  const step = Math.max(1, key.length / sampledCharacters)
  let hash = 0x811c9dc5 ^ key.length
  for (let at = 0; at < key.length; at += step) {
    hash = Math.imul(hash ^ key.charCodeAt(Math.floor(at)), 0x01000193)
  }
  return hash
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
