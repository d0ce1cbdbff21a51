/**
 * Are two answers the same? Exactly, but for what the engines may choose: the order of a set (in
 * members that say they are one) and of an object's members, and the digits of numbers beyond 2^53
 * that come after the fourteenth.
 */
import type { Json } from '../../src/domain.js'
import type { Answer } from './engines.js'
import { setMember } from './rego-policies.js'

export function isSameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === 'defined' && b.kind === 'defined') return canonical(a.value) === canonical(b.value)
  return a.kind === b.kind
}

/**
 * OPA's interpreter leaves a body as soon as any reference into the input in it is undefined; a
 * compiled policy evaluates what stands before and may find a contradiction there. That denies.
 */
export function isStricter(ours: Answer, interpreted: Answer): boolean {
  return ours.kind === 'error' && ours.problem.includes('conflict') && interpreted.kind !== 'error'
}

export function canonical(value: Json): string {
  if (typeof value === 'number' && Math.abs(value) > 2 ** 53) return value.toPrecision(14)
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
