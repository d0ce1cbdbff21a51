/**
 * What a server says of one of its items, from the bytes with which it said it: a digest that does
 * not depend on white space, on escapes or on the order of members, and the annotations.
 * No definition where two readers could understand different ones, or where it is too large.
 * Does not look at what the definition means; names are read by whoever cut the bytes out.
 */
import { hash } from 'node:crypto'
import type { Definition, Json, JsonObject } from '../domain.js'
import { canonicalJson } from '../lib/canonical-json.js'

/** Largest definition with a digest: many times the schema of an honest tool. */
export const maxDefinitionBytes = 256 * 1024
/** Longest annotations in their canonical spelling: they become part of what a policy is asked. */
export const maxAnnotationsLength = 4096

/** null: nothing is known of the item. */
export function readDefinition(bytes: Uint8Array): Definition | null {
  return readMeasured(bytes)?.definition ?? null
}

/** `size`: the length of what is kept of it. */
export function readMeasured(bytes: Uint8Array): { definition: Definition; size: number } | null {
  if (bytes.length > maxDefinitionBytes) return null
  const canonical = canonicalJson(bytes)
  if (canonical === null || !canonical.text.startsWith('{')) return null
  const text = canonical.members.get('annotations')
  const annotations = readAnnotations(text)
  if (annotations === null) return null
  const digest = `sha256:${hash('sha256', canonical.text, 'hex')}`
  return {
    definition: Object.freeze({ digest, annotations }),
    size: digest.length + (text?.length ?? 0),
  }
}

const none: JsonObject = Object.freeze(Object.create(null))

function readAnnotations(text: string | undefined): JsonObject | null {
  // Some servers write what is not there as null.
  if (text === undefined || text === 'null') return none
  if (text.length > maxAnnotationsLength || !text.startsWith('{')) return null
  const value = frozen(JSON.parse(text) as Json)
  return value === undefined ? null : (value as JsonObject)
}

/** Objects lose their prototype. undefined: a number in it has no double, such as 1e400. */
function frozen(value: Json): Json | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const copy: Json = Array.isArray(value) ? [] : (Object.create(null) as JsonObject)
  for (const [name, member] of entries) {
    const inner = frozen(member)
    if (inner === undefined) return undefined
    if (Array.isArray(copy)) copy.push(inner)
    else copy[name] = inner
  }
  Object.freeze(copy)
  return copy
}
