/**
 * Are two answers the same? Exactly, but for what the engines may choose: the order of a set (in
 * members that say they are one) and of an object's members, and what lies beyond a double's
 * precision, which reading the JSON text has taken away on both sides.
 */
import type { Json } from '../../src/domain.js'
import type { Answer } from './engines.js'
import { setMember } from './rego-policies.js'

export function isSameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === 'defined' && b.kind === 'defined') return canonical(a.value) === canonical(b.value)
  return a.kind === b.kind
}

export function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((name) => {
      const inner = value[name] ?? null
      const text =
        name.endsWith(setMember) && Array.isArray(inner)
          ? `{${inner.map(canonical).sort().join(',')}}`
          : canonical(inner)
      return `${JSON.stringify(name)}:${text}`
    })
  return `{${members.join(',')}}`
}
