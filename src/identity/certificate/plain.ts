/**
 * `X-Client-Cert-*`: what a proxy says of a certificate that it does not pass whole. One value a
 * header, printable ASCII: a list inside a value could be written by whoever has a name in it.
 */
import type { ClientCertificate } from '../verifiers.js'

export type PlainFields = ClientCertificate

const prefix = 'x-client-cert-'
export const plainHeaders: readonly string[] = [
  'verified',
  'subject',
  'issuer',
  'serial',
  'dns',
  'uri',
  'email',
  'fingerprint',
].map((name) => prefix + name)

const printable = /^[ -~]*$/
/** SHA-256, with or without colons. */
const fingerprintPattern = /^(?:[0-9a-f]{64}|(?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/

/** Values in the order of `plainHeaders`. */
export function readPlain(
  values: readonly string[],
): PlainFields | 'none' | 'unverified' | 'malformed' {
  const [verified = '', subject = '', issuer = '', serial = '', ...rest] = values
  const [dns = '', uri = '', email = '', fingerprint = ''] = rest
  const named = [subject, dns, uri, email, fingerprint].some((text) => text !== '')
  if (verified === '' || verified === 'NONE' || verified === 'false') {
    return named ? 'unverified' : 'none'
  }
  if (verified !== 'SUCCESS' && verified !== 'true') return 'unverified'
  const isSingle = [dns, uri, email].every((text) => !/[ ,]/.test(text))
  if (!named || !isSingle || !values.every((text) => printable.test(text))) return 'malformed'
  const thumbprint = fingerprint === '' ? null : thumbprintOf(fingerprint)
  if (fingerprint !== '' && thumbprint === null) return 'malformed'
  return {
    subject: subject || null,
    issuer: issuer || null,
    serial: serial.toLowerCase() || null,
    dnsNames: dns === '' ? [] : [dns],
    uris: uri === '' ? [] : [uri],
    emails: email === '' ? [] : [email],
    thumbprint,
    notAfterMs: null,
  }
}

/** base64url of what is written in hex; null: it is no SHA-256. */
export function thumbprintOf(fingerprint: string): string | null {
  const text = fingerprint.toLowerCase()
  if (!fingerprintPattern.test(text)) return null
  return Buffer.from(text.replaceAll(':', ''), 'hex').toString('base64url')
}
