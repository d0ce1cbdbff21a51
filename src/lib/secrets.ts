/**
 * Small tools around secrets: digests, comparison in constant time, new key texts.
 * Comparison is always on digests of equal length, so neither content nor length shows in time.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Says what a found key is for, so that secret scanners and people recognise it. */
export const keyPrefix = 'mcp_'

export function sha256(content: string | Uint8Array): Buffer {
  return hash('sha256', content, 'buffer')
}

export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}

/** Compares two texts by their digests, in a time that depends on their lengths only. */
export function equalSecrets(left: string, right: string): boolean {
  return equalDigests(sha256(left), sha256(right))
}

/** Compares two digests in constant time; of different lengths they are unequal. */
export function equalDigests(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right)
}

/** A new API key: a fixed prefix and 256 random bits in base64url. */
export function randomKeyText(): string {
  return `${keyPrefix}${randomBytes(32).toString('base64url')}`
}
