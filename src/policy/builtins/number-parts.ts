/** A number's value apart from how it was written: sign × 0.digits × 10^scale, without outer zeros. */
export interface NumberParts {
  readonly sign: -1 | 0 | 1
  readonly digits: string
  readonly scale: number
}

const form = /^(-?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
const zero: NumberParts = { sign: 0, digits: '', scale: 0 }

export function numberParts(text: string): NumberParts {
  const parts = form.exec(text)
  if (parts === null) throw new Error('a number has no form of a number')
  const [, minus, whole = '', fraction = '', exponent = '0'] = parts
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return zero
  const scale = Number(exponent) + whole.length - (all.length - digits.length)
  return { sign: minus === '-' ? -1 : 1, digits: significant, scale }
}
