/** Bounds of numbers: exact arithmetic, and Go's wording of a bound. */
import { charge } from '../bounds.js'
import { numberParts } from '../number-parts.js'
import { numberText, type RegoNumber } from '../rego-value.js'

const maxShift = 2_000
/** Also of digits and powers in the thousands. */
const multipleUnits = 2_000

export function isMultiple(value: RegoNumber, of: RegoNumber): boolean {
  charge(multipleUnits)
  const a = numberParts(numberText(value))
  const b = numberParts(numberText(of))
  if (a.sign === 0) return true
  const shift = a.scale - a.digits.length - (b.scale - b.digits.length)
  if (Math.abs(shift) > maxShift) throw new Error('json.match_schema: multipleOf beyond its range')
  const ten = 10n ** BigInt(Math.abs(shift))
  const [dividend, divisor] = [BigInt(a.digits), BigInt(b.digits)]
  return shift >= 0 ? (dividend * ten) % divisor === 0n : dividend % (divisor * ten) === 0n
}

/** The fewest digits, with an exponent from 10^6 on and below 10^-4. */
export function shownNumber(value: RegoNumber): string {
  const { sign, digits, scale } = numberParts(numberText(value))
  if (sign === 0) return '0'
  const minus = sign < 0 ? '-' : ''
  const exponent = scale - 1
  if (exponent < -4 || exponent >= 6) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${minus}${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (scale <= 0) return `${minus}0.${'0'.repeat(-scale)}${digits}`
  if (scale >= digits.length) return minus + digits.padEnd(scale, '0')
  return `${minus}${digits.slice(0, scale)}.${digits.slice(scale)}`
}
