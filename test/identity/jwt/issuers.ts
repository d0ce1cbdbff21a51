/**
 * The issuers of the token tests, as configuration and as rules: one with keys of every kind, one
 * with a secret, one that is choosy. One set of keys per process.
 */
import { parseJson } from '../../../src/guard/parse-json.js'
import { publicKeyAlgorithms } from '../../../src/identity/jwt/algorithms.js'
import { createFixedKeys } from '../../../src/identity/jwt/fixed-keys.js'
import type { KeySource } from '../../../src/identity/jwt/key-source.js'
import type { VettedKeys } from '../../../src/identity/jwt/keys.js'
import type { IssuerRules } from '../../../src/identity/jwt/rules.js'
import { createJwtVerifier } from '../../../src/identity/jwt/verifier.js'
import { vetKeySet, vetSecret } from '../../../src/identity/jwt/vet-keys.js'
import type { TokenCircumstances, TokenVerifier } from '../../../src/identity/verifiers.js'
import { ecKey, edKey, jwkOf, rsaKey } from '../../support/tokens.js'

export const keys = {
  rsa: rsaKey('rsa'),
  /** Pinned to PS256 by its own `alg`. */
  pss: rsaKey('pss'),
  p256: ecKey('p256', 'P-256'),
  p384: ecKey('p384', 'P-384'),
  p521: ecKey('p521', 'P-521'),
  ed: edKey('ed'),
  /** Of nobody that is known here. */
  foreignRsa: rsaKey('rsa'),
  foreignP256: ecKey('p256', 'P-256'),
}

/** Long enough for HS512. */
export const secret = 'a-secret-of-the-token-tests-with-sixty-four-characters-and-more-x'

export const jwks = {
  keys: [
    jwkOf(keys.rsa, { use: 'sig' }),
    jwkOf(keys.pss, { alg: 'PS256' }),
    jwkOf(keys.p256, { key_ops: ['verify'] }),
    jwkOf(keys.p384),
    jwkOf(keys.p521),
    jwkOf(keys.ed),
  ],
}

export const idp = 'https://idp.example'
export const hs = 'https://hs.example'
export const choosy = 'https://choosy.example'
export const audience = 'mcp'

const pointers = {
  id: '/sub',
  roles: '/realm_access/roles',
  groups: '/groups',
  scopes: '/scope',
  tenant: '/tenant',
  clientId: '/client_id',
  actors: '/act',
}

export const revoked = [
  { jti: 'dead-token' },
  { sub: 'mallory' },
  { sub: 'carol', before: '2026-01-01T00:00:00Z' },
  { before: '2020-01-01T00:00:00Z' },
]

/** As in the configuration file; `jwks` is a path that the test fills. */
export const issuerEntries = (jwksPath: string) => [
  { issuer: idp, jwks: jwksPath, audience: [audience, 'urn:second'], claims: pointers, revoked },
  { issuer: hs, secret, algorithms: ['HS256', 'HS512'], audience: [audience] },
  {
    issuer: choosy,
    jwks: jwksPath,
    algorithms: ['ES256'],
    audience: [audience],
    type: 'at+jwt',
    leeway: '0s',
  },
]

export function keysOf(vetted: VettedKeys): KeySource {
  if (!vetted.ok) throw new Error(vetted.problem)
  return createFixedKeys(vetted.set)
}

export function rules(more: Partial<IssuerRules> = {}): IssuerRules {
  return {
    issuer: idp,
    method: 'jwt',
    keys: keysOf(vetKeySet(jwks)),
    algorithms: publicKeyAlgorithms,
    audiences: () => [audience, 'urn:second'],
    type: null,
    leewayMs: 30_000,
    claims: pointers,
    revoked: [],
    ...more,
  }
}

export function secretRules(more: Partial<IssuerRules> = {}): IssuerRules {
  return rules({
    issuer: hs,
    keys: keysOf(vetSecret(secret)),
    algorithms: ['HS256', 'HS512'],
    ...more,
  })
}

export function verifierOf(issuers: readonly IssuerRules[], remembered = 100): TokenVerifier {
  return createJwtVerifier({ issuers, parseJson, remembered })
}

/** Now, for the server `x`, from somebody who shows no certificate and was never wrong. */
export function circumstances(more: Partial<TokenCircumstances> = {}): TokenCircumstances {
  return { server: 'x', nowMs: Date.now(), thumbprint: null, refusesWork: () => null, ...more }
}
