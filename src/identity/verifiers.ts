/**
 * What `identify` asks of the ways of verifying: tokens (JWT, introspection) and client certificates.
 * Types only. API keys need none, a look-up decides them at once.
 */
import type { Identification, Presented, UnidentifiedReason } from '../domain.js'

export interface TokenVerifier {
  /** Whether the text is a token of this kind, by its form alone; cheap and total. */
  owns(text: string): boolean
  /**
   * Throws or rejects with GuardError GUARD_IDENTITY_UNAVAILABLE where nobody can tell at the
   * moment, because what would tell (keys, an introspection endpoint) cannot be had.
   */
  verify(text: string, circumstances: TokenCircumstances): VerifiedToken | Promise<VerifiedToken>
}

export interface TokenCircumstances {
  /** Name of the upstream that is asked for. */
  readonly server: string
  readonly nowMs: number
  /** Of the caller's verified certificate: base64url of its SHA-256 (RFC 8705 3.1 `x5t#S256`). */
  readonly thumbprint: string | null
  /** Asked before work that costs: null, or the refusal of whoever was wrong too often. */
  readonly refusesWork: () => Refused | null
}

export type Refused = Extract<Identification, { ok: false }>

export type VerifiedToken =
  | Refused
  | (Extract<Identification, { ok: true }> & {
      /** The token names the certificate that was presented: the two are one credential. */
      readonly bound: boolean
    })

export interface CertificateVerifier {
  /** false: a certificate is no credential of its own, but tokens may be bound to it. */
  readonly identifies: boolean
  /** The certificate of the connection, or the one that a trusted proxy reports; total. */
  read(presented: Presented): PresentedCertificate
  identify(certificate: ClientCertificate, nowMs: number): Identification
}

export type PresentedCertificate =
  | { readonly found: 'none' }
  | { readonly found: 'certificate'; readonly certificate: ClientCertificate }
  | { readonly found: 'refused'; readonly reason: UnidentifiedReason }

/** A certificate whose holder and chain were verified, by us or by a trusted proxy. */
export interface ClientCertificate {
  /** RFC 4514 text of the subject, as far as it is known. */
  readonly subject: string | null
  readonly issuer: string | null
  readonly serial: string | null
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
  /** base64url of the SHA-256 of its DER; null: the proxy did not pass what it is made of. */
  readonly thumbprint: string | null
  readonly notAfterMs: number | null
}
