/**
 * The certificate that came with a request: that of the connection, or the one that a trusted proxy
 * reports in its headers. From everybody else those headers mean nothing. The certificate of a trusted
 * proxy's own connection says who the proxy is, never who is calling.
 */
import type { Presented, RawHeaders } from '../../domain.js'
import { headerPicker, headerValues } from '../../lib/headers.js'
import { createRecent } from '../../lib/recent.js'
import type { ClientCertificate, PresentedCertificate } from '../verifiers.js'
import { type CertificateFormat, type FormatReader, formats } from './formats.js'
import { readCertificate } from './x509.js'

export interface PresentedOptions {
  /** null: no proxy reports certificates. */
  readonly format: CertificateFormat | null
  readonly isTrustedProxy: (address: string) => boolean
}

const none: PresentedCertificate = { found: 'none' }
const malformed: PresentedCertificate = { found: 'refused', reason: 'certificate-malformed' }
/** Of header texts, some kilobytes each. */
const remembered = 500

export function createCertificateReader({
  format,
  isTrustedProxy,
}: PresentedOptions): (presented: Presented) => PresentedCertificate {
  const readReported = format === null ? () => none : createReportReader(formats[format])
  const ofConnections = new WeakMap<Uint8Array, PresentedCertificate>()

  function readConnection(der: Uint8Array): PresentedCertificate {
    const known = ofConnections.get(der)
    if (known !== undefined) return known
    const read = presentedAs(readCertificate(der))
    ofConnections.set(der, read)
    return read
  }

  return function read({ headers, connection }) {
    if (isTrustedProxy(connection.address)) return readReported(headers)
    return connection.certificate === null ? none : readConnection(connection.certificate)
  }
}

/** The headers a format is told by; what else stands in a request is nobody's word. */
export function certificateHeaders(format: CertificateFormat | null): readonly string[] {
  return format === null ? [] : formats[format].headers
}

function createReportReader({
  headers: names,
  read,
}: FormatReader): (headers: RawHeaders) => PresentedCertificate {
  const pick = headerPicker(names)
  const nominated = new Set(names)
  const recent = createRecent<PresentedCertificate>(remembered)

  function report(values: readonly string[]): PresentedCertificate {
    const reported = read(values)
    if (reported.found === 'der') return presentedAs(readCertificate(reported.der))
    return reported.found === 'fields' ? presentedAs(reported.fields) : reported
  }

  return function readReported(headers) {
    const { values, doubled } = pick(headers)
    // A proxy on the way drops what `Connection` names (RFC 9110 7.6.1), so a client could have the
    // proxy's word taken away in part.
    if (doubled || connectionOptions(headers).some((option) => nominated.has(option))) {
      return malformed
    }
    const texts = values.map((value) => value ?? '')
    const key = texts.join('\n')
    const known = recent.get(key)
    if (known !== undefined) return known
    const presented = report(texts)
    if (presented.found === 'certificate') recent.set(key, presented)
    return presented
  }
}

function connectionOptions(headers: RawHeaders): string[] {
  const values = headerValues(headers, 'connection')
  return values.flatMap((value) => value.split(',').map((option) => option.trim().toLowerCase()))
}

function presentedAs(certificate: ClientCertificate | null): PresentedCertificate {
  return certificate === null ? malformed : { found: 'certificate', certificate }
}
