/**
 * Whose certificate it is: the entry of the configuration that names one of the things the certificate
 * says of its holder, compared whole. A certificate that no entry names is refused unless the operator
 * lets the issuers' word count; its holder then is somebody without roles. That the certificate is
 * genuine was verified before (TLS listener, trusted proxy); that it has not ended since is asked here
 * for each message, because connections outlive certificates.
 */
import type { Identification, Identity, JsonObject, UnidentifiedReason } from '../../domain.js'
import { GuardError } from '../../errors.js'
import { identityOf } from '../subject.js'
import type { CertificateVerifier, ClientCertificate } from '../verifiers.js'
import { thumbprintOf } from './plain.js'
import { createCertificateReader, type PresentedOptions } from './presented.js'

/** What a certificate says of its holder. */
export type CertificateName = 'uri' | 'dns' | 'email' | 'subject' | 'thumbprint'

export interface CertificateEntry {
  /** Exactly one; a thumbprint is the SHA-256 of the DER in hex, with or without colons. */
  readonly match: { readonly name: CertificateName; readonly text: string }
  readonly id: string
  readonly kind: 'user' | 'service'
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | null
}

export interface ClientCertificateOptions {
  readonly entries: readonly CertificateEntry[]
  /** A certificate that no entry names: refused, or its holder's id is the only name of this kind. */
  readonly unlisted: 'refuse' | CertificateName
}

export interface CertificateVerifierOptions extends PresentedOptions {
  /** null: certificates identify nobody; tokens may still be bound to them. */
  readonly clients: ClientCertificateOptions | null
}

/** `subject.issuer` of listed certificates: theirs may be renewed by another intermediate. */
const issuer = 'client-certificates'
const unknown: Identification = { ok: false, reason: 'certificate-unknown' }

/** Throws GuardError GUARD_CONFIG_INVALID for entries that cannot work. */
export function createCertificateVerifier(
  options: CertificateVerifierOptions,
): CertificateVerifier {
  const { clients } = options
  const entries = entriesByName(clients?.entries ?? [])
  const unlisted = clients?.unlisted ?? 'refuse'
  const known = new WeakMap<ClientCertificate, Identification>()

  function whose(certificate: ClientCertificate): Identification {
    const found = namesOf(certificate).flatMap((name) => entries.get(name) ?? [])
    const [entry] = found
    if (entry !== undefined) {
      // Two entries of one id are one principal in two spellings; of two, which counts is not ours.
      const isOne = found.every(({ id }) => id === entry.id)
      return isOne ? { ok: true, identity: identityFrom(entry, issuer, certificate) } : unknown
    }
    if (unlisted === 'refuse' || certificate.issuer === null) return unknown
    const [id, ...others] = textsOf(certificate, unlisted)
    if (id === undefined || others.length > 0) return unknown
    const nobody = { id, kind: 'service', roles: [], groups: [], scopes: [], tenant: null } as const
    return { ok: true, identity: identityFrom(nobody, certificate.issuer, certificate) }
  }

  return {
    identifies: clients !== null,
    read: createCertificateReader(options),
    identify(certificate, nowMs) {
      const ends = certificate.notAfterMs
      if (ends !== null && !(nowMs < ends)) return refused('credential-expired')
      let identification = known.get(certificate)
      if (identification === undefined) {
        identification = whose(certificate)
        known.set(certificate, identification)
      }
      return identification
    },
  }
}

function entriesByName(entries: readonly CertificateEntry[]): Map<string, CertificateEntry> {
  const byName = new Map<string, CertificateEntry>()
  for (const entry of entries) {
    const { name, text } = entry.match
    const written = name === 'thumbprint' ? thumbprintOf(text) : text
    if (written === null || written === '' || entry.id === '') {
      throw invalid(`client certificate \`${entry.id}\` names nothing by its ${name}`)
    }
    const key = keyOf(name, written)
    if (byName.has(key)) throw invalid(`two client certificates have the ${name} \`${text}\``)
    byName.set(key, entry)
  }
  return byName
}

function namesOf(certificate: ClientCertificate): string[] {
  const kinds = ['uri', 'dns', 'email', 'subject', 'thumbprint'] as const
  return kinds.flatMap((kind) => textsOf(certificate, kind).map((text) => keyOf(kind, text)))
}

function textsOf(certificate: ClientCertificate, name: CertificateName): readonly string[] {
  switch (name) {
    case 'uri':
      return certificate.uris
    case 'dns':
      return certificate.dnsNames
    case 'email':
      return certificate.emails
    case 'subject':
      return certificate.subject === null ? [] : [certificate.subject]
    case 'thumbprint':
      return certificate.thumbprint === null ? [] : [certificate.thumbprint]
    default:
      return name satisfies never
  }
}

/** Host names alone are the same in another case of letters (RFC 4343). */
function keyOf(name: CertificateName, text: string): string {
  return `${name} ${name === 'dns' ? text.toLowerCase() : text}`
}

function identityFrom(
  holder: Omit<CertificateEntry, 'match'>,
  vouchedBy: string,
  certificate: ClientCertificate,
): Identity {
  const { thumbprint, serial, notAfterMs } = certificate
  return identityOf(
    {
      id: holder.id,
      kind: holder.kind,
      issuer: vouchedBy,
      method: 'client-cert',
      client_id: null,
      actors: [],
      roles: [...holder.roles],
      groups: [...holder.groups],
      scopes: [...holder.scopes],
      tenant: holder.tenant,
      expires_at: notAfterMs === null ? null : new Date(notAfterMs).toISOString(),
      claims: { certificate: claimsOf(certificate) },
    },
    notAfterMs,
    thumbprint === null ? `serial:${serial ?? 'unknown'}` : `x5t#S256:${thumbprint}`,
  )
}

function claimsOf(certificate: ClientCertificate): JsonObject {
  const { subject, issuer: issuedBy, serial, thumbprint } = certificate
  const { dnsNames, uris, emails } = certificate
  return {
    subject,
    issuer: issuedBy,
    serial,
    dns: [...dnsNames],
    uris: [...uris],
    emails: [...emails],
    thumbprint,
  }
}

function refused(reason: UnidentifiedReason): Identification {
  return { ok: false, reason }
}

function invalid(problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', problem)
}
