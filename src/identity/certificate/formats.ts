/**
 * How reverse proxies report the certificate that a client showed them, one table entry each: which
 * headers, and what they say. Read only on connections that come from a trusted proxy. A proxy that
 * says whether it verified the certificate has to say that it did. Headers that contradict each other
 * are refused: somebody else than the proxy wrote one of them.
 */
import type { UnidentifiedReason } from '../../domain.js'
import { sha256Hex } from '../../lib/secrets.js'
import { readElement } from './element.js'
import { type PlainFields, plainHeaders, readPlain } from './plain.js'
import { readBase64, readPem } from './x509.js'

export type CertificateFormat = 'nginx' | 'haproxy' | 'envoy' | 'traefik' | 'plain'

/** What the headers say: nothing, the DER of a verified certificate, parts of one, or nonsense. */
export type Reported =
  | { readonly found: 'none' }
  | { readonly found: 'der'; readonly der: Uint8Array }
  | { readonly found: 'fields'; readonly fields: PlainFields }
  | { readonly found: 'refused'; readonly reason: UnidentifiedReason }

export interface FormatReader {
  /** In lower case. */
  readonly headers: readonly string[]
  /** Their values, each in the place of its name; '' where there is none. */
  read(values: readonly string[]): Reported
}

const none: Reported = { found: 'none' }
const malformed: Reported = { found: 'refused', reason: 'certificate-malformed' }
const unverified: Reported = { found: 'refused', reason: 'certificate-unverified' }

export const formats: Readonly<Record<CertificateFormat, FormatReader>> = {
  nginx: { headers: ['x-ssl-client-verify', 'x-ssl-client-cert'], read: readNginx },
  haproxy: {
    headers: ['x-ssl-client-used', 'x-ssl-client-verify', 'x-ssl-client-cert'],
    read: readHaproxy,
  },
  envoy: { headers: ['x-forwarded-client-cert'], read: readEnvoy },
  traefik: { headers: ['x-forwarded-tls-client-cert'], read: readTraefik },
  plain: { headers: plainHeaders, read: readPlainHeaders },
}

/** `$ssl_client_verify` and `$ssl_client_escaped_cert`, PEM percent-encoded. */
function readNginx([verify = '', cert = '']: readonly string[]): Reported {
  if (verify === '' || verify === 'NONE') return cert === '' ? none : unverified
  if (verify !== 'SUCCESS') return unverified
  return fromDer(percentDecoded(cert, readPem))
}

/**
 * `ssl_c_used`, `ssl_c_verify` and `ssl_c_der,base64`. A verify code of 0 alone says nothing: it is
 * also that of a connection without a certificate.
 */
function readHaproxy([used = '', verify = '', cert = '']: readonly string[]): Reported {
  if (used === '' || used === '0') return cert === '' ? none : unverified
  if (used !== '1' || verify !== '0') return unverified
  return fromDer(readBase64(cert))
}

/** The element of the only hop, with the whole certificate in it; the other members are not needed. */
function readEnvoy([element = '']: readonly string[]): Reported {
  if (element === '') return none
  const members = readElement(element)
  const der = percentDecoded(members?.get('cert') ?? '', readPem)
  const hash = members?.get('hash')
  if (der === null || (hash !== undefined && hash !== sha256Hex(der))) return malformed
  return { found: 'der', der }
}

/** PEM without its first and last line and without line ends; a chain has commas, the leaf is first. */
function readTraefik([chain = '']: readonly string[]): Reported {
  if (chain === '') return none
  const [leaf = ''] = chain.split(',')
  return fromDer(leaf.includes('%') ? percentDecoded(leaf, readBase64) : readBase64(leaf))
}

function readPlainHeaders(values: readonly string[]): Reported {
  const read = readPlain(values)
  if (read === 'none') return none
  if (read === 'unverified') return unverified
  return read === 'malformed' ? malformed : { found: 'fields', fields: read }
}

function fromDer(der: Uint8Array | null): Reported {
  return der === null ? malformed : { found: 'der', der }
}

function percentDecoded(
  text: string,
  read: (text: string) => Uint8Array | null,
): Uint8Array | null {
  try {
    return read(decodeURIComponent(text))
  } catch {
    return null
  }
}
