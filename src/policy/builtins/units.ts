/**
 * `units.parse_bytes`: an amount and a unit (`10Ki`, `1.5 GB` without the space) as a whole number
 * of bytes. Bounds: an exponent of six digits (OPA's own, beyond is undefined), 4,096 units of text
 * and a result of 1,000 digits (beyond is a fault).
 */
import { decimalSize, readBinaryFloat, times, truncated } from './binary-float.js'
import { boundedNumeral, charge } from './bounds.js'
import type { Value } from './rego-value.js'

const characterUnits = 10
const maxExponentDigits = 6
const maxResultDigits = 1_000

const units: ReadonlyMap<string, bigint> = new Map(
  ['', 'k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, power) => {
    const [decimal, binary] = [1000n ** BigInt(power), 1024n ** BigInt(power)]
    if (letter === '') return [['', 1n] as const]
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ] as const
  }),
)

export function parseBytes(text: Value): bigint | undefined {
  if (typeof text !== 'string' || text.includes(' ')) return undefined
  charge(characterUnits * boundedNumeral(text).length)
  // Go lowers one character to one character.
  const amountAndUnit = text.replaceAll('İ', 'i').toLowerCase().replaceAll('"', '')
  const split = endOfAmount(amountAndUnit)
  if (split === null || split === 0) return undefined
  const unit = units.get(amountAndUnit.slice(split))
  const amount = readBinaryFloat(amountAndUnit.slice(0, split))
  if (unit === undefined || amount === null) return undefined
  const bytes = times(amount, unit)
  if (decimalSize(bytes) > maxResultDigits) throw new Error('units.parse_bytes: too many digits')
  return truncated(bytes)
}

/** Where the unit begins; an `e` belongs to the amount if an exponent follows. null: too large. */
function endOfAmount(text: string): number | null {
  const exponent = /e[+-]?(\d*)/y
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === 'e') {
      if (!/[\d+-]/.test(text[at + 1] ?? '')) return at
      exponent.lastIndex = at
      const digits = exponent.exec(text)?.[1] ?? ''
      if (digits.length > maxExponentDigits) return null
      if (/[+-]/.test(text[at + 1] ?? '')) at++
    } else if (!/[\d.+-]/.test(character)) return at
  }
  return text.length
}
