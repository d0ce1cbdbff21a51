/**
 * The signature of a token that was read, by one of its issuer's vetted keys. A key is tried only
 * with the algorithm that the token names and that both the issuer's rules and the key allow.
 */
import { compactVerify } from 'jose'
import type { UnidentifiedReason } from '../../domain.js'
import type { VerificationKey } from './keys.js'
import type { IssuerRules } from './rules.js'
import type { UnverifiedToken } from './token.js'

export type Verified =
  | { readonly ok: true; readonly key: VerificationKey }
  | { readonly ok: false; readonly reason: UnidentifiedReason }

/** Of a token that names no key, while its issuer has several: during a rotation there are two. */
const maxTries = 4

/** Rejects as the issuer's keys do, where they cannot be had. */
export async function verifySignature(
  text: string,
  { algorithm, kid }: UnverifiedToken,
  { keys }: IssuerRules,
  nowMs: number,
): Promise<Verified> {
  const known = await keys.keysFor(kid, nowMs)
  if (known.length === 0) return { ok: false, reason: 'token-key-unknown' }
  const fitting = known.filter((key) => key.algorithms.includes(algorithm))
  if (fitting.length === 0) return { ok: false, reason: 'token-algorithm' }
  if (fitting.length > maxTries) return { ok: false, reason: 'token-key-unknown' }
  for (const key of fitting) {
    if (await isSignedWith(text, key, algorithm)) return { ok: true, key }
  }
  return { ok: false, reason: 'token-signature' }
}

async function isSignedWith(
  text: string,
  { key }: VerificationKey,
  algorithm: string,
): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [algorithm] })
    return true
  } catch {
    // Whatever it was, the signature is not known to be good.
    return false
  }
}
