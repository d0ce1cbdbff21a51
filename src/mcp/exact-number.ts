/**
 * Whether a JSON number survives being read as a double and written again: the shortest text of its
 * double has the value that was written. 0.1, 1.0, 1e2 and -0 do; 1e400, 9007199254740993 and
 * 0.1000000000000000055 do not, and a server that reads them exactly would act on another number
 * than policy saw (RFC 8259 §6).
 */
export function isExactNumber(text: string): boolean {
  const double = Number(text)
  // Not a number at all: a syntax error, which is for JSON.parse to say.
  if (Number.isNaN(double)) return true
  if (!Number.isFinite(double)) return false
  return decimal(text) === decimal(String(double))
}

/** A decimal in a canonical form: sign, digits without outer zeros, power of ten. */
function decimal(text: string): string {
  const negative = text.startsWith('-')
  const [mantissa = '', exponent = '0'] = text
    .slice(negative ? 1 : 0)
    .toLowerCase()
    .split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole + fraction
  let start = 0
  let end = digits.length
  while (start < end && digits[start] === '0') start += 1
  while (end > start && digits[end - 1] === '0') end -= 1
  if (start === end) return '0'
  const power = Number(exponent) - fraction.length + (digits.length - end)
  return `${negative ? '-' : ''}${digits.slice(start, end)}e${power}`
}
