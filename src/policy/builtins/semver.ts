/**
 * Semantic versions (semver.org 2.0.0) as OPA reads them: one leading `v` is passed over, the three
 * numbers must fit 64 bits, numeric pre-release parts beyond that count as the largest. Bound: 4,096
 * units of text.
 */
import { boundedNumeral, charge } from './bounds.js'
import type { Value } from './rego-value.js'
import { compareText } from './utf8.js'

interface Version {
  readonly numbers: readonly bigint[]
  readonly preRelease: string
}

const characterUnits = 10
const maxInteger = 2n ** 63n - 1n
const identifiers = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$/
const digits = /^[0-9]+$/
const number = /^(0|[1-9][0-9]*)$/

export function semverIsValid(version: Value): boolean {
  return typeof version === 'string' && parse(version) !== null
}

export function semverCompare(a: Value, b: Value): number | undefined {
  if (typeof a !== 'string' || typeof b !== 'string') return undefined
  const x = parse(a)
  const y = parse(b)
  return x === null || y === null ? undefined : compare(x, y)
}

function parse(text: string): Version | null {
  charge(characterUnits * boundedNumeral(text).length)
  const [withoutMetadata, metadata] = cut(text.startsWith('v') ? text.slice(1) : text, '+')
  if (metadata !== null && !identifiers.test(metadata)) return null
  const [core, preRelease] = cut(withoutMetadata, '-')
  if (preRelease !== null && !isPreRelease(preRelease)) return null
  const parts = core.split('.')
  if (parts.length !== 3 || !parts.every((part) => number.test(part) && part.length < 20))
    return null
  const numbers = parts.map(BigInt)
  if (numbers.some((value) => value > maxInteger)) return null
  return { numbers, preRelease: preRelease ?? '' }
}

function isPreRelease(text: string): boolean {
  return (
    identifiers.test(text) &&
    text.split('.').every((part) => !digits.test(part) || number.test(part))
  )
}

function cut(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

function compare(a: Version, b: Version): number {
  for (const [i, x] of a.numbers.entries()) {
    const y = b.numbers[i] ?? 0n
    if (x !== y) return x > y ? 1 : -1
  }
  if (a.preRelease === b.preRelease) return 0
  if (a.preRelease === '') return 1
  if (b.preRelease === '') return -1
  return comparePreRelease(a.preRelease.split('.'), b.preRelease.split('.'))
}

function comparePreRelease(a: readonly string[], b: readonly string[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y === undefined) return 1
    const order = comparePart(x, y)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

function comparePart(x: string, y: string): number {
  if (digits.test(x) !== digits.test(y)) return digits.test(x) ? -1 : 1
  if (!digits.test(x)) return Math.sign(compareText(x, y))
  const m = clamp(x)
  const n = clamp(y)
  return m === n ? 0 : m > n ? 1 : -1
}

function clamp(text: string): bigint {
  const value = text.length > 19 ? maxInteger : BigInt(text)
  return value > maxInteger ? maxInteger : value
}
