/**
 * A client certificate out of its DER: who it names, who issued it, when it ends, and the thumbprint
 * that tokens are bound to (RFC 8705 3.1). Does not verify anything: whoever took the certificate over
 * TLS has. What cannot be read in one way only is no certificate here.
 */
import { X509Certificate } from 'node:crypto'
import { sha256 } from '../../lib/secrets.js'
import type { ClientCertificate } from '../verifiers.js'
import { readAlternativeNames } from './alternative-names.js'

const maxBytes = 16 * 1024
/** As in the names of tokens: two that look alike are to be one. */
const invisible = /\p{C}/u

/** null: it is no certificate, or one that names its holder in a form we do not take. */
export function readCertificate(der: Uint8Array): ClientCertificate | null {
  if (der.length > maxBytes) return null
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(der)
  } catch {
    return null
  }
  // The parser would also take PEM, and DER with something behind it.
  if (!certificate.raw.equals(der)) return null
  const names = readAlternativeNames(certificate.subjectAltName ?? '')
  const notAfterMs = Date.parse(certificate.validTo)
  if (names === null || Number.isNaN(notAfterMs)) return null
  const subject = distinguishedName(certificate.subject)
  const issuer = distinguishedName(certificate.issuer)
  if (invisible.test(`${subject}${issuer}`)) return null
  return {
    subject,
    issuer,
    serial: certificate.serialNumber.toLowerCase(),
    ...names,
    thumbprint: sha256(der).toString('base64url'),
    notAfterMs,
  }
}

/** One PEM block and nothing around it. null: it is not one. */
export function readPem(text: string): Uint8Array | null {
  const match =
    /^-----BEGIN CERTIFICATE-----\r?\n([0-9A-Za-z+/=\r\n]+)-----END CERTIFICATE-----\s*$/.exec(text)
  return match?.[1] === undefined ? null : readBase64(match[1].replace(/[\r\n]/g, ''))
}

/** In its one canonical form. */
export function readBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null
}

/**
 * RFC 4514 text, the last part first. Node writes a part a line in the order of the certificate, with
 * what is special escaped (RFC 2253), so a line end or ` + ` is always a separator.
 */
function distinguishedName(lines: string | undefined): string | null {
  if (lines === undefined || lines === '') return null
  const parts = lines.split('\n').reverse()
  return parts.map((part) => part.split(' + ').reverse().join('+')).join(',')
}
