/**
 * TLS on the listener for clients (RFC 8446, and 1.2), and what a client proves by its certificate.
 * A certificate that does not verify ends the connection: it is never treated as none. Sessions are
 * not resumed: on a resumed TLS 1.3 connection Node says `authorized` also where there never was a
 * certificate, and a resumed one would be as good as on the day it was verified.
 */
import { constants } from 'node:crypto'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { Connection } from '../../domain.js'
import { canonicalAddress } from '../../lib/cidr.js'

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  /** Of those whose certificates are asked for; null: none are. */
  readonly clientCa: string | null
}

export interface TlsOptions extends TlsMaterial {
  /** A client without a certificate is not served. */
  readonly clientCertificateRequired: boolean
}

export type TlsPeer =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly code: 'certificate-missing' | 'certificate-unverified' }

/** Of the other end; on a listener for IPv6 too an IPv4 client has its own. Empty: it is gone. */
export function addressOf({
  remoteAddress,
}: {
  readonly remoteAddress?: string | undefined
}): string {
  return canonicalAddress(remoteAddress ?? '')
}

/** `node:tls` drops options that are undefined, but checks those that are null. */
export function secureContext({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  return {
    cert,
    key,
    ...(clientCa === null ? {} : { ca: clientCa }),
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  }
}

/** After the handshake. Fixed for the connection's life: there is no renegotiation. */
export function readPeer(socket: TLSSocket, options: TlsOptions): TlsPeer {
  const address = addressOf(socket)
  if (options.clientCa === null) return { ok: true, connection: { address, certificate: null } }
  const der = socket.getPeerX509Certificate()?.raw
  if (der === undefined) {
    if (options.clientCertificateRequired) return { ok: false, code: 'certificate-missing' }
    return { ok: true, connection: { address, certificate: null } }
  }
  if (!socket.authorized) return { ok: false, code: 'certificate-unverified' }
  return { ok: true, connection: { address, certificate: der } }
}
