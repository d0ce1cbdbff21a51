/** A value as OPA prints it: Rego syntax, members of objects and sets in sorted order, Go's quotes. */
import { charge } from './bounds.js'
import { sorted, sortedMembers } from './compare.js'
import { goQuoted } from './go-quote.js'
import { isArray, isNumber, numberText, RegoSet, type Value } from './rego-value.js'

export function termText(value: Value): string {
  charge(5)
  if (typeof value === 'string') return goQuoted(value)
  if (isNumber(value)) return numberText(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${value.map(termText).join(', ')}]`
  if (value instanceof RegoSet) {
    return value.size === 0 ? 'set()' : `{${sorted(value).map(termText).join(', ')}}`
  }
  const members = sortedMembers(value).map(
    ([key, member]) => `${termText(key)}: ${termText(member)}`,
  )
  return `{${members.join(', ')}}`
}
