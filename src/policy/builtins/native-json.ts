/**
 * A value as Go's JSON has it: a set is an array in sorted order, and a key that is no string is the
 * JSON text of what it is, with Go's escapes.
 */
import { charge } from './bounds.js'
import { sorted, sortedMembers } from './compare.js'
import { isArray, isNumber, numberText, RegoObject, RegoSet, type Value } from './rego-value.js'
import { compareText } from './utf8.js'

/** JSON without sets: objects have strings as keys, the last of two that came to be the same stays. */
export function nativeJson(value: Value): Value {
  charge(5)
  if (isArray(value)) return value.map(nativeJson)
  if (value instanceof RegoSet) return sorted(value).map(nativeJson)
  if (!(value instanceof RegoObject)) return value
  const members = sortedMembers(value)
  return new RegoObject(members.map(([key, member]) => [nativeJsonKey(key), nativeJson(member)]))
}

export function nativeJsonKey(key: Value): string {
  return typeof key === 'string' ? key : goJsonText(nativeJson(key))
}

/** As Go's encoder writes it: sorted keys, and `<`, `>`, `&` and line separators escaped. */
export function goJsonText(value: Value): string {
  charge(5)
  if (typeof value === 'string') return goJsonString(value)
  if (isNumber(value)) return numberText(value)
  if (isArray(value)) return `[${value.map(goJsonText).join(',')}]`
  if (!(value instanceof RegoObject)) return String(value)
  const members = [...value]
    .map(([key, member]) => [nativeJsonKey(key), member] as const)
    .sort(([a], [b]) => compareText(a, b))
  return `{${members.map(([key, member]) => `${goJsonString(key)}:${goJsonText(member)}`).join(',')}}`
}

function goJsonString(text: string): string {
  charge(4 + text.length / 2)
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
