/**
 * Base64url in its one canonical form (RFC 4648 5, 3.5): no padding, no white space, unused bits
 * zero. Decoders accept more, and then one value has several texts, which whoever remembers,
 * compares or revokes by text would take for several.
 */

const alphabet = /^[A-Za-z0-9_-]+$/

/** Null: not base64url, not canonical, or empty. */
export function decodeCanonical(text: string): Buffer | null {
  if (!alphabet.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}
