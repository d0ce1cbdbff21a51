/**
 * Bearer tokens that are JWTs (RFC 7519, RFC 9068) to identities: form, issuer, algorithm, type,
 * time, audience, revocation, binding, then the signature, then who it is. What is asked before the
 * signature costs nothing and can only refuse. `iss` chooses among the configured issuers and nothing
 * else of an unverified token is used for anything but its refusal.
 *
 * A verified token is remembered under the SHA-256 of its whole text; whatever of it can change (time,
 * audience, revocation, binding, the key's life) is asked again for every request.
 */
import type { Identity } from '../../domain.js'
import { GuardError } from '../../errors.js'
import { createRecent } from '../../lib/recent.js'
import { sha256Hex } from '../../lib/secrets.js'
import { identityOf } from '../subject.js'
import type { TokenCircumstances, TokenVerifier, VerifiedToken } from '../verifiers.js'
import { publicKeyAlgorithms, secretAlgorithms } from './algorithms.js'
import { isOfType, type RegisteredClaims, readRegistered } from './claims.js'
import { refusalOf } from './refusal.js'
import { createIsRevoked, type IsRevoked } from './revocation.js'
import type { IssuerRules } from './rules.js'
import { verifySignature } from './signature.js'
import { createSubjectOf, type SubjectOf } from './subject-claims.js'
import { looksLikeToken, type ParseJson, readToken, type UnverifiedToken } from './token.js'

export interface JwtOptions {
  readonly issuers: readonly IssuerRules[]
  readonly parseJson: ParseJson
  /** Verified tokens remembered at least; at most twice as many. */
  readonly remembered?: number
}

interface Issuer {
  readonly rules: IssuerRules
  readonly isRevoked: IsRevoked
  readonly subjectOf: SubjectOf
}

interface Remembered {
  readonly issuer: Issuer
  readonly registered: RegisteredClaims
  readonly identity: Identity
  /** Thumbprint of the key that verified it. */
  readonly key: string
}

/** Tokens are a few KiB, and so are identities. */
const defaultRemembered = 5_000

/** Throws GuardError GUARD_CONFIG_INVALID for rules that cannot work. */
export function createJwtVerifier({
  issuers,
  parseJson,
  remembered: size = defaultRemembered,
}: JwtOptions): TokenVerifier {
  const known = new Map(issuers.map((rules) => [rules.issuer, issuerOf(rules)]))
  if (known.size < issuers.length) throw invalid('two entries are for the same issuer')
  const recent = createRecent<Remembered>(size)

  function verify(
    text: string,
    circumstances: TokenCircumstances,
  ): VerifiedToken | Promise<VerifiedToken> {
    const digest = sha256Hex(text)
    const remembered = recent.get(digest)
    if (remembered?.issuer.rules.keys.holds(remembered.key, circumstances.nowMs)) {
      const { issuer, registered, identity } = remembered
      const reason = refusalOf(issuer, registered, circumstances)
      return reason === null ? accepted(identity, registered) : { ok: false, reason }
    }
    const read = readToken(text, parseJson)
    if (!read.ok) return read
    const { token } = read
    const issuer = issuerNamedIn(token)
    if (issuer === undefined) return { ok: false, reason: 'token-issuer' }
    const { algorithms, type } = issuer.rules
    if (!algorithms.includes(token.algorithm)) return { ok: false, reason: 'token-algorithm' }
    if (!isOfType(token.type, type)) return { ok: false, reason: 'token-type' }
    const claims = readRegistered(token.claims)
    if (!claims.ok) return claims
    const reason = refusalOf(issuer, claims.registered, circumstances)
    if (reason !== null) return { ok: false, reason }
    const refused = circumstances.refusesWork()
    if (refused !== null) return refused
    return identify({ text, digest, token, registered: claims.registered }, issuer, circumstances)
  }

  function issuerNamedIn({ claims }: UnverifiedToken): Issuer | undefined {
    const iss = claims['iss']
    return typeof iss === 'string' ? known.get(iss) : undefined
  }

  async function identify(
    unverified: {
      readonly text: string
      readonly digest: string
      readonly token: UnverifiedToken
      readonly registered: RegisteredClaims
    },
    issuer: Issuer,
    { nowMs }: TokenCircumstances,
  ): Promise<VerifiedToken> {
    const { text, digest, token, registered } = unverified
    const verified = await verifySignature(text, token, issuer.rules, nowMs)
    if (!verified.ok) return verified
    const { expiresAtMs } = registered
    const subject = issuer.subjectOf(token.claims, expiresAtMs)
    if (subject === null) return { ok: false, reason: 'token-claims' }
    const identity = identityOf(subject, expiresAtMs, `sha256:${digest.slice(0, 12)}`)
    recent.set(digest, { issuer, registered, identity, key: verified.key.thumbprint })
    return accepted(identity, registered)
  }

  return { owns: looksLikeToken, verify }
}

function accepted(identity: Identity, { thumbprint }: RegisteredClaims): VerifiedToken {
  return { ok: true, identity, bound: thumbprint !== null }
}

function issuerOf(rules: IssuerRules): Issuer {
  const { issuer, algorithms, revoked } = rules
  const ofOneKind = [publicKeyAlgorithms, secretAlgorithms].some((kind) =>
    algorithms.every((name) => kind.includes(name)),
  )
  if (algorithms.length === 0 || !ofOneKind) {
    throw invalid(`the algorithms of ${issuer} are not all for secrets or all for public keys`)
  }
  return { rules, isRevoked: createIsRevoked(revoked), subjectOf: createSubjectOf(rules) }
}

function invalid(problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', `tokens: ${problem}`)
}
