/**
 * `time.parse_duration_ns`: Go's durations (`1h30m`, `-1.5s`, `300ms`) and OPA's days, weeks and
 * years of 365 days, each a number of hours. Beyond 64 bits is undefined. Bound: 4,096 units of text.
 */
import { boundedNumeral, charge } from './bounds.js'
import type { Value } from './rego-value.js'

const unitNs: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const hoursOf: ReadonlyMap<string, number> = new Map([
  ['d', 24],
  ['w', 168],
  ['y', 8_760],
])

/** Of a text. */
const characterUnits = 25
/** 2^63, which is one more than fits and still allowed below zero. */
const limit = 2n ** 63n

export function parseDurationNs(text: Value): bigint | undefined {
  if (typeof text !== 'string') return undefined
  charge(characterUnits * boundedNumeral(text).length)
  const plain = /[dwy]/.test(text) ? inHours(text) : text
  return plain === null ? undefined : (parse(plain) ?? undefined)
}

function parse(text: string): bigint | null {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (body === '0') return 0n
  const segment = /(\d*)(?:(\.)(\d*))?([^.\d]+)/y
  let total = 0n
  while (segment.lastIndex < body.length) {
    const found = segment.exec(body)
    if (found === null) return null
    const [, whole = '', , fraction = '', unit = ''] = found
    const ns = segmentNs(whole, fraction, unit)
    if (ns === null) return null
    total += ns
    if (total > limit) return null
  }
  if (body === '' || (sign !== '-' && total === limit)) return null
  return sign === '-' ? -total : total
}

function segmentNs(whole: string, fraction: string, unit: string): bigint | null {
  const factor = unitNs.get(unit)
  if (factor === undefined || (whole === '' && fraction === '')) return null
  const digits = whole.replace(/^0+/, '')
  if (digits.length > 19) return null
  const value = BigInt(digits === '' ? '0' : digits)
  if (value > limit / factor) return null
  const ns = value * factor + fractionNs(fraction, factor)
  return ns > limit ? null : ns
}

/** In doubles, as Go computes it; digits that would overflow 64 bits are passed over. */
function fractionNs(digits: string, factor: bigint): bigint {
  let numerator = 0n
  let scale = 1
  for (const digit of digits) {
    if (numerator > (limit - 1n) / 10n) break
    const next = numerator * 10n + BigInt(digit)
    if (next > limit) break
    numerator = next
    scale *= 10
  }
  return BigInt(Math.trunc(Number(numerator) * (Number(factor) / scale)))
}

/** Days, weeks and years as hours, everything else as it is; null: not of that form. */
function inHours(text: string): string | null {
  const segment = /([0-9.]+)(ms|us|µs|ns|[a-z])/y
  let hours = /^[+-]/.exec(text)?.[0] ?? ''
  segment.lastIndex = hours.length
  if (segment.lastIndex === text.length) return null
  while (segment.lastIndex < text.length) {
    const found = segment.exec(text)
    if (found === null) return null
    const [whole, digits = '', unit = ''] = found
    const factor = hoursOf.get(unit)
    if (factor === undefined) hours += whole
    else if (!/^(\d+\.?\d*|\.\d+)$/.test(digits) || !Number.isFinite(Number(digits))) return null
    else hours += `${plainText(Number(digits) * factor)}h`
  }
  return hours
}

/** The shortest digits of a double without an exponent. */
function plainText(value: number): string {
  const [, digits = '', fraction = '', exponent = '0'] =
    /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  const power = Number(exponent)
  const all = digits + fraction
  const point = digits.length + power
  if (point <= 0) return `0.${'0'.repeat(-point)}${all}`
  if (point >= all.length) return all.padEnd(point, '0')
  return `${all.slice(0, point)}.${all.slice(point)}`
}
