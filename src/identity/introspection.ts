/**
 * Tokens that only their authorization server can read (RFC 7662): it is asked, and what it answers is
 * judged as the claims of a JWT are. An answer counts for a bounded time, never past the token's own
 * end; whatever of it can change with the request (time, audience, revocation, binding) is asked again
 * each time. Who comes with the same token at once waits for one question.
 *
 * What is no token of this server (API keys, JWTs that keys verify) is never sent there.
 */
import type { Identity, Json, JsonObject, UnidentifiedReason } from '../domain.js'
import { GuardError } from '../errors.js'
import type { Fetcher } from '../fetcher/fetcher.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { createRecent } from '../lib/recent.js'
import { sha256Hex } from '../lib/secrets.js'
import { type RegisteredClaims, readRegistered } from './jwt/claims.js'
import { refusalOf } from './jwt/refusal.js'
import { createIsRevoked } from './jwt/revocation.js'
import type { IssuerRules } from './jwt/rules.js'
import { createSubjectOf, type SubjectOf } from './jwt/subject-claims.js'
import { looksLikeToken, type ParseJson, readToken } from './jwt/token.js'
import { identityOf } from './subject.js'
import type { TokenCircumstances, TokenVerifier, VerifiedToken } from './verifiers.js'

export interface IntrospectionRules extends Omit<IssuerRules, 'keys' | 'algorithms' | 'type'> {
  readonly url: string
  readonly client: { readonly id: string; readonly secret: string }
  readonly maxAgeMs: number
  readonly privateAddresses: boolean
  /** There are no keys for this issuer: also a JWT that names it is asked about. */
  readonly alsoJwts: boolean
}

export interface IntrospectionMeans {
  readonly fetcher: Pick<Fetcher, 'postForm'>
  readonly parseJson: ParseJson
  /** Credentials of another kind, which nobody is shown. */
  readonly isForeign: (text: string) => boolean
  readonly clock?: Clock
}

type Answer =
  | { readonly ok: false; readonly reason: UnidentifiedReason }
  | { readonly ok: true; readonly registered: RegisteredClaims; readonly identity: Identity }

interface Remembered {
  readonly answer: Answer
  /** On the monotonic clock. */
  readonly untilMs: number
}

const remembered = 5_000
/** Refused tokens are remembered apart: whoever makes some up drives out nobody else's. */
const refusedRemembered = 1_000
const refusedMaxAgeMs = 5_000
const maxAnswerBytes = 64 * 1024

/** Throws GuardError GUARD_CONFIG_INVALID for rules that cannot work. */
export function createIntrospection(
  rules: IntrospectionRules,
  { fetcher, parseJson, isForeign, clock = systemClock }: IntrospectionMeans,
): TokenVerifier {
  const { issuer, url, client, maxAgeMs, privateAddresses, alsoJwts } = rules
  const terms = { rules, isRevoked: createIsRevoked(rules.revoked) }
  const subjectOf = createSubjectOf(rules)
  const active = createRecent<Remembered>(remembered)
  const refused = createRecent<Remembered>(refusedRemembered)
  const underWay = new Map<string, Promise<Answer>>()

  function owns(text: string): boolean {
    if (!looksLikeToken(text)) return !isForeign(text)
    if (!alsoJwts) return false
    const read = readToken(text, parseJson)
    return read.ok && read.token.claims['iss'] === issuer
  }

  async function ask(text: string, digest: string): Promise<Answer> {
    const askedMs = clock.monotonicMs()
    const fetchRules = { privateAddresses, maxBytes: maxAnswerBytes }
    const fields = { token: text, token_type_hint: 'access_token' }
    const introspected = await fetcher.postForm(url, { fields, client }, fetchRules)
    const answer = readAnswer(introspected, { issuer, url, subjectOf, digest })
    const ageMs = answer.ok ? maxAgeMs : Math.min(maxAgeMs, refusedMaxAgeMs)
    const recent = answer.ok ? active : refused
    recent.set(digest, { answer, untilMs: askedMs + ageMs })
    return answer
  }

  function askOnce(text: string, digest: string): Promise<Answer> {
    const asked = underWay.get(digest)
    if (asked !== undefined) return asked
    const asking = ask(text, digest).finally(() => underWay.delete(digest))
    underWay.set(digest, asking)
    return asking
  }

  function judge(answer: Answer, circumstances: TokenCircumstances): VerifiedToken {
    if (!answer.ok) return answer
    const reason = refusalOf(terms, answer.registered, circumstances)
    if (reason !== null) return { ok: false, reason }
    const { identity, registered } = answer
    return { ok: true, identity, bound: registered.thumbprint !== null }
  }

  return {
    owns,
    verify(text, circumstances) {
      const digest = sha256Hex(text)
      const nowMs = clock.monotonicMs()
      const known = [active.get(digest), refused.get(digest)].find(
        (one) => one !== undefined && nowMs < one.untilMs,
      )
      if (known !== undefined) return judge(known.answer, circumstances)
      const refusal = circumstances.refusesWork()
      if (refusal !== null) return refusal
      return askOnce(text, digest).then((answer) => judge(answer, circumstances))
    },
  }
}

/** Throws GuardError GUARD_IDENTITY_UNAVAILABLE for what is no answer. */
function readAnswer(
  introspected: Json,
  about: {
    readonly issuer: string
    readonly url: string
    readonly subjectOf: SubjectOf
    readonly digest: string
  },
): Answer {
  const { issuer, url, subjectOf, digest } = about
  if (!isObject(introspected) || typeof introspected['active'] !== 'boolean') {
    const problem = 'does not say whether a token is active; see whether the address is right'
    throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${new URL(url).origin} ${problem}`)
  }
  const { active, token_type: type, token_use: use, ...claims } = introspected
  if (!active) return { ok: false, reason: 'token-inactive' }
  if (claims['iss'] !== undefined && claims['iss'] !== issuer) {
    return { ok: false, reason: 'token-issuer' }
  }
  // Servers also vouch for refresh tokens, and some say by `token_use` that it is one.
  const isAccess = type === undefined || (typeof type === 'string' && /^bearer$/i.test(type))
  if (!isAccess || (use !== undefined && use !== 'access_token')) {
    return { ok: false, reason: 'token-type' }
  }
  const read = readRegistered(claims)
  if (!read.ok) return read
  const { registered } = read
  const subject = subjectOf(claims, registered.expiresAtMs)
  if (subject === null) return { ok: false, reason: 'token-claims' }
  const identity = identityOf(subject, registered.expiresAtMs, `sha256:${digest.slice(0, 12)}`)
  return { ok: true, registered, identity }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
