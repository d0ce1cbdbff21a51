/**
 * Decimal text as Go's `big.Float` of 64 bits holds it (math/big, rounding to nearest, ties to
 * even): OPA reads amounts and timestamps through it, so a 65th bit is rounded here as there.
 * The power of five is itself rounded to 128 bits, as Go does.
 */

import { boundedNumeral, charge } from './bounds.js'

/** mantissa × 2^exponent; the sign is the mantissa's. */
export interface BinaryFloat {
  readonly mantissa: bigint
  readonly exponent: number
}

const readUnits = 200
const powerUnits = 1_000
const precision = 64
const powerPrecision = precision + 64
const factorPrecision = powerPrecision + 64
/** 5^27 is the largest power that Go has in a table of 64-bit integers. */
const tabled = 27
const form = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

/** null: not a decimal number. */
export function readBinaryFloat(text: string): BinaryFloat | null {
  charge(readUnits + 2 * text.length)
  const parts = form.exec(boundedNumeral(text))
  if (parts === null) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return { mantissa: 0n, exponent: 0 }
  const power = Number(exponent) - fraction.length
  const magnitude = scaled(digits, power)
  return sign === '-' ? { ...magnitude, mantissa: -magnitude.mantissa } : magnitude
}

export function times(a: BinaryFloat, factor: bigint): BinaryFloat {
  return rounded(a.mantissa * factor, a.exponent, precision)
}

/** Towards zero. */
export function truncated({ mantissa, exponent }: BinaryFloat): bigint {
  if (exponent >= 0) return mantissa << BigInt(exponent)
  const magnitude = (mantissa < 0n ? -mantissa : mantissa) >> BigInt(-exponent)
  return mantissa < 0n ? -magnitude : magnitude
}

/** null unless it is a whole number of at most 64 bits with sign. */
export function asInt64(value: BinaryFloat): bigint | null {
  if (value.mantissa === 0n) return 0n
  if (value.exponent > 64 || value.exponent < -2 * precision) return null
  const whole = truncated(value)
  const exact = value.exponent >= 0 || whole << BigInt(-value.exponent) === value.mantissa
  return exact && BigInt.asIntN(64, whole) === whole ? whole : null
}

/** How many decimal digits the whole part has, about. */
export function decimalSize({ mantissa, exponent }: BinaryFloat): number {
  return (bitLength(mantissa) + exponent) * Math.LOG10E * Math.LN2
}

function scaled(digits: bigint, power: number): BinaryFloat {
  if (power === 0) return rounded(digits, 0, precision)
  charge(powerUnits)
  const five = powerOfFive(Math.abs(power))
  if (power > 0) {
    return rounded(digits * five.mantissa, five.exponent + power, precision)
  }
  // Two spare bits and one that says whether anything is left make the rounding exact.
  const room = BigInt(Math.max(0, bitLength(five.mantissa) - bitLength(digits) + precision + 2))
  const quotient = (digits << room) / five.mantissa
  const sticky = quotient * five.mantissa === digits << room ? 0n : 1n
  return rounded((quotient << 1n) | sticky, power - five.exponent - Number(room) - 1, precision)
}

function powerOfFive(power: number): BinaryFloat {
  if (power <= tabled) return rounded(5n ** BigInt(power), 0, powerPrecision)
  let result: BinaryFloat = { mantissa: 5n ** BigInt(tabled), exponent: 0 }
  let factor: BinaryFloat = { mantissa: 5n, exponent: 0 }
  for (let left = power - tabled; left > 0; left >>>= 1) {
    if ((left & 1) === 1) result = product(result, factor, powerPrecision)
    factor = product(factor, factor, factorPrecision)
  }
  return result
}

function product(a: BinaryFloat, b: BinaryFloat, bits: number): BinaryFloat {
  return rounded(a.mantissa * b.mantissa, a.exponent + b.exponent, bits)
}

function rounded(mantissa: bigint, exponent: number, bits: number): BinaryFloat {
  const magnitude = mantissa < 0n ? -mantissa : mantissa
  const surplus = bitLength(magnitude) - bits
  if (surplus <= 0) return { mantissa, exponent }
  const shift = BigInt(surplus)
  const kept = magnitude >> shift
  const twiceRest = (magnitude - (kept << shift)) << 1n
  const unit = 1n << shift
  const up = twiceRest > unit || (twiceRest === unit && (kept & 1n) === 1n)
  const result = up ? kept + 1n : kept
  return { mantissa: mantissa < 0n ? -result : result, exponent: exponent + surplus }
}

function bitLength(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)))
}
