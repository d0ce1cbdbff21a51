/**
 * Rego values as host functions take and give them. JSON would lose what Rego distinguishes: sets,
 * keys that are no strings, integers beyond 2^53 and the text of a fraction. So arguments are read
 * from `opa_value_dump` (JSON text extended by `{1, 2}`, `set()` and any value as a key) and results
 * are written for `opa_value_parse`. A number is a `number` only where that is a safe integer.
 */
import { charge } from './bounds.js'
import { numberParts } from './number-parts.js'

/** Longer than any safe integer, so that those need no look at their digits. */
const maxPlainDigits = 20

/** A number whose text has to be kept: a fraction, an exponent, or `-0`. */
export class Decimal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type RegoNumber = number | bigint | Decimal

export type Value = null | boolean | RegoNumber | string | readonly Value[] | RegoSet | RegoObject

/** A function that the gateway brings; undefined makes the expression undefined, a throw is a fault. */
export type HostBuiltin = (...args: readonly Value[]) => Value | undefined

/** Members in the order they came in; two that Rego calls equal are one. */
export class RegoSet implements Iterable<Value> {
  readonly #members = new Map<string, Value>()

  constructor(members: Iterable<Value> = []) {
    for (const member of members) this.#members.set(identityOf(member), member)
  }

  get size(): number {
    return this.#members.size
  }

  has(value: Value): boolean {
    return this.#members.has(identityOf(value))
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.#members.values()
  }
}

/** Members in the order they came in; of two equal keys the first keeps its place, the last its value. */
export class RegoObject implements Iterable<readonly [Value, Value]> {
  readonly #members = new Map<string, readonly [Value, Value]>()

  constructor(members: Iterable<readonly [Value, Value]> = []) {
    for (const member of members) this.#members.set(identityOf(member[0]), member)
  }

  get size(): number {
    return this.#members.size
  }

  get(key: Value): Value | undefined {
    return this.#members.get(identityOf(key))?.[1]
  }

  [Symbol.iterator](): Iterator<readonly [Value, Value]> {
    return this.#members.values()
  }
}

export function isNumber(value: Value | undefined): value is RegoNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

/** The number as its source wrote it. */
export function numberText(value: RegoNumber): string {
  return value instanceof Decimal ? value.text : String(value)
}

/** Equal for exactly those values that Rego calls equal: 1, 1.0 and 10e-1 are one. */
export function identityOf(value: Value): string {
  if (typeof value === 'string') {
    charge(1 + value.length / 8)
    return `"${value}`
  }
  charge(4)
  if (isNumber(value)) return numberIdentity(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${lengthPrefixed(value.map(identityOf))}`
  if (value instanceof RegoSet) return `<${lengthPrefixed(Array.from(value, identityOf).sort())}`
  const members = Array.from(value, ([key, member]) =>
    lengthPrefixed([identityOf(key), identityOf(member)]),
  )
  return `{${lengthPrefixed(members.sort())}`
}

function lengthPrefixed(parts: readonly string[]): string {
  let text = ''
  for (const part of parts) {
    charge(8 + part.length / 8)
    text += `${part.length}:${part}`
  }
  return text
}

function numberIdentity(value: RegoNumber): string {
  if (typeof value === 'number') return String(value)
  const source = numberText(value)
  charge(20 + source.length)
  const { sign, digits, scale } = numberParts(source)
  if (sign === 0) return '0'
  const whole = scale >= digits.length && scale <= maxPlainDigits
  const text = whole ? digits.padEnd(scale, '0') : `${digits}e${scale}`
  return sign < 0 ? `-${text}` : text
}
