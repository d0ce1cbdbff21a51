/**
 * Remembers what the policy decided, within one revision. A decision is a function of revision and
 * facts, and the key is exactly the facts that were sent: the text of action and context, the names
 * of interned subject and resource, and the text that the message adds. Faults are not decisions and
 * are never in here. Memory is bounded by bytes, and facts with much text of their own are not kept:
 * they would push out many others and seldom come again. Those with some are kept when they come a
 * second time, so that calls with ever new arguments leave nothing behind.
 */
import type { Decision } from '../domain.js'
import { createGenerations } from './generations.js'

export interface Memo {
  /** `group` and `name` come again often; `more` is what this question has of its own, or empty. */
  get(group: string, name: string, more: string): Decision | undefined
  /** The decision must be frozen. */
  set(group: string, name: string, more: string, decision: Decision): void
  bytes(): number
}

/** One of those that have the same number. */
interface Kept {
  readonly name: string
  readonly more: string
  readonly decision: Decision
  readonly next: Kept | undefined
  readonly length: number
}

export const defaultMemoBytes = 8 * 1024 * 1024
const maxKeyLength = 2_048
/** What is this short is kept at once. */
const maxShortLength = 10
/** A power of two. */
const sightings = 8_192
const sampledCharacters = 48
const maxSameNumber = 8

/** 0: remembers nothing. */
export function createMemo(maxBytes: number): Memo {
  const decisions = createGenerations<string | number, Kept>(maxBytes, keptBytes)
  const sighted = new Int32Array(maxBytes === 0 ? 0 : sightings)

  /** Another's number may be mistaken for it: that one is then kept a call early. */
  function comesAgain(number: number): boolean {
    const slot = number & (sightings - 1)
    if (sighted[slot] === number) return true
    sighted[slot] = number
    return false
  }

  return {
    get(group, name, more) {
      if (!isKept(group, name, more)) return undefined
      const key = keyOf(name, more)
      let kept = decisions.get(group, key)
      if (typeof key === 'string') return kept?.decision
      // The number is a matter of speed; the texts are what counts.
      while (kept !== undefined && (kept.more !== more || kept.name !== name)) kept = kept.next
      return kept?.decision
    },
    set(group, name, more, decision) {
      if (!isKept(group, name, more)) return
      if (more.length > maxShortLength && !comesAgain(numberOf(more))) return
      const key = keyOf(name, more)
      const found = typeof key === 'string' ? undefined : decisions.get(group, key)
      const next = found !== undefined && found.length < maxSameNumber ? found : undefined
      const length = 1 + (next?.length ?? 0)
      decisions.set(group, key, { name, more, decision, next, length })
    },
    bytes: () => decisions.bytes(),
  }
}

function isKept(group: string, name: string, more: string): boolean {
  return group.length + name.length + more.length <= maxKeyLength
}

/**
 * A text is the whole of name and addition, since no name has a space. Hashing a long one, which is
 * new each time, would take longer than all the rest: that has a number, which others may have too.
 */
function keyOf(name: string, more: string): string | number {
  if (more === '') return name
  return more.length <= sampledCharacters ? `${name} ${more}` : numberOf(more)
}

/** FNV-1a over the length and characters spread over the whole text. */
function numberOf(more: string): number {
  const step = 1 + Math.floor(more.length / sampledCharacters)
  let hash = 0x811c9dc5 ^ more.length
  for (let at = 0; at < more.length; at += step) {
    hash = Math.imul(hash ^ more.charCodeAt(at), 0x01000193)
  }
  return hash
}

function keptBytes(kept: Kept): number {
  let bytes = 0
  for (let one: Kept | undefined = kept; one !== undefined; one = one.next) {
    bytes += 100 + textBytes([one.name, one.more]) + decisionBytes(one.decision)
  }
  return bytes
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
