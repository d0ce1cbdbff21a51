/**
 * The one credential that the headers of a request carry: `Authorization: Bearer` (RFC 6750 2.1) or
 * `X-API-Key`, never the URL. Two of them are refused, even when they are equal. Says nothing about
 * what the text is worth.
 */
import type { RawHeaders, UnidentifiedReason } from '../domain.js'
import { headerValues } from '../lib/headers.js'

export type Credential =
  | { readonly found: 'none' }
  | { readonly found: 'bearer' | 'api-key'; readonly text: string }
  | { readonly found: 'refused'; readonly reason: UnidentifiedReason }

/** Tokens with many claims are long; the front bounds all headers together anyway. */
const bearerPattern = /^bearer +([!-~]{1,16384})$/i
const apiKeyPattern = /^[!-~]{1,512}$/

export function readCredential(headers: RawHeaders): Credential {
  const authorization = headerValues(headers, 'authorization')
  const apiKey = headerValues(headers, 'x-api-key')
  const count = authorization.length + apiKey.length
  if (count === 0) return { found: 'none' }
  if (count > 1) return { found: 'refused', reason: 'credential-doubled' }
  const bearer = bearerPattern.exec(authorization[0] ?? '')?.[1]
  if (bearer !== undefined) return { found: 'bearer', text: bearer }
  const key = apiKey[0]
  return key !== undefined && apiKeyPattern.test(key)
    ? { found: 'api-key', text: key }
    : { found: 'refused', reason: 'credential-malformed' }
}
