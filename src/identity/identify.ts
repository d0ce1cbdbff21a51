/**
 * What is presented in, Identity or a reason out: the one place that decides which credential counts.
 * The first way that applies decides, and nothing falls through: whoever presents a credential is
 * judged by it, so that a mistyped or revoked one never turns into other rights. Two credentials of
 * configured ways are refused; a token that names the certificate it was given to (RFC 8705) and that
 * certificate are one. Anonymous access is for callers who present nothing.
 */
import type { Identification, Identify, Presented } from '../domain.js'
import { GuardError } from '../errors.js'
import type { KeyRing } from './api-key.js'
import { type Credential, readCredential } from './credentials.js'
import type { Failures } from './failures.js'
import { anonymousIdentity } from './subject.js'
import type {
  CertificateVerifier,
  ClientCertificate,
  PresentedCertificate,
  Refused,
  TokenVerifier,
} from './verifiers.js'

export interface IdentifyOptions {
  readonly keys: Pick<KeyRing, 'verify'>
  /** Asked in their order; the first that owns a bearer text decides. */
  readonly tokens?: readonly TokenVerifier[]
  readonly certificates?: CertificateVerifier | null
  readonly failures: Failures
  /** true: a caller without any credential is identified as anonymous. Default is the caller's. */
  readonly anonymous: boolean
}

const none: PresentedCertificate = { found: 'none' }
const missing: Identification = { ok: false, reason: 'credential-missing' }
const ended: Identification = { ok: false, reason: 'credential-expired' }
const doubled: Identification = { ok: false, reason: 'credential-doubled' }

/**
 * Throws GuardError GUARD_CONFIG_INVALID for an entry that cannot work. The result throws or rejects
 * with a GuardError only, where nobody can tell who is calling.
 */
export function createIdentify(options: IdentifyOptions): Identify {
  const { keys, failures, tokens = [], certificates = null } = options
  const anonymous: Identification = options.anonymous
    ? { ok: true, identity: anonymousIdentity() }
    : missing

  function decide(presented: Presented, nowMs: number): Identification | Promise<Identification> {
    const credential = readCredential(presented.headers)
    if (credential.found === 'refused') return { ok: false, reason: credential.reason }
    const held = certificates === null ? none : certificates.read(presented)
    if (held.found === 'refused') return { ok: false, reason: held.reason }
    if (credential.found === 'none') {
      if (held.found === 'none' || certificates?.identifies !== true) return anonymous
      return certificates.identify(held.certificate, nowMs)
    }
    return judge(credential, held.found === 'none' ? null : held.certificate, presented, nowMs)
  }

  function judge(
    { found, text }: Extract<Credential, { text: string }>,
    certificate: ClientCertificate | null,
    { server, address }: Presented,
    nowMs: number,
  ): Identification | Promise<Identification> {
    if (certificate !== null && hasEnded(certificate, nowMs)) return ended
    const alone = certificate === null || certificates?.identifies !== true
    const verifier = found === 'bearer' ? tokens.find((one) => one.owns(text)) : undefined
    if (verifier === undefined) return alone ? keys.verify(text, nowMs) : doubled
    const thumbprint = certificate?.thumbprint ?? null
    const refusesWork = () => failures.refusal(address, nowMs)
    const verified = verifier.verify(text, { server, nowMs, thumbprint, refusesWork })
    return alone ? verified : whole(verified)
  }

  return function identify(presented, nowMs) {
    const settle = (identified: Identification): Identification =>
      identified.ok ? identified : failures.counted(presented.address, identified, nowMs)
    try {
      const identified = decide(presented, nowMs)
      if (!(identified instanceof Promise)) return settle(identified)
      return identified.catch(refuse).then(settle)
    } catch (thrown) {
      return settle(refuse(thrown))
    }
  }
}

/** Connections outlive certificates. On a new one it would not be taken, nor a token bound to it. */
function hasEnded({ notAfterMs }: ClientCertificate, nowMs: number): boolean {
  return notAfterMs !== null && !(nowMs < notAfterMs)
}

/** Of a token beside a certificate: the token has to be bound to it. */
async function whole(verified: ReturnType<TokenVerifier['verify']>): Promise<Identification> {
  const token = await verified
  return token.ok && !token.bound ? doubled : token
}

/** Fails closed: what could not be read is a credential that could not be read. */
function refuse(thrown: unknown): Refused {
  if (thrown instanceof GuardError) throw thrown
  return { ok: false, reason: 'credential-malformed' }
}
