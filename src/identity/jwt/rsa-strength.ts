/**
 * Whether an RSA public key is worth anything: size, exponent, and the fingerprint of the moduli
 * that a widespread library generated with too little entropy (ROCA, CVE-2017-15361: primes of the
 * form k·M + 65537^a mod M, which shows modulo every small prime that divides M).
 */

const minimumBits = 2048
/** Verification time grows with the square. */
const maximumBits = 8192
const minimumExponent = 65537n
/** What OpenSSL takes of long moduli. */
const maximumExponentBytes = 8

/** Primes modulo which the powers of 65537 are few enough to tell. */
const tellingPrimes = [
  11n,
  13n,
  17n,
  19n,
  37n,
  53n,
  61n,
  71n,
  73n,
  79n,
  97n,
  103n,
  107n,
  109n,
  127n,
  151n,
  157n,
]

const powersOf65537 = tellingPrimes.map((prime) => {
  const powers = new Set<bigint>()
  for (let power = 1n; !powers.has(power); power = (power * minimumExponent) % prime) {
    powers.add(power)
  }
  return { prime, powers }
})

/** Big-endian bytes as in a JWK. Null: nothing is wrong with it. */
export function rsaWeakness(modulus: Uint8Array, exponent: Uint8Array): string | null {
  if (modulus[0] === 0 || exponent[0] === 0) return 'its numbers have leading zeros'
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (bits < minimumBits) return `its modulus has ${bits} bits, fewer than ${minimumBits}`
  if (bits > maximumBits) return `its modulus has ${bits} bits, more than ${maximumBits}`
  if (exponent.length > maximumExponentBytes) return 'its exponent is too long'
  const e = toBigInt(exponent)
  if (e < minimumExponent) return `its exponent is ${e}, less than ${minimumExponent}`
  const n = toBigInt(modulus)
  if ((e & n & 1n) === 0n) return 'its modulus or its exponent is even'
  const isRoca = powersOf65537.every(({ prime, powers }) => powers.has(n % prime))
  return isRoca ? 'its modulus can be factored (CVE-2017-15361)' : null
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}
