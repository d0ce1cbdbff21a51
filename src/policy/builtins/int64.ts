/** Whole numbers of 64 bits with sign, as OPA reads them from a number's text. */

const form = /^([+-]?)(?=.)(\d*)(?:\.0*)?$/
const maxCharacters = 19

/** Zeros behind a point are passed over, an exponent is not; the sign does not count as a character. */
export function int64Of(text: string): bigint | null {
  const parts = form.exec(text)
  if (parts === null) return null
  const [, sign = '', whole = ''] = parts
  if (text.length - sign.length > maxCharacters) return null
  return fits64(BigInt(`${whole === '' ? '0' : whole}`) * (sign === '-' ? -1n : 1n))
}

export function fits64(value: bigint): bigint | null {
  return BigInt.asIntN(64, value) === value ? value : null
}
