/**
 * `strings.any_prefix_match` and `strings.any_suffix_match`: does any of these strings begin (end)
 * with any of those. Both sides are a string or an array or set of strings. In sorted order strings
 * with a common beginning stand directly behind it, so the work is sorting and one search for each.
 */
import { charge } from './bounds.js'
import { isArray, RegoSet, type Value } from './rego-value.js'

export function anyPrefixMatch(search: Value, base: Value): boolean | undefined {
  const strings = textsOf(search)
  const prefixes = textsOf(base)
  if (strings === null || prefixes === null) return undefined
  const [only, another] = strings
  if (only === undefined) return false
  if (another === undefined) return prefixes.some((prefix) => begins(only, prefix))
  return someStartsWith(strings, prefixes)
}

export function anySuffixMatch(search: Value, base: Value): boolean | undefined {
  const strings = textsOf(search)
  const suffixes = textsOf(base)
  if (strings === null || suffixes === null) return undefined
  const [only, another] = strings
  if (only === undefined) return false
  if (another === undefined) return suffixes.some((suffix) => ends(only, suffix))
  return someStartsWith(strings.map(reversed), suffixes.map(reversed))
}

function textsOf(value: Value): string[] | null {
  if (typeof value === 'string') return [value]
  if (!isArray(value) && !(value instanceof RegoSet)) return null
  const texts = [...value].filter((member) => typeof member === 'string')
  const size = isArray(value) ? value.length : value.size
  return texts.length === size ? texts : null
}

function begins(text: string, prefix: string): boolean {
  charge(1 + prefix.length / 8)
  return text.startsWith(prefix)
}

function ends(text: string, suffix: string): boolean {
  charge(1 + suffix.length / 8)
  return text.endsWith(suffix)
}

function someStartsWith(strings: readonly string[], prefixes: readonly string[]): boolean {
  const depth = Math.ceil(Math.log2(strings.length + 1))
  for (const text of strings) charge(depth * (4 + text.length / 16))
  const sorted = [...strings].sort()
  return prefixes.some((prefix) => {
    charge(depth * (4 + prefix.length / 16))
    return sorted[firstFrom(sorted, prefix)]?.startsWith(prefix) === true
  })
}

/** Where the first string that is not before `text` stands. */
function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

/** By units: halves of pairs change their order on both sides alike. */
function reversed(text: string): string {
  charge(4 + 2 * text.length)
  return text.split('').reverse().join('')
}
