/** Good tokens, and the ways in which the cases spoil them. */

import type { UnidentifiedReason } from '../../../../src/domain.js'
import {
  jwkOf,
  makeToken,
  type SigningKey,
  signature,
  type TokenParts,
} from '../../../support/tokens.js'
import { audience, choosy, hs, idp, keys, secret } from '../issuers.js'

/** The twin is left out where without the fault it would be the plain token. */
export type CaseRows = readonly (readonly [
  reason: UnidentifiedReason,
  cases: readonly (readonly [what: string, token: string, twin?: string])[],
])[]

export const seconds = Math.floor(Date.now() / 1000)

export const claims = {
  iss: idp,
  sub: 'alice',
  aud: audience,
  iat: seconds,
  exp: seconds + 3600,
}
export const header = { alg: 'RS256', kid: 'rsa' }

type Changes = { readonly [claim: string]: unknown }

/** A good token but for what is said. Members that are undefined are left out. */
export function token(changes: Changes = {}, more: Partial<TokenParts> = {}): string {
  return makeToken({ header, claims: { ...claims, ...changes }, with: keys.rsa, ...more })
}

export function withHeader(changes: object, more: Partial<TokenParts> = {}): string {
  return token({}, { header: { ...header, ...changes }, ...more })
}

export function ofKey(key: SigningKey, alg: string, changes: object = {}): string {
  return withHeader({ alg, kid: key.kid, ...changes }, { with: key })
}

export function hmac(alg: string, changes: Changes = {}, more: Partial<TokenParts> = {}): string {
  return token({ iss: hs, ...changes }, { header: { alg }, with: { secret }, ...more })
}

export function ofChoosy(changes: Changes = {}, headerChanges: object = {}): string {
  const typed = { alg: 'ES256', kid: 'p256', typ: 'at+jwt', ...headerChanges }
  return token({ iss: choosy, ...changes }, { header: typed, with: keys.p256 })
}

/** The plain token with its three segments rewritten and the signature kept. */
export function rewritten(rewrite: (head: string, body: string, signed: string) => string): string {
  const [head = '', body = '', signed = ''] = token().split('.')
  return rewrite(head, body, signed)
}

/** Segments of which the signature is made anew over their texts as they are. */
export function signedText(head: string, body: string): string {
  const input = `${head}.${body}`
  return `${input}.${signature(input, keys.rsa, 'RS256').toString('base64url')}`
}

/** The same value in another spelling: a bit set that decoders drop. */
export function withUnusedBit(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return `${text.slice(0, -1)}${alphabet[last | 1]}`
}

export const publicPem = keys.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
export const publicDer = keys.rsa.publicKey.export({ type: 'spki', format: 'der' })
export const publicJwk = JSON.stringify(jwkOf(keys.rsa))
export const claimsText = JSON.stringify(claims)
export const open = claimsText.slice(0, -1)
/** Bytes in a number divisible by three leave no unused bits; pad until there are some. */
export const paddedHeader =
  [' ', '  ', '   ']
    .map((pad) => `${JSON.stringify(header)}${pad}`)
    .find((text) => text.length % 3 !== 0) ?? ''
export const paddedClaims =
  [' ', '  ', '   '].map((pad) => `${claimsText}${pad}`).find((text) => text.length % 3 !== 0) ?? ''
