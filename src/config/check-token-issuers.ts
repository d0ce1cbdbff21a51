/**
 * What the schema cannot say of issuers of tokens: each has one way to its keys, no algorithm of
 * another kind, and is trusted only with tokens that are made out to somebody. Pure.
 */

import { parseDuration } from '../lib/duration.js'
import { readServiceUrl } from '../lib/service-url.js'
import { type ConfigProblem, quoted } from './problem.js'
import { isTrueAt, listAt, textAt } from './view.js'
import type { YamlMap, YamlValue } from './yaml.js'

/** HMAC algorithms by the least length of their secrets (RFC 7518 3.2). */
const secretBytes = new Map([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
])

/** `subject.issuer` of callers whom the gateway itself vouches for; of another they would be the same. */
const ownIssuers = new Set(['mcp-guard', 'anonymous', 'client-certificates'])

export function checkTokenIssuers(document: YamlMap): ConfigProblem[] {
  const pointer = '/identity/jwt'
  const issuers = listAt(document, 'identity', 'jwt')
  return [
    ...repeatedIssuers(issuers, pointer),
    ...issuers.flatMap((issuer, index) => [
      ...checkTokenIssuer(issuer, `${pointer}/${index}`),
      ...checkAudience(issuer, `${pointer}/${index}`),
    ]),
  ]
}

/**
 * Of an issuer anywhere in the configuration, whatever its audience is. `keyless`: it may say nothing
 * of its keys.
 */
export function checkTokenIssuer(
  issuer: YamlValue,
  pointer: string,
  { keyless = false }: { readonly keyless?: boolean } = {},
): ConfigProblem[] {
  return [
    ...checkName(issuer, pointer),
    ...checkKeys(issuer, pointer, keyless),
    ...checkAlgorithms(issuer, pointer),
    ...checkAges(issuer, pointer),
    ...listAt(issuer, 'revoked').flatMap((entry, index) =>
      checkRevocation(entry, `${pointer}/revoked/${index}`),
    ),
  ]
}

function repeatedIssuers(issuers: readonly YamlValue[], pointer: string): ConfigProblem[] {
  const names = issuers.map((issuer) => textAt(issuer, 'issuer'))
  return names.flatMap((name, index) => {
    const earlier = names.indexOf(name)
    if (name === undefined || earlier === index) return []
    const problem = `repeats ${pointer}/${earlier}/issuer`
    return [{ pointer: `${pointer}/${index}/issuer`, problem, fix: 'keep one of the two entries' }]
  })
}

function checkAudience(issuer: YamlValue, pointer: string): ConfigProblem[] {
  if (listAt(issuer, 'audience').length > 0) return []
  const fix = 'set audience to what this issuer makes tokens for this gateway out to'
  return [{ pointer: `${pointer}/audience`, problem: 'names no audience', fix }]
}

function checkName(issuer: YamlValue, pointer: string): ConfigProblem[] {
  const name = textAt(issuer, 'issuer')
  if (name === undefined || !ownIssuers.has(name)) return []
  const problem = `${quoted(name)} is what the gateway calls itself as an issuer`
  const fix = 'let whoever makes the tokens name another issuer'
  return [{ pointer: `${pointer}/issuer`, problem, fix }]
}

function checkKeys(issuer: YamlValue, pointer: string, keyless: boolean): ConfigProblem[] {
  const ways = [
    textAt(issuer, 'secret') !== undefined,
    textAt(issuer, 'jwks') !== undefined,
    isTrueAt(issuer, 'discovery'),
  ].filter(Boolean)
  if (ways.length === 0 && keyless) return []
  if (ways.length !== 1) {
    const problem = ways.length === 0 ? 'has no keys' : 'has more than one way to its keys'
    return [{ pointer, problem, fix: 'set exactly one of secret, jwks and discovery' }]
  }
  return [
    ...checkKeyAddress(textAt(issuer, 'jwks'), `${pointer}/jwks`),
    ...(isTrueAt(issuer, 'discovery')
      ? checkIssuerAddress(textAt(issuer, 'issuer'), `${pointer}/issuer`)
      : []),
  ]
}

function checkKeyAddress(jwks: string | undefined, pointer: string): ConfigProblem[] {
  if (jwks === undefined || !looksLikeUrl(jwks)) return []
  const url = readServiceUrl(jwks)
  return url.ok ? [] : [{ pointer, problem: url.problem, fix: url.fix }]
}

/** Anything else names a file. */
export function looksLikeUrl(jwks: string): boolean {
  return /^[a-z][0-9a-z+.-]*:\/\//i.test(jwks)
}

function checkIssuerAddress(issuer: string | undefined, pointer: string): ConfigProblem[] {
  const url = readServiceUrl(issuer ?? '')
  if (issuer === undefined || url.ok) return []
  const problem = `${url.problem}, so nothing can be discovered there`
  return [{ pointer, problem, fix: 'name the keys with jwks instead of discovery' }]
}

function checkAlgorithms(issuer: YamlValue, pointer: string): ConfigProblem[] {
  const secret = textAt(issuer, 'secret')
  return listAt(issuer, 'algorithms').flatMap((name, index) => {
    if (typeof name !== 'string') return []
    const at = `${pointer}/algorithms/${index}`
    const bytes = secretBytes.get(name)
    if (secret === undefined && bytes !== undefined) {
      const problem = `${name} is for secrets, and this issuer has public keys`
      return [{ pointer: at, problem, fix: 'remove it: a public key must never be a secret' }]
    }
    if (secret !== undefined && bytes === undefined) {
      const problem = `${name} is for public keys, and this issuer has a secret`
      return [{ pointer: at, problem, fix: 'remove it, or set jwks instead of secret' }]
    }
    if (secret === undefined || bytes === undefined || secret.length >= bytes) return []
    const problem = `${name} needs a secret of at least ${bytes} bytes`
    return [{ pointer: at, problem, fix: 'set a longer secret, or remove it' }]
  })
}

function checkAges(issuer: YamlValue, pointer: string): ConfigProblem[] {
  const age = parseDuration(textAt(issuer, 'jwksMaxAge') ?? '')
  const stale = parseDuration(textAt(issuer, 'jwksMaxStale') ?? '')
  if (age === null || stale === null || stale >= age) return []
  const fix = 'raise it, or lower jwksMaxAge'
  return [{ pointer: `${pointer}/jwksMaxStale`, problem: 'is less than jwksMaxAge', fix }]
}

function checkRevocation(entry: YamlValue, pointer: string): ConfigProblem[] {
  const [jti, sub, before] = ['jti', 'sub', 'before'].map((name) => textAt(entry, name))
  const isOfMany = sub !== undefined || before !== undefined
  if ((jti !== undefined) !== isOfMany) return []
  const problem = isOfMany ? `has ${quoted('jti')} and another key` : 'revokes nothing'
  return [{ pointer, problem, fix: 'set jti alone, or sub or before or both' }]
}
