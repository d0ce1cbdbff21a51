/**
 * A double as Go's strconv writes it: e, f, g in decimal with exact rounding to even, x in
 * hexadecimal, b as the integer mantissa and a power of two. A negative precision asks for the
 * fewest digits that still name the number.
 */

/** value = 0.digits × 10^point. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

interface Binary {
  readonly negative: boolean
  /** value = mantissa × 2^exponent. */
  readonly mantissa: bigint
  readonly exponent: number
}

/** `format` is one of b e E f g G x X. */
export function goFloat(value: number, format: string, precision: number): string {
  const binary = partsOf(value)
  const sign = binary.negative ? '-' : ''
  if (format === 'b') return `${sign}${binary.mantissa}p${signed(binary.exponent)}`
  if (format === 'x' || format === 'X') return sign + hexadecimal(binary, format, precision)
  return sign + decimal(value, binary, format, precision)
}

function partsOf(value: number): Binary {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & ((1n << 52n) - 1n)
  return {
    negative: bits >> 63n === 1n,
    mantissa: biased === 0 ? fraction : fraction | (1n << 52n),
    exponent: Math.max(biased, 1) - 1075,
  }
}

function decimal(value: number, binary: Binary, format: string, precision: number): string {
  const shortest = precision < 0
  const exact = shortest ? shortestDigits(value) : exactDigits(binary)
  switch (format) {
    case 'e':
    case 'E':
      return exponential(shortest ? exact : rounded(exact, precision + 1), precision, format)
    case 'f':
      return plain(rounded(exact, exact.point + precision), precision)
    default:
      return general(exact, shortest, precision, format === 'g' ? 'e' : 'E')
  }
}

function general(exact: Decimal, shortest: boolean, asked: number, e: string): string {
  const wanted = shortest ? exact.digits.length : Math.max(asked, 1)
  const { digits, point } = shortest ? exact : rounded(exact, wanted)
  const enough = wanted > digits.length && digits.length >= point ? digits.length : wanted
  const most = shortest ? 6 : enough
  if (point - 1 < -4 || point - 1 >= most) {
    return exponential({ digits, point }, Math.min(wanted, digits.length) - 1, e)
  }
  const shown = wanted > point ? digits.length : wanted
  return plain({ digits, point }, Math.max(shown - point, 0))
}

function exponential({ digits, point }: Decimal, precision: number, e: string): string {
  const rest = precision > 0 ? `.${digits.slice(1, precision + 1).padEnd(precision, '0')}` : ''
  const power = digits === '' ? 0 : point - 1
  return `${digits[0] ?? '0'}${rest}${e}${signed(power, 2)}`
}

function plain({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  if (precision <= 0) return whole
  const fraction =
    point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`
}

function shortestDigits(value: number): Decimal {
  const [, first = '', rest = '', power = ''] =
    /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(Math.abs(value).toExponential()) ?? []
  const digits = (first + rest).replace(/0+$/, '')
  return digits === '' ? { digits, point: 0 } : { digits, point: Number(power) + 1 }
}

/** All of them: a double is a finite decimal. */
function exactDigits({ mantissa, exponent }: Binary): Decimal {
  if (mantissa === 0n) return { digits: '', point: 0 }
  const scale = exponent < 0 ? -exponent : 0
  const whole = exponent < 0 ? mantissa * 5n ** BigInt(scale) : mantissa << BigInt(exponent)
  const text = String(whole)
  return { digits: text.replace(/0+$/, ''), point: text.length - scale }
}

/** To `count` digits, halves to even; none or fewer asked for leaves nothing, or one that was carried. */
function rounded({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point }
  if (count < 0) return { digits: '', point: 0 }
  const kept = digits.slice(0, count)
  const next = digits.charCodeAt(count) - 48
  const half = next === 5 && count + 1 === digits.length
  const odd = count > 0 && (digits.charCodeAt(count - 1) - 48) % 2 === 1
  const up = half ? odd : next >= 5
  if (!up) return trimmed(kept, point)
  const carried = String(BigInt(`1${kept}`) + 1n)
  // One more place means that the leading 1 became a 2: every digit was a 9.
  return carried.startsWith('2')
    ? { digits: '1', point: point + 1 }
    : trimmed(carried.slice(1), point)
}

function trimmed(digits: string, point: number): Decimal {
  const significant = digits.replace(/0+$/, '')
  return { digits: significant, point: significant === '' ? 0 : point }
}

const top = 1n << 60n

function hexadecimal({ mantissa, exponent }: Binary, x: string, precision: number): string {
  let bits = mantissa
  let power = mantissa === 0n ? 0 : exponent + 60
  while (bits !== 0n && bits < top) {
    bits <<= 1n
    power--
  }
  if (precision >= 0 && precision < 15) {
    const cut = BigInt(60 - precision * 4)
    const rest = bits & ((1n << cut) - 1n)
    const odd = (bits >> cut) & 1n
    const half = 1n << (cut - 1n)
    bits = (rest > half || (rest === half && odd === 1n) ? (bits >> cut) + 1n : bits >> cut) << cut
    if (bits >= top << 1n) {
      bits >>= 1n
      power++
    }
  }
  const all = (bits & (top - 1n)).toString(16).padStart(15, '0')
  const fraction =
    precision < 0 ? all.replace(/0+$/, '') : all.slice(0, precision).padEnd(precision, '0')
  const lead = bits >= top ? '1' : '0'
  const text = `0x${lead}${fraction === '' ? '' : `.${fraction}`}p${signed(power, 2)}`
  return x === 'X' ? text.toUpperCase() : text
}

function signed(value: number, digits = 1): string {
  return `${value < 0 ? '-' : '+'}${String(Math.abs(value)).padStart(digits, '0')}`
}
